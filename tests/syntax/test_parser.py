"""What texts mean: the trees, and where their nodes stand."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nndsl.diagnostics import Source
from nndsl.syntax import nodes
from nndsl.syntax.children import children, walk
from nndsl.syntax.format import unparse
from nndsl.syntax.parser import parse

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.nn"))


def read(text: str) -> tuple[nodes.Statement, ...]:
    tree, diagnostics = parse(Source("", text))
    assert not diagnostics, diagnostics
    return tree.items


def value_of(text: str) -> nodes.Expression:
    (statement,) = read(f"v = {text}\n")
    assert isinstance(statement, nodes.Assign)
    return statement.value


def codes(text: str) -> list[str]:
    return [found.code for found in parse(Source("", text))[1]]


# ---------------------------------------------------------------- operators, against Python's own parser


def python_shape(node: ast.expr) -> str:
    """The tree of a Python expression, every part in brackets."""
    match node:
        case ast.Name():
            return node.id
        case ast.UnaryOp():
            return f"({'not ' if isinstance(node.op, ast.Not) else '-'}{python_shape(node.operand)})"
        case ast.BoolOp():  # Python joins several; here they are read from left to right
            word = " and " if isinstance(node.op, ast.And) else " or "
            shape, *rest = map(python_shape, node.values)
            for part in rest:
                shape = f"({shape}{word}{part})"
            return shape
        case ast.Compare():
            return f"({python_shape(node.left)} {SIGNS[type(node.ops[0])]} {python_shape(node.comparators[0])})"
        case ast.BinOp():
            return f"({python_shape(node.left)} {SIGNS[type(node.op)]} {python_shape(node.right)})"
        case ast.IfExp():
            return f"({python_shape(node.body)} if {python_shape(node.test)} else {python_shape(node.orelse)})"
    raise AssertionError(node)


SIGNS: dict[type[ast.AST], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
}


def shape(node: nodes.Node) -> str:
    match node:
        case nodes.Name():
            return node.name
        case nodes.Unary():
            return f"({'not ' if node.operator == 'not' else '-'}{shape(node.operand)})"
        case nodes.Binary():
            return f"({shape(node.left)} {node.operator} {shape(node.right)})"
        case nodes.Ternary():
            return f"({shape(node.then)} if {shape(node.condition)} else {shape(node.otherwise)})"
    raise AssertionError(node)


@given(st.data())
def test_operators_bind_as_in_python(data: st.DataObject) -> None:
    operand = st.tuples(st.lists(st.sampled_from(["-", "not "]), max_size=2), st.sampled_from("abc"))
    words = ["".join((*prefixes, name)) for prefixes, name in data.draw(st.lists(operand, min_size=1, max_size=6))]
    operators = [data.draw(st.sampled_from([*SIGNS.values(), "and", "or"])) for _ in words[1:]]
    text = words[0] + "".join(f" {sign} {word}" for sign, word in zip(operators, words[1:], strict=True))
    if data.draw(st.booleans()):
        text = f"{text} if {text} else {text}"
    tree, diagnostics = parse(Source("", f"v = {text}\n"))
    try:
        expected = ast.parse(text, mode="eval").body
    except SyntaxError:
        assert "E0119" in {found.code for found in diagnostics}  # `a == not b`
        return
    if any(isinstance(node, ast.Compare) and len(node.ops) > 1 for node in ast.walk(expected)):
        assert {found.code for found in diagnostics} == {"E0114"}
        return
    assert not diagnostics
    assert isinstance(tree.items[0], nodes.Assign)
    assert shape(tree.items[0].value) == python_shape(expected)


def test_looser_than_operators() -> None:
    chain = value_of("a as b -> (c -> d) -> e")
    assert isinstance(chain, nodes.Chain)
    assert [type(link).__name__ for link in chain.links] == ["Named", "Chain", "Name"]
    named = value_of("a if b else c as d")
    assert isinstance(named, nodes.Named)
    assert isinstance(named.value, nodes.Ternary)


# ---------------------------------------------------------------- where a statement ends


@pytest.mark.parametrize(
    "text",
    [
        "v = f(\n  a,\n\n  # why\n  b\n)\n",
        "v = {\n  1: 2,\n}\n",
        "v = [\n]\n",
        "v = a\n  -> b\n\n  # why\n  -> c\n",
        "v = f(a\n-> b)\n",
        "v = {1: 2} if a else {\n  3: 4\n}\n",
    ],
)
def test_lines_that_go_on(text: str) -> None:
    assert len(read(text)) == 1


def test_lines_that_end() -> None:
    body = "model A {\n  Dense(3)\n  [a, b] -> Add()\n  (a + b) -> ReLU()\n  -x\n  if a {\n  }\n  else {\n  }\n}\n"
    (model,) = read(body)
    assert isinstance(model, nodes.Model)
    assert len(model.body) == 5


@pytest.mark.parametrize("end", ["+", "->", "=", ",", "and", "not", "if"])
def test_a_line_does_not_end_in_an_operator(end: str) -> None:
    text = f"v {end}\n  b\n" if end in "=," else f"v = a {end}\n  b\n"
    assert codes(text) == ["E0112"] if end != "not" else ["E0110"]


# ---------------------------------------------------------------- statements


@pytest.mark.parametrize(
    ("line", "name", "dtype", "shape_text"),
    [
        ("input x", "x", None, None),
        ("input x: (8, H)", "x", None, "(8, H)"),
        ("input x: (8)", "x", None, "(8,)"),
        ("input x: (8,)", "x", None, "(8,)"),
        ("input x: (16 * H)", "x", None, "(16 * H,)"),
        ("input x: dims", "x", None, "dims"),
        ("input x: int64(T)", "x", "int64", "(T,)"),
        ("input x: int64()", "x", "int64", "()"),
        ("input x: int64((T, 3))", "x", "int64", "(T, 3)"),
        ("input (28, 28, 1)", None, None, "(28, 28, 1)"),
        ("input (8)", None, None, "(8,)"),
    ],
)
def test_inputs(line: str, name: str | None, dtype: str | None, shape_text: str | None) -> None:
    (model,) = read(f"model A {{\n  {line}\n}}\n")
    assert isinstance(model, nodes.Model)
    (found,) = model.body
    assert isinstance(found, nodes.Input)
    assert (found.name.name if found.name else None) == name
    assert (found.dtype.name if found.dtype else None) == dtype
    assert (unparse(found.shape) if found.shape else None) == shape_text


def test_imports() -> None:
    plain, python = read('from "a.nn" import A, B as C\nfrom python "m.n" import L\n')
    assert isinstance(plain, nodes.Import)
    assert isinstance(python, nodes.Import)
    assert (plain.path.value, plain.python, python.python) == ("a.nn", False, True)
    assert [(each.name, each.alias) for each in plain.names] == [("A", "A"), ("B", "C")]
    assert codes('from pytorch "m" import L\n') == ["E0110"]


def test_slices() -> None:
    index = value_of("x[:, 1:, :-1, ::2, 3]")
    assert isinstance(index, nodes.Index)
    assert [type(each).__name__ for each in index.indices] == ["Slice"] * 4 + ["Number"]
    assert unparse(index) == "x[:, 1:, :-1, ::2, 3]"


@pytest.mark.parametrize(
    ("text", "value"),
    [("1_000", 1000), ("0", 0), ("1e3", 1000.0), ("0.5", 0.5), ("1E-3", 0.001), ("1_0.2_5", 10.25)],
)
def test_numbers(text: str, value: float) -> None:
    number = value_of(text)
    assert isinstance(number, nodes.Number)
    assert (number.value, type(number.value), number.text) == (value, type(value), text)


def test_strings() -> None:
    string = value_of("""'a"\\'\\\\\\n\\t\\u00e9 é'""")
    assert isinstance(string, nodes.String)
    assert string.value == "a\"'\\\n\té é"


def test_an_extern_holds_a_signature() -> None:
    assert codes("extern L(n) {\n  input (8)\n  output (n)\n}\n") == []
    assert codes("extern L(n) {\n  x = 3\n}\n") == ["E0117"]


def test_an_alias_is_a_model() -> None:
    assert codes("model A = B(n=3)\nmodel C = A\n") == []
    assert codes("model A = 3\n") == ["E0110"]


# ---------------------------------------------------------------- places


def test_spans() -> None:
    text = "model A {\n  y = f(a, b=(1)) -> g as h\n}\n"
    (model,) = read(text)
    found = [(type(node).__name__, node.span.text) for node in walk(model)]
    assert found == [
        ("Model", text.rstrip()),
        ("Target", "A"),
        ("Assign", "y = f(a, b=(1)) -> g as h"),
        ("Target", "y"),
        ("Chain", "f(a, b=(1)) -> g as h"),
        ("Call", "f(a, b=(1))"),
        ("Name", "f"),
        ("Argument", "a"),
        ("Name", "a"),
        ("Argument", "b=(1)"),
        ("Number", "(1)"),
        ("Named", "g as h"),
        ("Name", "g"),
    ]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_children_stand_in_their_parents_in_order(example: Path) -> None:
    tree, _ = parse(Source("", example.read_text(encoding="utf-8")))
    for item in tree.items:
        for node in walk(item):
            place = node.span.start
            for child in children(node):
                assert place <= child.span.start <= child.span.end <= node.span.end
                place = child.span.end


def test_comments_are_kept_beside_the_tree() -> None:
    tree, _ = parse(Source("", "# a\nv = [  # b\n  1]  # c"))
    assert [(comment.text, comment.span.text) for comment in tree.comments] == [(f"# {c}",) * 2 for c in "abc"]
