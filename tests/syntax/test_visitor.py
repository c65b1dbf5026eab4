"""Visitors see every node in order; transformers make new trees."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nndsl.diagnostics import Source
from nndsl.syntax import nodes
from nndsl.syntax.format import unparse
from nndsl.syntax.parser import parse
from nndsl.syntax.visitor import Transformer, Visitor

TEXT = """\
model A {
  input (8)

  Dense(4) -> Dropout(0.5) -> Dense(3)
  if true {
    Dropout(0.1)
  }
}
"""


def tree_of(text: str) -> nodes.File:
    tree, diagnostics = parse(Source("", text))
    assert not diagnostics
    return tree


class Names(Visitor):
    def __init__(self) -> None:
        self.found: list[str] = []

    def visit_name(self, node: nodes.Name) -> None:
        self.found.append(node.name)


class OutsideOfIf(Names):
    def visit_if(self, node: nodes.If) -> bool:
        return False


def test_visitor_sees_all_in_order() -> None:
    visitor = Names()
    visitor.visit(tree_of(TEXT))
    assert visitor.found == ["Dense", "Dropout", "Dense", "Dropout"]


def test_visitor_leaves_out_what_it_is_told_to() -> None:
    visitor = OutsideOfIf()
    visitor.visit(tree_of(TEXT))
    assert visitor.found == ["Dense", "Dropout", "Dense"]


class Rename(Transformer):
    def transform_name(self, node: nodes.Name) -> nodes.Name:
        return replace(node, name="Identity") if node.name == "Dropout" else node


class WithoutDropout(Transformer):
    def transform_expression_statement(self, node: nodes.ExpressionStatement) -> nodes.Node | None:
        value = node.value
        return None if isinstance(value, nodes.Call) and value.callee == self.dropout(value) else node

    @staticmethod
    def dropout(value: nodes.Call) -> nodes.Name:
        return nodes.Name("Dropout", span=value.span)


class Twice(Transformer):
    def transform_expression_statement(self, node: nodes.ExpressionStatement) -> tuple[nodes.Node, ...]:
        return (node, node)


def test_transformer_replaces() -> None:
    tree = tree_of(TEXT)
    assert unparse(Rename().transform(tree)) == TEXT.replace("\n\n", "\n").replace("Dropout", "Identity")
    assert unparse(tree) == TEXT.replace("\n\n", "\n")


def test_transformer_removes_and_adds() -> None:
    tree = tree_of("model A {\n  Dense(1)\n  Dropout(1)\n}\n")
    assert unparse(WithoutDropout().transform(tree)) == "model A {\n  Dense(1)\n}\n"
    assert unparse(Twice().transform(tree)) == "model A {\n  Dense(1)\n  Dense(1)\n  Dropout(1)\n  Dropout(1)\n}\n"


def test_transformer_shares_what_does_not_change() -> None:
    tree = tree_of(TEXT)
    assert Transformer().transform(tree) is tree
    renamed = Rename().transform(tree)
    assert isinstance(renamed.items[0], nodes.Model)
    assert isinstance(tree.items[0], nodes.Model)
    assert renamed.items[0].body[0] is tree.items[0].body[0]


class Nothing(Transformer):
    def transform_name(self, node: nodes.Name) -> None:
        return None


def test_transformer_refuses_to_leave_a_place_empty() -> None:
    with pytest.raises(TypeError, match="the callee of a Call cannot become None"):
        Nothing().transform(tree_of(TEXT))
