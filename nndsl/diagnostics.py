"""Sources, spans and diagnostics: what the compiler says to its users, and where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A text to compile, and the name that messages show for it.

    The text has no byte-order mark and its lines end in ``\\n``. Two sources are equal only if they are one object.
    """

    name: str
    text: str = field(repr=False)

    def line_and_column(self, offset: int) -> tuple[int, int]:
        """Return the line and the column of an offset, both counted from 1, in code points."""
        before = self.text[:offset]
        return before.count("\n") + 1, offset - before.rfind("\n")


@dataclass(frozen=True, slots=True)
class Span:
    """The part of a source from offset ``start`` up to, not including, ``end``."""

    source: Source
    start: int
    end: int

    def to(self, other: Span) -> Span:
        """Return the span from the start of this one to the end of the other."""
        return Span(self.source, self.start, other.end)

    @property
    def text(self) -> str:
        """The text of the source under the span."""
        return self.source.text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Note:
    """A second place that matters to a diagnostic, or (without a span) a remark."""

    message: str
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One error or warning about a file.

    ``message`` says what is wrong, ``label`` stands beside the carets under ``span``, ``notes`` show the other places
    that matter, and ``help`` says what to do. Messages begin in lower case and end without a full stop.
    """

    code: str
    message: str
    span: Span
    label: str = ""
    notes: tuple[Note, ...] = ()
    help: str = ""

    @property
    def severity(self) -> Severity:
        """``"warning"`` for codes that begin with W, else ``"error"``."""
        return "warning" if self.code[0] == "W" else "error"


class NNDSLError(Exception):
    """The file has errors; ``diagnostics`` holds all that were found, warnings included."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__(self.diagnostics)

    def __str__(self) -> str:
        from nndsl.rendering import render

        return "\n" + render(self.diagnostics)


class InternalError(Exception):
    """A defect of nndsl itself, never of the user's file."""
