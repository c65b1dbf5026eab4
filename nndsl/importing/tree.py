"""Nodes of the syntax tree that stand in no text yet."""

from __future__ import annotations

import re
from collections.abc import Iterable

from nndsl.diagnostics import Source, Span
from nndsl.syntax import nodes
from nndsl.syntax.nodes import Expression

NOWHERE = Span(Source("import", ""), 0, 0)
_EXPONENT = re.compile(r"e([+-]?)0*(\d+)")


def name(called: str) -> nodes.Name:
    """Return a name."""
    return nodes.Name(called, span=NOWHERE)


def constant(value: object) -> Expression:
    """Return a constant: a number, a string, a truth value, none, or a tuple, list or dict of them or of nodes."""
    if isinstance(value, Expression):
        return value
    if value is None or isinstance(value, bool):
        return nodes.Literal(value, span=NOWHERE)
    if isinstance(value, (int, float)):
        return _number(value)
    if isinstance(value, str):
        return nodes.String(value, span=NOWHERE)
    if isinstance(value, tuple):
        return nodes.Tuple(tuple(map(constant, value)), span=NOWHERE)
    if isinstance(value, list):
        return nodes.List(tuple(map(constant, value)), span=NOWHERE)
    if isinstance(value, dict):
        pairs = (nodes.Pair(constant(key), constant(item), span=NOWHERE) for key, item in value.items())
        return nodes.Dict(tuple(pairs), span=NOWHERE)
    raise TypeError(f"{value!r} is no constant")


def _number(value: int | float) -> Expression:
    if value < 0:
        return nodes.Unary("-", _number(-value), span=NOWHERE)
    value = abs(value)  # there is a -0.0 too
    return nodes.Number(value, _number_text(value), span=NOWHERE)


def _number_text(value: int | float) -> str:
    """Return the shorter one of the spellings of a number: ``0.01``, ``1e-4``."""
    if isinstance(value, int):
        return repr(value)
    digits = repr(value).replace(".", "").lstrip("0").partition("e")[0].rstrip("0")
    scientific = f"{value:.{max(len(digits) - 1, 0)}e}"
    spellings = [_EXPONENT.sub(r"e\1\2", each).replace("e+", "e") for each in (repr(value), scientific)]
    return min((each for each in spellings if float(each) == value), key=len)


def call(callee: Expression | str, positional: Iterable[object] = (), **keywords: object) -> nodes.Call:
    """Return a call; arguments may be constants or nodes."""
    written = [nodes.Argument(None, constant(value), span=NOWHERE) for value in positional]
    written += [nodes.Argument(key, constant(value), span=NOWHERE) for key, value in keywords.items()]
    return nodes.Call(name(callee) if isinstance(callee, str) else callee, tuple(written), span=NOWHERE)


def operation(called: str, positional: Iterable[object] = (), **keywords: object) -> nodes.Call:
    """Return a call of ``ops.name``."""
    callee: Expression = name("ops")
    for part in called.split("."):
        callee = nodes.Attribute(callee, part, span=NOWHERE)
    return call(callee, positional, **keywords)


def chain(start: Expression, *links: Expression) -> nodes.Chain:
    """Return a chain; one that it starts with goes on."""
    first = start.links if isinstance(start, nodes.Chain) else (start,)
    return nodes.Chain((*first, *links), span=NOWHERE)


def named(value: Expression, called: str) -> Expression:
    """Return a value with ``as name`` behind its last link."""
    if isinstance(value, nodes.Chain):
        return nodes.Chain((*value.links[:-1], named(value.links[-1], called)), span=NOWHERE)
    return nodes.Named(value, called, span=NOWHERE, name_span=NOWHERE)


def binary(left: object, sign: str, right: object) -> nodes.Binary:
    """Return ``left sign right``."""
    return nodes.Binary(sign, constant(left), constant(right), span=NOWHERE)


def target(called: str) -> nodes.Target:
    """Return a name that a statement binds."""
    return nodes.Target(called, span=NOWHERE)


def assign(targets: Iterable[str], value: Expression) -> nodes.Assign:
    """Return ``a, b = value``."""
    return nodes.Assign(tuple(map(target, targets)), value, span=NOWHERE)


def alone(value: Expression) -> nodes.ExpressionStatement:
    """Return an expression that stands alone."""
    return nodes.ExpressionStatement(value, span=NOWHERE)
