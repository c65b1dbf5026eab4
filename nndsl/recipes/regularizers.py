"""Keras's regularizers: penalties on weights, or (as activity regularizers) on the outputs of a layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from nndsl.arguments import ArgumentError, Decimal, Kind, argument, choice, number
from nndsl.code import Code, as_code, code
from nndsl.recipes.base import Recipe, RecipeKind, recipe


class Regularizer(Recipe):
    """The base of regularizers."""

    __slots__ = ()
    kind: ClassVar[str] = "regularizer"
    elementwise: ClassVar[bool] = True
    """Whether the penalty is a sum over the values, however they lie."""

    @property
    def is_idle(self) -> bool:
        """Whether the penalty is always 0."""
        return not self.terms(Code("x"), str)

    def check_shape(self, *shape: object) -> None:
        """Raise ArgumentError (E0306) for tensors of a shape that has no penalty."""

    def terms(self, value: Code, helper: Callable[[str], str]) -> tuple[Code, ...]:
        """Return the expressions whose sum is the penalty on a tensor: none where it is always 0.

        A regularizer that is not elementwise takes the matrix whose rows it compares.
        """
        raise NotImplementedError


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

    def terms(self, value: Code, helper: Callable[[str], str]) -> tuple[Code, ...]:
        """The sum of the absolute values."""
        return _absolute(self.l1, value)


@recipe
class L2(Regularizer):
    """l2 · Σw²."""

    l2: float = argument(Penalty(0.01), default=0.01)

    def terms(self, value: Code, helper: Callable[[str], str]) -> tuple[Code, ...]:
        """The sum of the squares."""
        return _squared(self.l2, value)


@recipe
class L1L2(Regularizer):
    """l1 · Σ|w| + l2 · Σw²."""

    l1: float = argument(Penalty(0.0), default=0.0)
    l2: float = argument(Penalty(0.0), default=0.0)

    def terms(self, value: Code, helper: Callable[[str], str]) -> tuple[Code, ...]:
        """Both sums."""
        return (*_absolute(self.l1, value), *_squared(self.l2, value))


def _absolute(factor: float, value: Code) -> tuple[Code, ...]:
    return (code("{} * {}.abs().sum()", as_code(factor, "l1"), value),) if factor else ()


def _squared(factor: float, value: Code) -> tuple[Code, ...]:
    return (code("{} * {}.square().sum()", as_code(factor, "l2"), value),) if factor else ()


@recipe
class OrthogonalRegularizer(Regularizer):
    """Keeps the rows (or columns) of a matrix orthogonal to one another."""

    elementwise: ClassVar[bool] = False

    factor: float = number(0.01, 0)
    mode: str = choice("rows", "columns", default="rows")

    def check_shape(self, *shape: object) -> None:
        """A matrix of two rows, or columns, at least."""
        if len(shape) != 2:
            shown = f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
            message = f"cannot be `OrthogonalRegularizer`, which compares the {self.mode} of a matrix: this is {shown}"
            raise ArgumentError("E0306", message)
        if shape[self.mode == "columns"] == 1:
            raise ArgumentError("E0306", f"cannot be `OrthogonalRegularizer` of {self.mode} where there is one alone")

    def terms(self, value: Code, helper: Callable[[str], str]) -> tuple[Code, ...]:
        """The mean of the absolute cosines."""
        if not self.factor:
            return ()
        return (code("{} * {}({})", as_code(self.factor, "factor"), helper("mean_cosine"), value),)


def regularizer() -> Any:
    """Declare an argument that takes a regularizer (of a weight, or of the output), or none."""
    return argument(RecipeKind("regularizer", optional=True), None)
