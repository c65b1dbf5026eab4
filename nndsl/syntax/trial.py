"""Would the parser take these tokens? Tried on the states alone, without building anything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nndsl.syntax.layout import Layout
from nndsl.syntax.lexer import Token
from nndsl.syntax.tables import ACTIONS, RULES

_LEVELS = 1_000  # more brackets than this are not tried


def accepts(states: Sequence[int], kinds: Iterable[str]) -> bool:
    """Return whether all terminals can be shifted, one after the other, from a stack of states."""
    stack = list(states)
    return all(_shift(stack, kind) for kind in kinds)


def reads(states: Sequence[int], brackets: Sequence[Token], bodies: int, tokens: list[Token], previous: str) -> bool:
    """Return whether the tokens can be read from a stack of states, and leave no more brackets open than bodies.

    ``brackets`` are open before, of which the first ``bodies`` belong to bodies; ``previous`` is the kind of the token
    before. The tokens end with a line end, which must end a statement or follow the brace of a body.
    """
    end = tokens[-1]
    layout = Layout([*tokens, end._replace(kind="$END")], _LEVELS)
    layout.brackets = list(brackets)
    layout.bodies = bodies
    stack = list(states)
    for token in layout.read(0, previous):
        if token[0] == "$END":
            break
        if not _shift(stack, token[0]):
            return False
    return len(layout.brackets) == layout.bodies


def _shift(stack: list[int], kind: str) -> bool:
    while True:
        action = ACTIONS[stack[-1]].get(kind)
        if action is None:
            return False
        if action >= 0:
            stack.append(action)
            return True
        origin, length = RULES[~action][:2]
        if length:
            del stack[-length:]
        stack.append(ACTIONS[stack[-1]][origin])
