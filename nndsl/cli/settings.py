"""The values of ``--set name=value``."""

from __future__ import annotations

from argparse import ArgumentTypeError


def read_setting(text: str) -> tuple[str, object]:
    """Read ``name=value``; raise ArgumentTypeError if it is not of this form."""
    name, equals, value = text.partition("=")
    name = name.strip()
    if not equals or not (name.isascii() and name.isidentifier()):
        raise ArgumentTypeError(f"{text!r} is not of the form name=value")
    return name, read_literal(value.strip())


def read_literal(text: str) -> object:
    """Return the value of a literal of the language; what does not read as one is a string."""
    from nndsl.diagnostics import Source
    from nndsl.syntax import nodes
    from nndsl.syntax.parser import parse

    file, diagnostics = parse(Source("--set", f"value = {text}\n"))
    match file:
        case nodes.File(items=(nodes.Assign(targets=(_,), value=value),), comments=()) if not diagnostics:
            try:
                return _value(value)
            except _NotALiteralError:
                return text
    return text


class _NotALiteralError(Exception):
    """The expression has a part that is not a literal."""


def _value(node: object) -> object:
    from nndsl.syntax import nodes

    match node:
        case nodes.Number() | nodes.String() | nodes.Literal():
            return node.value
        case nodes.Unary("-", nodes.Number(value)):
            return -value
        case nodes.Tuple(items):
            return tuple(_value(item) for item in items)
        case nodes.List(items):
            return [_value(item) for item in items]
        case nodes.Dict(pairs):
            keys = [_value(pair.key) for pair in pairs]
            if all(isinstance(key, (str, int, float, bool)) for key in keys):
                return dict(zip(keys, (_value(pair.value) for pair in pairs), strict=True))
    raise _NotALiteralError
