"""Keras's learning-rate schedules, in float32 as Keras computes them: functions of the step, counted from 0.

They need NumPy alone, and take Keras's arguments by name.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from nndsl.recipes.base import Recipe


def exponential_decay(
    step: int,
    initial_learning_rate: float,
    decay_steps: float,
    decay_rate: float,
    staircase: bool,
) -> np.float32:
    """initial · decay_rate ** (step / decay_steps); a staircase floors the quotient."""
    passed = np.float32(step) / np.float32(decay_steps)
    passed = np.floor(passed) if staircase else passed
    return np.float32(initial_learning_rate) * np.float32(decay_rate) ** passed


def piecewise_constant_decay(
    step: int,
    boundaries: Sequence[float],
    values: Sequence[float],
) -> np.float32:
    """``values[i]`` up to and including the step ``boundaries[i]``, cut to an integer."""
    return np.float32(values[sum(step > int(boundary) for boundary in boundaries)])


def polynomial_decay(
    step: int,
    initial_learning_rate: float,
    decay_steps: float,
    end_learning_rate: float,
    power: float,
    cycle: bool,
) -> np.float32:
    """(initial - end) · (1 - step / decay_steps) ** power + end.

    A cycle lengthens ``decay_steps`` when they end.
    """
    now, steps = np.float32(step), np.float32(decay_steps)
    if cycle:
        steps *= np.ceil(now / steps) if step else np.float32(1)
    left = np.float32(1) - min(now, steps) / steps
    initial, end = np.float32(initial_learning_rate), np.float32(end_learning_rate)
    return np.float32((initial - end) * left ** np.float32(power) + end)


def inverse_time_decay(
    step: int,
    initial_learning_rate: float,
    decay_steps: float,
    decay_rate: float,
    staircase: bool,
) -> np.float32:
    """initial / (1 + decay_rate · step / decay_steps); a staircase floors the quotient."""
    passed = np.float32(step) / np.float32(decay_steps)
    passed = np.floor(passed) if staircase else passed
    divisor = np.float32(1) + np.float32(decay_rate) * passed
    return np.float32(initial_learning_rate) / divisor


def cosine_decay(
    step: int,
    initial_learning_rate: float,
    decay_steps: float,
    alpha: float,
    warmup_target: float | None,
    warmup_steps: int,
) -> np.float32:
    """Half a cosine from the initial rate to ``alpha`` times it.

    With a target, from the target, after a warm-up.
    """
    now, steps = np.float32(step), np.float32(decay_steps)
    initial = np.float32(initial_learning_rate)
    if warmup_target is not None:
        warmup, target = np.float32(warmup_steps), np.float32(warmup_target)
        if now < warmup:
            return (target - initial) * (now / warmup) + initial
        now, initial = now - warmup, target
    angle = np.float32(math.pi) * (min(now, steps) / steps)
    cosine = np.float32(0.5) * (np.float32(1) + np.cos(angle))
    return np.float32(initial * (np.float32(1 - alpha) * cosine + np.float32(alpha)))


def cosine_decay_restarts(
    step: int,
    initial_learning_rate: float,
    first_decay_steps: float,
    t_mul: float,
    m_mul: float,
    alpha: float,
) -> np.float32:
    """Cosine decays one after another, each ``t_mul`` times as long and from ``m_mul`` times the rate.

    The logarithms are exact: with PyTorch's float32 ones Keras may come to a restart one step late.
    """
    one, longer = np.float32(1), np.float32(t_mul)
    passed = np.float32(step) / np.float32(first_decay_steps)
    if longer == one:
        restarts = np.floor(passed)
        passed -= restarts
    else:
        exact = math.log(one - passed * (one - longer)) / math.log(longer)
        restarts = np.floor(np.float32(exact))
        length = longer**restarts
        passed = (passed - (one - length) / (one - longer)) / length
    cosine = one + np.cos(np.float32(math.pi) * passed)
    cosine = np.float32(0.5) * np.float32(m_mul) ** restarts * cosine
    share = np.float32((one - np.float32(alpha)) * cosine + np.float32(alpha))
    return np.float32(initial_learning_rate) * share


FUNCTIONS: Mapping[str, Callable[..., np.float32]] = {
    "ExponentialDecay": exponential_decay,
    "PiecewiseConstantDecay": piecewise_constant_decay,
    "PolynomialDecay": polynomial_decay,
    "InverseTimeDecay": inverse_time_decay,
    "CosineDecay": cosine_decay,
    "CosineDecayRestarts": cosine_decay_restarts,
}
"""The function of each recipe."""


def rate(recipe: Recipe, step: int) -> float:
    """Return the learning rate that a schedule has at a step, counted from 0."""
    return schedule(recipe)(step)


def schedule(recipe: Recipe) -> Callable[[int], float]:
    """Return a schedule as a function of the step."""
    function, arguments = FUNCTIONS[type(recipe).__name__], keywords(recipe)
    return lambda step: float(function(step, **arguments))


def keywords(recipe: Recipe) -> dict[str, Any]:
    """Return the arguments of a schedule's function, by name."""
    names = [field.name for field in dataclasses.fields(recipe)]
    return {name: getattr(recipe, name) for name in names if name != "name"}
