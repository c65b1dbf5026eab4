"""The examples give the numbers of their Keras twins with the same weights, in inference and in training."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import reduce
from typing import Any

import keras
import pytest
import torch

import nndsl
from nndsl import weights
from nndsl.graph import Graph, Instance, Made
from nndsl.layers.base import Layer, TensorType, Weight
from nndsl.summary import key_of
from tests.examples.keras_twins import TWINS
from tests.examples.test_examples import EXAMPLES, FEEDS

RANDOM = {"digits_vae"}
"""What gives other numbers each time, in inference too."""
TWIN_CLASSES = {"Positions": "PositionEmbedding"}


def ours(graph: Graph, prefix: str = "") -> Iterator[tuple[str, Layer, tuple[TensorType, ...]]]:
    """The layers with weights in the order in which they are applied first: key, layer and types of the inputs."""
    seen: set[Made] = set()
    for node in graph.nodes:
        if node.made is None or node.made in seen:
            continue
        seen.add(node.made)
        key = prefix + key_of(node.made)
        if isinstance(node.layer, Instance):
            assert node.layer.graph is not None
            yield from ours(node.layer.graph, key + ".")
        else:
            yield key, node.layer, tuple(tensor.type for tensor in node.inputs)


def theirs(twin: keras.Model) -> list[Any]:
    """Keras's layers that have weights of their own, wrappers and attention whole, in the order of their depth."""
    found: list[Any] = []
    for layer in twin.layers:
        if isinstance(layer, keras.Model):
            found += theirs(layer)
        elif layer.weights:
            found.append(layer)
    return found


def creation(layer: Any) -> int:
    """The number that Keras gave a layer among those of its class."""
    number = layer.name.rpartition("_")[2]
    return int(number) if number.isdigit() else 0


def by_class(layers: Iterable[tuple[str, Any]]) -> dict[str, list[Any]]:
    """Layers under the name of their class."""
    found: dict[str, list[Any]] = {}
    for name, layer in layers:
        found.setdefault(name, []).append(layer)
    return found


def variables(layer: Any, wanted: Iterable[Weight]) -> dict[str, torch.Tensor]:
    """The values of a layer's variables by the names that `Weight.variable` has: ``forward/kernel``, ``query/bias``."""
    if len(layer.weights) == 1:
        return {weight.variable: layer.weights[0].value.detach() for weight in wanted}
    found = {}
    for name in {weight.variable.partition("[")[0] for weight in wanted if weight.variable}:
        *owner, leaf = name.split("/")
        (found[name],) = [
            variable.value.detach()
            for variable in layer.weights
            if variable.name == leaf and all(any(p.startswith(o) for p in variable.path.split("/")) for o in owner)
        ]
    return found


@pytest.mark.parametrize("name", sorted(TWINS.keys() - RANDOM))
def test_numbers_are_those_of_the_twin(name: str) -> None:
    keras.utils.set_random_seed(1)
    twin = TWINS[name]()
    compiled = nndsl.compile(EXAMPLES / f"{name}.nn")
    module = compiled.module(seed=0)
    mine = by_class((type(each[1]).__name__, each) for each in ours(compiled.model))
    layers_of_keras = theirs(twin)
    if name == "resnet":  # two branches of different depths
        layers_of_keras.sort(key=creation)
    other = by_class((TWIN_CLASSES.get(type(each).__name__, type(each).__name__), each) for each in layers_of_keras)
    assert mine.keys() == other.keys()
    for name_of_class, layers in mine.items():
        for (key, layer, types), layer_of_keras in zip(layers, other[name_of_class], strict=True):
            part = reduce(getattr, key.split("."), module)
            declared = layer.weights(*types)
            weights.load(part, declared, variables(layer_of_keras, declared))
    feeds = [feed.draw() for feed in FEEDS[name]]
    draws = any(word in compiled.source for word in ("dropout", "random_"))
    for training in (False,) if draws else (False, True):
        module.train(training)
        expected = twin(feeds if len(feeds) > 1 else feeds[0], training=training)
        torch.testing.assert_close(module(*feeds), expected, rtol=1e-5, atol=1e-6)
