"""Texts that may be broken into lines in places, and their layout within a width.

After Wadler's "A prettier printer": a group is laid out flat if it fits, else all its line breaks are taken; a break of
a fill is taken only if what follows it, up to the next one, does not fit. Nothing here recurses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

WIDTH = 100
INDENT = 2
FAR = 20  # columns from the indentation; what is further to the right is not aligned with


@dataclass(frozen=True, slots=True)
class Line:
    """A place where a line may end; ``flat`` stands there if it does not, ``fill`` marks the break of a fill."""

    flat: str = ""
    fill: bool = False


@dataclass(frozen=True, slots=True)
class HardLine:
    """The end of a line."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A text that stands there only if the group around it is broken."""

    text: str


@dataclass(frozen=True, slots=True)
class LineComment:
    """A comment at the end of a line: the next place where the line may end is taken."""

    text: str


@dataclass(frozen=True, slots=True)
class Group:
    """A part that is flat or broken as a whole."""

    part: Document


@dataclass(frozen=True, slots=True)
class Indent:
    """A part whose new lines begin further to the right."""

    part: Document


@dataclass(frozen=True, slots=True)
class Hang:
    """A part behind a space, whose new lines begin under its beginning.

    They begin two indentations to the right if that is far away. So does the part itself, on a new line, if its
    beginning fits there without a break, and not behind the space.
    """

    part: Document


Document: TypeAlias = "str | Line | HardLine | Broken | LineComment | Group | Indent | Hang | tuple[Document, ...]"


@dataclass(frozen=True, slots=True)
class _Step:
    """A document still to be laid out."""

    indentation: int
    flat: bool
    document: Document


def layout(document: Document, indentation: int = 0, width: int = WIDTH) -> str:
    """Return the text of a document; its first line begins at ``indentation``, which is not written."""
    pieces: list[str] = []
    comments: list[str] = []  # for the end of the line
    column = indentation
    steps = [_Step(indentation, False, document)]
    while steps:
        step = steps.pop()
        part = step.document
        if isinstance(part, str):
            pieces.append(part)
            column += len(part)
        elif isinstance(part, tuple):
            steps.extend(_Step(step.indentation, step.flat, child) for child in reversed(part))
        elif isinstance(part, LineComment):
            comments.append("  " + part.text)
        elif isinstance(part, Broken):
            if not step.flat:
                pieces.append(part.text)
                column += len(part.text)
        elif isinstance(part, Group):
            inner = _Step(step.indentation, True, part.part)
            flat = step.flat or _fits(inner, steps, width - column, flat_groups=False)
            steps.append(_Step(step.indentation, flat, part.part))
        elif isinstance(part, Indent):
            steps.append(_Step(step.indentation + INDENT, step.flat, part.part))
        elif isinstance(part, Hang):
            hung = _hung(part, step, steps, column, width)
            pieces.append(f"\n{' ' * hung.column}" if hung.breaks else " ")
            column = hung.column
            steps.append(hung.step)
        elif comments or _is_taken(part, step, steps, width - column):
            pieces += [*comments, "\n", " " * step.indentation]
            comments.clear()
            column = step.indentation
        else:
            assert isinstance(part, Line)
            pieces.append(part.flat)
            column += len(part.flat)
    return "".join([*pieces, *comments])


@dataclass(frozen=True, slots=True)
class _Hung:
    """A part that hangs, still to be laid out: the column in which it begins, and whether it does so on a new line."""

    step: _Step
    column: int
    breaks: bool


def _hung(part: Hang, step: _Step, rest: Sequence[_Step], column: int, width: int) -> _Hung:
    here, there = column + 1, step.indentation + 2 * INDENT
    far = here - step.indentation > FAR
    inner = _Step(there if far else here, step.flat, part.part)
    if step.flat or _fits(inner, rest, width - here, flat_groups=True):
        return _Hung(inner, here, False)
    if _fits(inner, rest, width - there, flat_groups=True) or not _fits(inner, rest, width - here, flat_groups=False):
        return _Hung(_Step(there, step.flat, part.part), there, True)
    return _Hung(inner, here, False)


def _is_taken(part: Line | HardLine, step: _Step, rest: Sequence[_Step], room: int) -> bool:
    if isinstance(part, HardLine):
        return True
    if step.flat:
        return False
    return not part.fill or not _fits(_Step(step.indentation, True, part.flat), rest, room, flat_groups=True)


def _fits(first: _Step, rest: Sequence[_Step], room: int, flat_groups: bool) -> bool:
    """Whether what comes up to the next place where the line may end fits into the room.

    What is flat has no such place; with ``flat_groups`` the groups of the rest have none either.
    """
    steps = [first]
    remaining = len(rest)
    while room >= 0:
        if not steps:
            if not remaining:
                return True
            remaining -= 1
            steps.append(rest[remaining])
        step = steps.pop()
        part = step.document
        if isinstance(part, str):
            room -= len(part)
        elif isinstance(part, tuple):
            steps.extend(_Step(step.indentation, step.flat, child) for child in reversed(part))
        elif isinstance(part, Broken):
            room -= 0 if step.flat else len(part.text)
        elif isinstance(part, Group):
            steps.append(_Step(step.indentation, step.flat or flat_groups, part.part))
        elif isinstance(part, Indent):
            steps.append(_Step(step.indentation, step.flat, part.part))
        elif isinstance(part, Hang):
            if not step.flat:
                return True
            room -= 1
            steps.append(_Step(step.indentation, step.flat, part.part))
        elif isinstance(part, LineComment | HardLine) or not step.flat:
            return not step.flat
        else:
            room -= len(part.flat)
    return False
