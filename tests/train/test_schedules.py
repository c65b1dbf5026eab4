"""Each schedule has Keras's rate at each step, in float32."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nndsl.recipes import NAMES
from nndsl.train.schedules import FUNCTIONS, rate, schedule
from tests.train.updating import of_keras, recipe

CASES: list[tuple[str, dict[str, Any]]] = [
    *[
        (name, {"initial_learning_rate": 0.1, "decay_steps": steps, "decay_rate": 0.96, "staircase": staircase})
        for name in ("ExponentialDecay", "InverseTimeDecay")
        for steps, staircase in ((7, False), (7, True), (2.5, False), (2.5, True))
    ],
    ("ExponentialDecay", {"initial_learning_rate": 1e-3, "decay_steps": 1000, "decay_rate": 0.0}),
    ("PiecewiseConstantDecay", {"boundaries": (5.0, 20.0), "values": (1e-2, 1e-3, 1e-4)}),
    ("PiecewiseConstantDecay", {"boundaries": (5.5,), "values": (1.0, 0.1)}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 40}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 30, "power": 0.5, "cycle": True}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "end_learning_rate": 0.01, "power": 2.0}),
    ("PolynomialDecay", {"initial_learning_rate": 1e-3, "decay_steps": 2.5, "end_learning_rate": 0.0, "cycle": True}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 60}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 60, "alpha": 0.05, "warmup_steps": 10}),
    ("CosineDecay", {"initial_learning_rate": 0.0, "decay_steps": 60, "warmup_target": 1e-3, "warmup_steps": 10}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 9.5, "warmup_target": 0.2, "alpha": 0.1}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 10}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 7, "t_mul": 1.0, "m_mul": 0.9}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 8, "t_mul": 1.5, "alpha": 0.1}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 5, "t_mul": 3.0, "m_mul": 0.5}),
]


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_rates_are_those_of_keras(name: str, arguments: dict[str, Any]) -> None:
    made = recipe(name, **arguments)
    late = {8, 20, 38, 65} if arguments.get("t_mul") == 1.5 else set()  # restarts: Keras may miss them by a step
    steps = [step for step in (*range(160), 999, 1000, 1001, 100_000, 2**24 + 1) if step not in late]
    theirs = of_keras(made)
    expected = np.array([float(theirs(step)) for step in steps])
    found = np.array([rate(made, step) for step in steps])
    np.testing.assert_allclose(found, expected, rtol=2e-6, atol=2e-8)
    assert len(set(found)) > 1


def test_every_schedule_is_tried() -> None:
    assert {name for name, _ in CASES} == set(FUNCTIONS) == set(NAMES["schedule"])


def test_restarts_are_at_their_steps() -> None:
    made = recipe("CosineDecayRestarts", initial_learning_rate=0.5, first_decay_steps=8, t_mul=1.5)
    assert [step for step in range(105) if rate(made, step) == 0.5] == [0, 8, 20, 38, 65]


def test_a_schedule_is_a_function_of_the_step() -> None:
    made = recipe("PiecewiseConstantDecay", boundaries=(3.0,), values=(1.0, 0.5))
    assert [schedule(made)(step) for step in (0, 3, 4)] == [1.0, 1.0, 0.5]
