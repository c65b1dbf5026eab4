"""Keras's constraints: what weights are projected onto after each step."""

from __future__ import annotations

from typing import Any, ClassVar

from nndsl.arguments import Axes, argument, number
from nndsl.recipes.base import Recipe, RecipeKind, recipe
from nndsl.recipes.fields import fraction


class Constraint(Recipe):
    """The base of constraints."""

    __slots__ = ()
    kind: ClassVar[str] = "constraint"


@recipe
class MaxNorm(Constraint):
    """Norms over ``axis`` of at most ``max_value``."""

    max_value: float = number(2, 0)
    axis: int | tuple[int, ...] = argument(Axes(several=True), default=0)


@recipe
class MinMaxNorm(Constraint):
    """Norms over ``axis`` between two values, approached at ``rate``."""

    min_value: float = number(0.0, 0)
    max_value: float = number(1.0, 0)
    rate: float = fraction(1.0)
    axis: int | tuple[int, ...] = argument(Axes(several=True), default=0)


@recipe
class NonNeg(Constraint):
    """No negative weight."""


@recipe
class UnitNorm(Constraint):
    """Norms over ``axis`` of 1."""

    axis: int | tuple[int, ...] = argument(Axes(several=True), default=0)


def constraint() -> Any:
    """Declare an argument that takes a constraint, or none."""
    return argument(RecipeKind("constraint", optional=True), None)
