"""A whole ``fit`` against Keras's, from the same weights, without shuffling or dropout."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import pytest
import torch
from keras import layers
from torch import nn

import nndsl
from nndsl.variables import variables
from nndsl.weights import as_torch

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
DATA = Path(__file__).parents[2] / "examples" / "data"
EPOCHS = 5

DIGITS = """
model Digits {
  input images: (8, 8, 1)

  Conv2D(8, 3, activation="relu") -> MaxPooling2D(2) -> Flatten()
  output labels: Dense(16, activation="tanh") -> Dense(10, activation="softmax")

  compile {
    optimizer = Adam(1e-3)
    loss = "sparse_categorical_crossentropy"
    metrics = ["accuracy"]
  }
}
"""
DIABETES = """
model Diabetes {
  input x: (10)
  output y: x -> Dense(16, activation="relu", kernel_regularizer=L2(1e-3)) -> Dense(1)

  compile {
    optimizer = SGD(1e-3, momentum=0.9, clipnorm=1.0)
    loss = "mse"
    metrics = ["mae"]
  }
}
"""


def digits() -> tuple[np.ndarray, np.ndarray]:
    with np.load(DATA / "digits.npz") as arrays:
        return arrays["images"].astype("float32"), arrays["labels"]


def diabetes() -> tuple[np.ndarray, np.ndarray]:
    with (DATA / "diabetes.csv").open(encoding="utf-8") as file:
        rows = np.array([[float(cell) for cell in row] for row in list(csv.reader(file))[1:]])
    rows = (rows - rows.mean(0)) / rows.std(0)
    return rows[:, :10].astype("float32"), rows[:, 10].astype("float32")


def take(module: nn.Module, compiled: nndsl.Compiled, values: Sequence[np.ndarray]) -> None:
    """Give a module the weights of a Keras model, in order."""
    parameters = dict(module.named_parameters())
    for variable, value in zip(variables(compiled.model), values, strict=True):
        (key, weight), *others = variable.parts
        assert not others
        with torch.no_grad():
            parameters[key].copy_(as_torch(weight, torch.from_numpy(value)))


def compare(compiled: nndsl.Compiled, model: keras.Model, x: np.ndarray, y: np.ndarray, **given: Any) -> nndsl.Run:
    """Fit both, and hold the histories against each other."""
    module = compiled.module()
    take(module, compiled, [keras.ops.convert_to_numpy(each) for each in model.weights])
    wanted = model.fit(x, y, epochs=EPOCHS, shuffle=False, verbose=0, **given).history
    run = nndsl.fit(module, (x, y), epochs=EPOCHS, shuffle=False, verbose=False, **given)
    assert run.history.keys() == wanted.keys()
    split = given.get("validation_split", 0.0)
    for name, values in wanted.items():
        count = len(x) * (split if name.startswith("val_") else 1 - split)
        for value, other in zip(run.history[name], values, strict=True):
            gap = 1.001 / count if name.endswith("accuracy") else 1e-4 * max(1.0, other)
            assert abs(value - other) <= gap, name
    return run


def test_digits_are_learned_as_keras_learns_them() -> None:
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(16, activation="tanh"),
            layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-3), loss, metrics=["accuracy"])
    run = compare(nndsl.compile(DIGITS), model, *digits(), batch_size=50, validation_split=0.2)
    assert run.history["val_loss"][-1] < 0.8 * run.history["val_loss"][0]
    assert not run.module.training


def test_diabetes_with_a_regularizer_and_clipping() -> None:
    model = keras.Sequential(
        [
            keras.Input((10,)),
            layers.Dense(16, activation="relu", kernel_regularizer=keras.regularizers.L2(1e-3)),
            layers.Dense(1),
        ]
    )
    model.compile(keras.optimizers.SGD(1e-3, momentum=0.9, clipnorm=1.0), "mse", metrics=["mae"])
    compare(nndsl.compile(DIABETES), model, *diabetes(), validation_split=0.25)
