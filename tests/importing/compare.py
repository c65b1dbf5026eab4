"""A model of Keras against the module that it was brought over to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import nndsl
from nndsl.compiler import Compiled
from tests.importing.models import keras

TOLERANCE = 1e-5


def inputs_of(model: keras.Model, free: int = 8) -> list[np.ndarray]:
    """Return random inputs; a size that is free is ``free``."""
    generator = np.random.default_rng(0)
    found = []
    for each in model.inputs:
        shape = (3, *(free if size is None else size for size in each.shape[1:]))
        whole = "int" in each.dtype
        found.append(generator.integers(0, 5, shape) if whole else generator.normal(size=shape))
    return [value.astype(each.dtype) for value, each in zip(found, model.inputs, strict=True)]


def scramble(model: keras.Model) -> None:
    """Give each variable values that no initializer gives, so that none is mistaken for another."""
    generator = np.random.default_rng(1)
    for variable in model.weights:
        if "int" in variable.dtype:
            continue
        value = generator.uniform(0.3, 0.7, variable.shape)
        variable.assign(value if "variance" in variable.path else (value - 0.5) * 2)


def outputs_of(model: keras.Model, values: list[np.ndarray], *, training: bool) -> dict[str, Tensor]:
    """Return the outputs of a model of Keras by name."""
    names = [each.name for each in model.inputs]
    struct = model._inputs_struct if hasattr(model, "_inputs_struct") else None
    given: Any = list(values)
    if isinstance(struct, Mapping):
        given = {key: values[names.index(each.name)] for key, each in struct.items()}
    found = model(given if isinstance(struct, (list, tuple, Mapping)) else values[0], training=training)
    if isinstance(found, Mapping):
        return dict(found)
    return {str(place): each for place, each in enumerate(found if isinstance(found, (list, tuple)) else [found])}


def compare(model: keras.Model, compiled: Compiled, module: nn.Module, free: int = 8, *, training: bool) -> None:
    """Assert that outputs and counts of parameters are equal; in training, what it leaves in the weights too."""
    values = inputs_of(model, free)
    module.train(training)
    order = [node.hint for node in compiled.model.inputs]
    tensors = [torch.tensor(value) for value in values]
    if isinstance(getattr(model, "_inputs_struct", None), Mapping):
        by_name = {each.name: tensor for each, tensor in zip(model.inputs, tensors, strict=True)}
        tensors = [by_name[name] for name in order]
    with torch.no_grad():
        theirs = outputs_of(model, values, training=training)
        mine = module(*tensors)
    names = [name for name, _ in compiled.model.outputs]
    found = dict(zip(names, mine if isinstance(mine, tuple) else (mine,), strict=True))
    pairs = (
        [(found[name], value) for name, value in theirs.items()]
        if set(theirs) == set(found)
        else list(zip(found.values(), theirs.values(), strict=True))
    )
    for one, other in pairs:
        tolerance = 0.02 if any("bfloat16" in layer.compute_dtype for layer in model.layers) else TOLERANCE
        torch.testing.assert_close(one.float(), other.float(), rtol=tolerance, atol=tolerance)
    assert compiled.summary().parameters == model.count_params()


def assert_formatted(text: str) -> None:
    """Assert that a text is in its one layout, and has no errors."""
    assert nndsl.format(text) == text
    assert [each for each in nndsl.check(text) if each.severity == "error"] == []
