"""Five optimizers and five losses, each pair on real data of the fitting kind: all learn."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import nndsl

DATA = Path(__file__).parents[2] / "examples" / "data"

MODEL = """
model Net {{
  input x: ({inputs})
  x -> Normalization() -> Dense(24, activation="relu") -> Dense({units}, activation="{activation}") as y
  output y

  compile {{
    optimizer = {optimizer}
    loss = {loss}
    metrics = [{metric}]
  }}
}}
"""
OPTIMIZERS = (
    "SGD(0.005, momentum=0.9)",
    "RMSprop(0.005)",
    "Adam(0.005)",
    "Adamax(0.01)",
    "Nadam(0.005)",
)


class Task(NamedTuple):
    """A loss, the end of a model that fits it, a metric, and what this reaches on data that training has not seen."""

    units: int
    activation: str
    metric: str
    name: str
    threshold: float


TASKS = {
    "MeanSquaredError()": Task(1, "linear", "R2Score()", "val_r2_score", 0.35),
    "BinaryCrossentropy()": Task(1, "sigmoid", '"accuracy"', "val_accuracy", 0.93),
    "CategoricalCrossentropy()": Task(10, "softmax", '"accuracy"', "val_accuracy", 0.85),
    "Hinge()": Task(1, "tanh", "BinaryAccuracy(threshold=0.0)", "val_binary_accuracy", 0.93),
    "KLDivergence()": Task(10, "softmax", "CategoricalAccuracy()", "val_categorical_accuracy", 0.85),
}


def table(name: str) -> tuple[np.ndarray, list[str]]:
    """The numbers of a table, and the texts or numbers of its last column."""
    rows = [line.split(",") for line in (DATA / f"{name}.csv").read_text(encoding="utf-8").splitlines()[1:]]
    return np.array([[float(cell) for cell in row[:-1]] for row in rows], np.float32), [row[-1] for row in rows]


def data_for(loss: str) -> tuple[np.ndarray, np.ndarray]:
    """Diabetes for a regression (targets of deviation 1), cancer for two classes, digits for ten, one-hot."""
    if loss.startswith("Mean"):
        x, cells = table("diabetes")
        y = np.array(cells, np.float32)
        return x, ((y - y.mean()) / y.std())[:, None]
    if loss.startswith(("Binary", "Hinge")):
        x, cells = table("cancer")
        return x, np.array([[cell == "malignant"] for cell in cells], np.float32)
    with np.load(DATA / "digits.npz") as arrays:
        return arrays["images"].reshape(-1, 64), np.eye(10, dtype=np.float32)[arrays["labels"]]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("loss", TASKS)
def test_learns(loss: str, optimizer: str) -> None:
    task = TASKS[loss]
    x, y = data_for(loss)
    given = {"units": task.units, "activation": task.activation, "metric": task.metric}
    text = MODEL.format(inputs=x.shape[1], optimizer=optimizer, loss=loss, **given)
    run = nndsl.fit(nndsl.compile(text), (x, y), epochs=10, validation_split=0.2, verbose=False)
    losses = run.history["loss"]
    assert losses[-1] < 0.75 * losses[0]
    assert run.history[task.name][-1] >= task.threshold, run.history[task.name]
