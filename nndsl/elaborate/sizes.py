"""What layers ask about sizes, answered for one application."""

from __future__ import annotations

from dataclasses import dataclass

from nndsl.diagnostics import Span
from nndsl.dims import Conflict, Different, Origin, Same, Size, same
from nndsl.elaborate.session import Session
from nndsl.layers.base import LayerError

_LONGEST = 40


@dataclass(frozen=True, slots=True)
class Difference:
    """Two sizes that must be equal for ``what``, and are not for all values of their symbols (or may not be)."""

    first: Size
    second: Size
    what: str
    span: Span
    found: Different | None


def described(span: Span) -> str:
    """Return the text under a span on one line, shortened."""
    text = " ".join(span.text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


class AppliedSizes:
    """The sizes of one application; ``span`` is that of the layer."""

    def __init__(self, session: Session, span: Span, what: str) -> None:
        self._session = session
        self._span = span
        self._what = what

    def require(self, size: Size, least: int, error: LayerError) -> None:
        """Demand that a size be at least ``least``: raise the error if it never is, else record the condition."""
        if isinstance(size, int):
            if size < least:
                raise error
            return
        try:
            self._session.scope.require(size, least, self._origin())
        except Conflict as conflict:
            if len(conflict.conditions) < 2:
                raise error from conflict
            raise LayerError("E0425", str(conflict)) from conflict

    def at_most(self, size: Size, most: int, error: LayerError) -> None:
        """Demand that a size be at most ``most``: raise the error if it never is, else record the condition."""
        if isinstance(size, int):
            if size > most:
                raise error
            return
        try:
            self._session.scope.at_most(size, most, self._origin())
        except Conflict as conflict:
            if len(conflict.conditions) < 2:
                raise error from conflict
            raise LayerError("E0425", str(conflict)) from conflict

    def same(self, first: Size, second: Size) -> bool:
        """Return whether two sizes are equal; of symbolic ones those that are not go on as if they were.

        They are reported together at the end, when it is known which sizes of the inputs would make all of them equal.
        """
        if isinstance(first, int) and isinstance(second, int):
            return first == second
        verdict = same(first, second, self._session.scope)
        if isinstance(verdict, Same):
            return True
        found = verdict if isinstance(verdict, Different) else None
        difference = Difference(first, second, self._what, self._span, found)
        (self._session.differences if found else self._session.checks).append(difference)
        return True

    def fixed(self, size: Size, what: str) -> int:
        """Return the number that a size must be, or raise the LayerError that names the input to fix."""
        if isinstance(size, int):
            return size
        names = sorted(size.symbols())
        listed = " and ".join(f"`{name}`" for name in names)
        raise LayerError(
            "E0426",
            f"{what}, and here it is `{size}`, known only at run time",
            help=f"write a number for {listed} in the `input` that declares it",
        )

    def _origin(self) -> Origin:
        return Origin(described(self._span), self._span)
