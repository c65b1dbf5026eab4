"""Models with masks, from their text, against the same layers in Keras."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras
import numpy as np
import torch
from torch import Tensor, nn

import nndsl
from nndsl.compiler import Compiled
from nndsl.graph import Graph, Instance
from nndsl.layers.base import TensorType
from nndsl.weights import as_torch, load
from tests.layers.oracle import TOLERANCE
from tests.layers.sequences import by_name, randomized

FILLED = np.array([[1, 2, 3, 0, 0, 0], [0, 0, 4, 5, 6, 7], [0, 1, 0, 2, 3, 0], [3, 1, 4, 1, 5, 2]])
"""Sequences padded on the right and on the left, one with holes, and a full one."""
TOKENS = np.concatenate([FILLED, np.zeros((1, 6), "int64")])
"""Those, and one of which all is padding."""
OTHERS = np.array([[1, 2, 0, 0, 0, 1], [2, 0, 0, 5, 6, 7], [0, 1, 0, 2, 0, 0], [0, 0, 0, 0, 0, 2], [1, 0, 1, 1, 1, 0]])
"""Other masks, for a second sequence."""


def written(name: str, arguments: Mapping[str, Any]) -> str:
    """Return a constructor as a file has it."""
    values = {key: "none" if value is None else json.dumps(value) for key, value in arguments.items()}
    return f"{name}({', '.join(f'{key}={value}' for key, value in values.items())})"


def embedded(*lines: str, inputs: str = "tokens: int64(6)", before: str = "") -> str:
    """Return the text of a model whose tokens are embedded with a mask, as ``x``."""
    body = "".join(f"  {line}\n" for line in ("x = Embedding(8, 5, mask_zero=true, name=embedding)(tokens)", *lines))
    declared = "".join(f"  input {each.strip()}\n" for each in inputs.split(";"))
    return f"{before}\nmodel Net {{\n{declared}\n{body}}}\n".replace("name=embedding", 'name="embedding"')


def embedding() -> keras.layers.Layer:
    """Return the twin of the embedding."""
    return keras.layers.Embedding(8, 5, mask_zero=True)


def mask_of(x: Any) -> Any:
    """Return the mask that Keras has put on a tensor, or None."""
    return getattr(x, "_keras_mask", None)


def layers_of(graph: Graph, prefix: str = "") -> Iterator[tuple[str, Any, tuple[TensorType, ...]]]:
    """Return the layers with weights in a graph and its blocks: their keys, and the types that they are applied to."""
    for node in graph.nodes:
        if node.made is None:
            continue
        key = prefix + node.made.place.name + "".join(f".{turn}" for _, turn in node.made.turns)
        if isinstance(node.layer, Instance):
            assert node.layer.graph is not None
            yield from layers_of(node.layer.graph, f"{key}.")
        else:
            yield key, node.layer, tuple(tensor.type for tensor in node.inputs)


def compare(
    text: str,
    twins: Mapping[str, Any],
    expected: Callable[..., Any],
    *inputs: np.ndarray,
    training: bool = False,
    gradients: bool = True,
) -> Compiled:
    """Assert that a model agrees with Keras's layers, which are called by ``expected``, in values and gradients.

    ``twins`` are the layers by their keys; their weights become random ones, and the model's.
    """
    compiled = nndsl.compile(text)
    module = compiled.module(seed=1).train(training)
    expected(*map(torch.tensor, inputs))
    for layer in twins.values():
        randomized(layer)
    mapped = {key: (layer, types) for key, layer, types in layers_of(compiled.model)}
    assert mapped.keys() == twins.keys()
    for key, (layer, types) in mapped.items():
        weights = layer.weights(*types)
        load(module.get_submodule(key), weights, by_name(weights, [each.value.detach() for each in twins[key].weights]))
    mine, theirs = _every(module(*map(torch.tensor, inputs))), _every(expected(*map(torch.tensor, inputs)))
    generator = torch.Generator().manual_seed(3)
    for output, other in zip(mine, theirs, strict=True):
        torch.testing.assert_close(output, other, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)
        if gradients:
            slope = torch.randn(output.shape, generator=generator)
            output.backward(slope, retain_graph=True)
            other.backward(slope, retain_graph=True)
    for key, (layer, types) in mapped.items():
        _compare_weights(module.get_submodule(key), layer.weights(*types), twins[key], gradients)
    return compiled


def _every(found: Any) -> list[Tensor]:
    return [found] if isinstance(found, Tensor) else list(found)


def _compare_weights(module: nn.Module, weights: Any, twin: keras.layers.Layer, gradients: bool) -> None:
    state = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    slopes = by_name(weights, [each.value.grad for each in twin.weights])
    values = by_name(weights, [each.value.detach() for each in twin.weights])
    for weight in weights:
        name, _, row = weight.variable.partition("[")
        expected = slopes.get(name) if weight.trainable and name else values.get(name)
        found = state[weight.leaf].grad if weight.trainable else state[weight.leaf]
        if expected is None or (weight.trainable and not gradients):
            continue
        other = as_torch(weight, expected[int(row[:-1])] if row else expected)
        torch.testing.assert_close(found, other, rtol=TOLERANCE, atol=TOLERANCE)
