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
class Align:
    """A part whose new lines begin under its beginning, or two indentations to the right if that is far away."""

    part: Document


Document: TypeAlias = "str | Line | HardLine | Broken | LineComment | Group | Indent | Align | tuple[Document, ...]"


@dataclass(frozen=True, slots=True)
class _Step:
    """A document still to be laid out."""

    indentation: int
    flat: bool
    document: Document


def layout(document: Document, indentation: int = 0, width: int = WIDTH) -> str:
    """Return the text of a document; its first line begins at ``indentation``, which is not written."""
    pieces: list[str] = []
    column = indentation
    forced = False  # a comment ends the line
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
            pieces.append("  " + part.text)
            forced = True
        elif isinstance(part, Broken):
            if not step.flat:
                pieces.append(part.text)
                column += len(part.text)
        elif isinstance(part, Group):
            flat = step.flat or _fits(_Step(step.indentation, True, part.part), steps, width - column)
            steps.append(_Step(step.indentation, flat, part.part))
        elif isinstance(part, Indent):
            steps.append(_Step(step.indentation + INDENT, step.flat, part.part))
        elif isinstance(part, Align):
            far = column - step.indentation > FAR
            steps.append(_Step(step.indentation + 2 * INDENT if far else column, step.flat, part.part))
        elif _is_taken(part, step, steps, forced, width - column):
            pieces.append("\n" + " " * step.indentation)
            column = step.indentation
            forced = False
        else:
            assert isinstance(part, Line)
            pieces.append(part.flat)
            column += len(part.flat)
    return "".join(pieces)


def _is_taken(part: Line | HardLine, step: _Step, steps: list[_Step], forced: bool, room: int) -> bool:
    if isinstance(part, HardLine) or forced:
        return True
    if step.flat:
        return False
    return not part.fill or not _fits(_Step(step.indentation, True, part.flat), steps, room, flat_rest=True)


def _fits(first: _Step, rest: Sequence[_Step], room: int, flat_rest: bool = False) -> bool:
    """Whether what comes up to the next possible end of a line fits into the room.

    With ``flat_rest`` what follows is to be flat too, up to the next break of a fill.
    """
    steps = [first]
    remaining = len(rest)
    while room >= 0:
        if not steps:
            if not remaining:
                return True
            remaining -= 1
            steps.append(rest[remaining])
            continue
        step = steps.pop()
        part = step.document
        flat = step.flat or flat_rest
        if isinstance(part, str):
            room -= len(part)
        elif isinstance(part, tuple):
            steps.extend(_Step(step.indentation, step.flat, child) for child in reversed(part))
        elif isinstance(part, LineComment):
            return not step.flat
        elif isinstance(part, Group):
            steps.append(_Step(step.indentation, flat or step.flat, part.part))
        elif isinstance(part, Indent | Align):
            steps.append(_Step(step.indentation, step.flat, part.part))
        elif isinstance(part, HardLine) or (isinstance(part, Line) and not step.flat and (part.fill or not flat)):
            return not (isinstance(part, HardLine) and step.flat)
        elif isinstance(part, Line):
            room -= len(part.flat)
    return False
