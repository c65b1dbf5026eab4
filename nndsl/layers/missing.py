"""Arguments of Keras that nndsl knows and has not: none is taken, and anything else is refused by name."""

from __future__ import annotations

from typing import Any

from nndsl.arguments import ArgumentError, Kind, argument, describe


class Missing(Kind):
    """None alone; ``what`` says what the argument would do."""

    description = "`none`"

    def __init__(self, what: str) -> None:
        self.what = what

    def read(self, value: object) -> None:
        """Return None, or raise E0307."""
        if value is not None:
            raise ArgumentError("E0307", f"is for {self.what}, which nndsl has not: {describe(value)}", "leave it out")


def missing(what: str) -> Any:
    """Declare an argument that must be none."""
    return argument(Missing(what), default=None)
