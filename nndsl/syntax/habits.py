"""How Python and Keras write what cannot be read here, and how it is written instead."""

from __future__ import annotations

from collections.abc import Sequence

from nndsl.diagnostics import Diagnostic, Source, Span
from nndsl.syntax.lexer import Token

_DTYPE = "a dtype stands before its shape: `input name: int32(T)`"
_CAPITALS = ("Model", "Block", "Input", "Output")


def habit(source: Source, tokens: Sequence[Token], start: int, index: int) -> Diagnostic | None:
    """Return what to say of a statement from ``start`` that goes wrong at ``index``, if a habit explains it."""

    def word(at: int) -> str:
        return source.text[tokens[at].start : tokens[at].end]

    def found(code: str, message: str, help: str, first: int = index, last: int = index) -> Diagnostic:
        return Diagnostic(code, message, Span(source, tokens[first].start, tokens[last].end), help=help)

    kind, following = tokens[index].kind, tokens[min(index + 1, len(tokens) - 1)].kind
    first, previous = tokens[start].kind, tokens[max(index - 1, 0)].kind
    if kind == "NOT" and following == "IN":
        return found("E0118", "`not in` does not exist here", "write `not a in b`", index, index + 1)
    if index == start:
        if kind == "BINARY" and word(index) in ("//", "/"):
            return found("E0110", f"unexpected `{word(index)}`", "a comment begins with `#`")
        return None
    if kind == previous == "STRING" and word(index - 1) in ('""', "''"):
        return found("E0110", "a string does not stand in three quotes", "a comment begins with `#`", index - 1)
    if index == start + 1 and kind == "NAME" and word(start) in _CAPITALS:
        return found("E0118", f"`{word(start)}` does not exist here", f"write `{word(start).lower()}`", start, start)
    if first == "MODEL" and index == start + 1 and kind == "EQUAL":
        help = "a model is written `model Name { … }`; for a name, write `model_`"
        return found("E0116", "`model` is a keyword, and cannot be a name", help, start, start)
    unexpected = f"unexpected `{word(index)}` after `{word(index - 1)}`"
    if first == "INPUT" and previous == "RPAR" and kind == "NAME":
        return found("E0110", unexpected, _DTYPE)
    if first == "INPUT" and previous == "RPAR" and kind == "COMMA":
        help = _DTYPE if word(index + 1) == "dtype" else "write one input a line"
        return found("E0110", unexpected, help)
    if first == "FROM" and previous == "IMPORT" and word(index) == "*":
        return found("E0110", unexpected, "name what is imported: `import A, B`")
    if first in ("COMPILE", "FIT") and index == start + 1 and kind == "LPAR":
        help = f"its settings stand in braces, one a line: `{word(start)} {{`, then `name = value`"
        return found("E0110", unexpected, help)
    if first == "DEF" and kind in ("COLON", "LBRACE"):
        help = "a function is `def name(a) = expression`, of constants alone; a part of a network is a `block`"
        return found("E0110", unexpected, help)
    if kind == "FOR" and following == "NAME":
        return found("E0110", unexpected, "there are no comprehensions: write `items = items + [item]` in a loop")
    return None
