"""The same gradients for an updater and for an optimizer of Keras, over weights of all kinds."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import lru_cache
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import torch
from torch import Tensor, nn

import nndsl
from nndsl.recipes import find
from nndsl.recipes.base import Recipe
from nndsl.train.updater import Updater
from nndsl.variables import Variable, variables
from nndsl.weights import as_torch

STEPS = 100
MODEL = """
model Kinds {
  input tokens: int32(4)
  input image: (6, 6, 3)

  words = tokens -> Embedding(5, 4) -> GRU(3, return_sequences=true)
  texts = MultiHeadAttention(2, 2)(words, words) -> LayerNormalization() -> Flatten()
  images = image -> Conv2D(4, 3) -> DepthwiseConv2D(3, depth_multiplier=2, use_bias=false) -> Flatten()
  output [texts, images] -> Concatenate() -> Dense(6)
}
"""
"""A GRU's bias is one variable of two parameters; the biases of attention are matrices for Keras alone."""

Gradients = Sequence[Mapping[str, Tensor]]
"""For each step, by the name of the variable, in Keras's layout."""


@lru_cache
def compiled() -> nndsl.Compiled:
    return nndsl.compile(MODEL)


def kinds() -> tuple[nn.Module, tuple[Variable, ...]]:
    """A new module, with the same weights each time, and its variables; of attention, one of each kind."""
    found = [each for each in variables(compiled().model) if ".key/" not in each.name and ".value/" not in each.name]
    return compiled().module(seed=0), tuple(found)


@lru_cache
def gradients() -> Gradients:
    """Gradients of several sizes; those of some variables are zero, or 1e-9, now and then or all the time."""
    generator = torch.Generator().manual_seed(1)
    found = []
    for step in range(STEPS):
        drawn = {}
        for number, variable in enumerate(kinds()[1]):
            gradient = torch.randn(variable.shape, generator=generator) * 10.0 ** (number % 3 - 2)
            if (number % 5 == 1 and step % 4 < 2) or variable.name.endswith("beta"):
                gradient *= 1e-9
            if (number % 7 == 2 and step % 3 == 0) or variable.name.endswith("conv2d.bias"):
                gradient *= 0
            drawn[variable.name] = gradient
        found.append(drawn)
    return found


def give(module: nn.Module, found: Sequence[Variable], step: Mapping[str, Tensor]) -> None:
    """Add the gradients of a step to the parameters', as a backward pass does."""
    for variable in found:
        gradient = step[variable.name]
        rows = gradient.unbind() if len(variable.parts) > 1 else [gradient]
        for (key, weight), row in zip(variable.parts, rows, strict=True):
            parameter = module.get_parameter(key)
            added = torch.empty_like(parameter).copy_(as_torch(weight, row))
            parameter.grad = added if parameter.grad is None else parameter.grad + added


def recipe(name: str, **arguments: Any) -> Any:
    declared = find("optimizer", name) or find("schedule", name)
    assert declared is not None
    return declared(**arguments)


def of_keras(made: Recipe) -> Any:
    """The same optimizer or schedule of Keras."""
    module = keras.optimizers.schedules if made.kind == "schedule" else keras.optimizers
    given = {field.name: getattr(made, field.name) for field in dataclasses.fields(made)}
    return getattr(module, type(made).__name__)(
        **{name: of_keras(value) if isinstance(value, Recipe) else value for name, value in given.items()}
    )


class Theirs:
    """The variables of the module as Keras's own, and an optimizer of Keras."""

    def __init__(self, made: Recipe, module: nn.Module, found: Sequence[Variable]) -> None:
        self.optimizer = of_keras(made)
        self.variables: list[Any] = []
        for variable in found:
            value = keras_value(module, variable)
            *path, name = variable.name.replace(".", "/").split("/")
            with ExitStack() as scopes:
                for part in path:
                    scopes.enter_context(keras.name_scope(part))
                self.variables.append(keras.Variable(value.numpy().copy(), name=name))

    def step(self, step: Mapping[str, Tensor]) -> None:
        with torch.no_grad():
            self.optimizer.apply([gradient.clone() for gradient in step.values()], self.variables)

    def values(self) -> list[Tensor]:
        return [variable.value.detach() for variable in self.variables]


def keras_value(module: nn.Module, variable: Variable) -> Tensor:
    """A variable of a module in Keras's layout, found by asking where each of its numbers goes."""
    rows = []
    for key, weight in variable.parts:
        held = module.get_parameter(key).detach()
        places = as_torch(weight, torch.arange(held.numel()).reshape(weight.shape))
        row = torch.empty(held.numel())
        row[places.flatten()] = held.flatten()
        rows.append(row.reshape(weight.shape))
    return torch.stack(rows) if len(rows) > 1 else rows[0]


def gap(made: Any, steps: Gradients) -> float:
    """The largest difference of a weight from Keras's on the way, after the first steps and every tenth."""
    module, found = kinds()
    updater, theirs = Updater(made, found, module), Theirs(made, module, found)
    start = values(module, found)
    worst = 0.0
    for number, step in enumerate(steps, 1):
        give(module, found, step)
        updater.step()
        theirs.step(step)
        if number < 4 or number % 10 == 0:
            worst = max(worst, difference(values(module, found), theirs.values()))
    assert difference(start, values(module, found)) > worst
    return worst


def values(module: nn.Module, found: Sequence[Variable]) -> list[Tensor]:
    """The variables of a module in Keras's layout."""
    return [keras_value(module, variable) for variable in found]


def difference(some: Sequence[Tensor], others: Sequence[Tensor]) -> float:
    """The largest one between the numbers of two lists of tensors, all finite; a relative one for numbers over 1.

    Ftrl's weights grow to 6 while a rate rises, where the neighbours of a float32 are 5e-7 away.
    """
    pairs = zip(some, others, strict=True)
    found = [float(((one - other).abs() / other.abs().clamp(min=1)).max()) for one, other in pairs]
    assert np.isfinite(found).all()
    return max(found)
