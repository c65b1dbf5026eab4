"""Statements as text, without the bodies that some of them have."""

from __future__ import annotations

from collections.abc import Sequence

from nndsl.syntax import nodes
from nndsl.syntax.document import Document
from nndsl.syntax.expressions import CHAIN, NO_COMMENTS, TERNARY, Attached, bracketed, expression, parameters, quoted
from nndsl.syntax.nodes import Statement


def head(statement: Statement | nodes.Setting, attached: Attached = NO_COMMENTS) -> Document:
    """Return the document of a statement, up to where its body begins if it has one."""
    match statement:
        case nodes.Import():
            names = ", ".join(
                each.name if each.name == each.alias else f"{each.name} as {each.alias}" for each in statement.names
            )
            return f"from {'python ' if statement.python else ''}{quoted(statement.path.value)} import {names}"
        case nodes.Set():
            return ("set ", statement.name.name, " = ", expression(statement.value, CHAIN, attached))
        case nodes.Def():
            given = parameters(statement.parameters, statement, attached)
            return ("def ", statement.name.name, given, " = ", expression(statement.value, CHAIN, attached))
        case nodes.ModelAlias():
            return ("model ", statement.name.name, " = ", expression(statement.value, CHAIN, attached))
        case nodes.Block() | nodes.Model() | nodes.Extern():
            given = parameters(statement.parameters, statement, attached) if statement.parameters else ""
            return (type(statement).__name__.lower(), " ", statement.name.name, given)
        case nodes.Input():
            return _input(statement, attached)
        case nodes.Output():
            items = [_output_item(item, attached) for item in statement.items]
            return ("output ", *_joined(items))
        case nodes.Assign():
            return (_names(statement.targets), " = ", expression(statement.value, CHAIN, attached))
        case nodes.ExpressionStatement():
            return expression(statement.value, CHAIN, attached)
        case nodes.For():
            return ("for ", _names(statement.targets), " in ", expression(statement.iterable, TERNARY, attached))
        case nodes.If():
            return ("if ", expression(statement.condition, TERNARY, attached))
        case nodes.Settings():
            return statement.kind
        case nodes.Setting():
            return (statement.name.name, " = ", expression(statement.value, CHAIN, attached))
    raise ValueError(f"a {type(statement).__name__} cannot be written")


def _names(targets: Sequence[nodes.Target]) -> str:
    return ", ".join(target.name for target in targets)


def _joined(items: Sequence[Document]) -> list[Document]:
    return [part for i, item in enumerate(items) for part in ((", ", item) if i else (item,))]


def _output_item(item: nodes.OutputItem, attached: Attached) -> Document:
    value = expression(item.value, CHAIN, attached)
    return value if item.name is None else (item.name.name, ": ", value)


def _input(statement: nodes.Input, attached: Attached) -> Document:
    name = statement.name.name if statement.name else ""
    if statement.shape is None:
        return f"input {name}"
    shape: Document
    if isinstance(statement.shape, nodes.Tuple):  # (8) is one dimension here
        items = [expression(item, CHAIN, attached) for item in statement.shape.items]
        shape = bracketed("(", items, ")", statement.shape, attached, comma=len(items) > 1)
    elif statement.dtype or not statement.name:
        shape = ("(", expression(statement.shape, CHAIN, attached), ")")
    else:
        shape = expression(statement.shape, TERNARY, attached)
    dtype = statement.dtype.name if statement.dtype else ""
    return ("input ", f"{name}: " if name else "", dtype, shape)
