"""Keras's regularizers: penalties on weights, or (as activity regularizers) on the outputs of a layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from nndsl.arguments import Decimal, Kind, argument, choice, number
from nndsl.recipes.base import Recipe, RecipeKind, recipe


class Regularizer(Recipe):
    """The base of regularizers."""

    __slots__ = ()
    kind: ClassVar[str] = "regularizer"


@dataclass(frozen=True, slots=True)
class Penalty(Kind):
    """A factor of at least 0; none is the default, as in Keras."""

    default: float
    description: str = "a number of at least 0"

    def read(self, value: object) -> float:
        """Return the factor."""
        factor = Decimal(0).read(self.default if value is None else value)
        assert factor is not None
        return factor


@recipe
class L1(Regularizer):
    """l1 · Σ|w|."""

    l1: float = argument(Penalty(0.01), default=0.01)


@recipe
class L2(Regularizer):
    """l2 · Σw²."""

    l2: float = argument(Penalty(0.01), default=0.01)


@recipe
class L1L2(Regularizer):
    """l1 · Σ|w| + l2 · Σw²."""

    l1: float = argument(Penalty(0.0), default=0.0)
    l2: float = argument(Penalty(0.0), default=0.0)


@recipe
class OrthogonalRegularizer(Regularizer):
    """Keeps the rows (or columns) of a matrix orthogonal to one another."""

    factor: float = number(0.01, 0)
    mode: str = choice("rows", "columns", default="rows")


def regularizer() -> Any:
    """Declare an argument that takes a regularizer (of a weight, or of the output), or none."""
    return argument(RecipeKind("regularizer", optional=True), None)
