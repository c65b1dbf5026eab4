"""Keras's learning-rate schedules; steps are counted from 0."""

from __future__ import annotations

from typing import ClassVar

from nndsl.arguments import ArgumentError, argument, flag, integer, number
from nndsl.recipes.base import Recipe, recipe
from nndsl.recipes.fields import Numbers, name, positive


class Schedule(Recipe):
    """The base of schedules."""

    __slots__ = ()
    kind: ClassVar[str] = "schedule"


@recipe
class ExponentialDecay(Schedule):
    """initial · decay_rate ** (step / decay_steps)."""

    initial_learning_rate: float = number(least=0)
    decay_steps: float = positive()
    decay_rate: float = number(least=0)
    staircase: bool = flag(False)
    name: str | None = name("ExponentialDecay")


@recipe
class PiecewiseConstantDecay(Schedule):
    """``values[i]`` up to and including the step ``boundaries[i]``."""

    boundaries: tuple[float, ...] = argument(Numbers())
    values: tuple[float, ...] = argument(Numbers())
    name: str | None = name("PiecewiseConstant")

    def check(self) -> None:
        """One value more than boundaries, which rise."""
        if len(self.values) != len(self.boundaries) + 1:
            counts = f"{len(self.boundaries)} boundaries and {len(self.values)} values"
            raise ArgumentError(
                "E0305", f"`PiecewiseConstantDecay` has {counts}", "give one value more than boundaries"
            )
        if list(self.boundaries) != sorted(set(self.boundaries)):
            raise ArgumentError("E0305", "the boundaries of `PiecewiseConstantDecay` must rise", "sort them")


@recipe
class PolynomialDecay(Schedule):
    """From the initial to the end rate by a polynomial of the step."""

    initial_learning_rate: float = number(least=0)
    decay_steps: float = positive()
    end_learning_rate: float = number(0.0001, 0)
    power: float = number(1.0)
    cycle: bool = flag(False)
    name: str | None = name("PolynomialDecay")


@recipe
class InverseTimeDecay(Schedule):
    """initial / (1 + decay_rate · step / decay_steps)."""

    initial_learning_rate: float = number(least=0)
    decay_steps: float = positive()
    decay_rate: float = number(least=0)
    staircase: bool = flag(False)
    name: str | None = name("InverseTimeDecay")


@recipe
class CosineDecay(Schedule):
    """Half a cosine down to ``alpha`` times the rate, after an optional linear warm-up."""

    initial_learning_rate: float = number(least=0)
    decay_steps: float = positive()
    alpha: float = number(0.0)
    name: str | None = name("CosineDecay")
    warmup_target: float | None = number(None, 0, optional=True)
    warmup_steps: int = integer(0, 0)


@recipe
class CosineDecayRestarts(Schedule):
    """Cosine decays that start again, each ``t_mul`` times as long (Loshchilov and Hutter, 2016)."""

    initial_learning_rate: float = number(least=0)
    first_decay_steps: float = positive()
    t_mul: float = positive(2.0)
    m_mul: float = positive(1.0)
    alpha: float = number(0.0)
    name: str | None = name("SGDRDecay")
