"""Keras's constraints: what weights are projected onto after each step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from nndsl.arguments import ArgumentError, Axes, argument, number
from nndsl.code import Code, Part, as_code, code, join
from nndsl.recipes.base import Recipe, RecipeKind, recipe
from nndsl.recipes.fields import fraction


class Constraint(Recipe):
    """The base of constraints."""

    __slots__ = ()
    kind: ClassVar[str] = "constraint"

    def placed(self, rank: int) -> tuple[int, ...]:
        """Return the axes of Keras's variable along which values depend on each other.

        Raises ArgumentError (E0407) for axes that a variable of that rank has not, or has once.
        """
        return ()

    def projection(self, weight: Code, axes: tuple[int, ...], helper: Callable[[str], str]) -> Code:
        """Return the expression that projects a weight in place, and gives it; ``axes`` are PyTorch's."""
        raise NotImplementedError


class _Norm(Constraint):
    """What the constraints of norms share."""

    __slots__ = ()

    axis: int | tuple[int, ...]

    def placed(self, rank: int) -> tuple[int, ...]:
        """The axes counted from the front, in order."""
        given = self.axis if isinstance(self.axis, tuple) else (self.axis,)
        if any(not -rank <= axis < rank for axis in given):
            shown = given[0] if len(given) == 1 else given
            count = "1 axis" if rank == 1 else f"{rank} axes"
            help = f"the axes of Keras's variable count from 0 to {rank - 1}" if rank > 1 else "write `axis=0`"
            raise ArgumentError("E0407", f"has the axis {shown}, and the weight has {count}", help)
        axes = {axis % rank for axis in given}
        if len(axes) < len(given) or not axes:
            raise ArgumentError("E0407", f"must name each axis once, not {given}")
        return tuple(sorted(axes))


@recipe
class MaxNorm(_Norm):
    """Norms over ``axis`` of at most ``max_value``."""

    max_value: float = number(2, 0)
    axis: int | tuple[int, ...] = argument(Axes(several=True), default=0)

    def projection(self, weight: Code, axes: tuple[int, ...], helper: Callable[[str], str]) -> Code:
        """Scaled down where they are longer."""
        return _scaled(weight, axes, helper, most=as_code(self.max_value, "max_value"))


@recipe
class MinMaxNorm(_Norm):
    """Norms over ``axis`` between two values, approached at ``rate``."""

    min_value: float = number(0.0, 0)
    max_value: float = number(1.0, 0)
    rate: float = fraction(1.0)
    axis: int | tuple[int, ...] = argument(Axes(several=True), default=0)

    def projection(self, weight: Code, axes: tuple[int, ...], helper: Callable[[str], str]) -> Code:
        """Scaled towards the range."""
        rate: dict[str, Part] = {"rate": as_code(self.rate, "rate")} if self.rate != 1 else {}
        least, most = as_code(self.min_value, "min_value"), as_code(self.max_value, "max_value")
        return _scaled(weight, axes, helper, least=least, most=most, **rate)


@recipe
class NonNeg(Constraint):
    """No negative weight."""

    def projection(self, weight: Code, axes: tuple[int, ...], helper: Callable[[str], str]) -> Code:
        """0 for what is less."""
        return code("{}.clamp_(min=0)", weight)


@recipe
class UnitNorm(_Norm):
    """Norms over ``axis`` of 1."""

    axis: int | tuple[int, ...] = argument(Axes(several=True), default=0)

    def projection(self, weight: Code, axes: tuple[int, ...], helper: Callable[[str], str]) -> Code:
        """Divided by the norm."""
        return _scaled(weight, axes, helper, least=1, most=1)


def _scaled(weight: Code, axes: tuple[int, ...], helper: Callable[[str], str], **limits: Part) -> Code:
    dim = str(axes[0]) if len(axes) == 1 else str(axes)
    arguments = [weight, Code(dim), *(code(f"{name}={{}}", limit) for name, limit in limits.items())]
    return code("{}({})", helper("limit_norm_"), join(", ", arguments))


def constraint() -> Any:
    """Declare an argument that takes a constraint, or none."""
    return argument(RecipeKind("constraint", optional=True), None)
