"""Layers of several inputs, outputs and keywords against Keras; the cases of the oracle have one output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import torch
from torch import Tensor, nn

from nndsl.dims import symbol
from nndsl.emit import emit
from nndsl.graph import Graph, InputLayer, Made, Node, Place
from nndsl.layers.base import Layer, LayerError, TensorType, Weight
from nndsl.module import build
from nndsl.passes.layout import layout
from nndsl.weights import as_torch, load
from tests.layers.oracle import SPAN, Free, close


def random(*shapes: tuple[int, ...], seed: int = 0) -> list[np.ndarray]:
    """Return random floats, the batch among the axes."""
    generator = np.random.default_rng(seed)
    return [generator.normal(size=shape).astype("float32") for shape in shapes]


def kind_of(value: np.ndarray) -> TensorType:
    """Return the type of an array, whose first axis is the batch."""
    return TensorType((symbol("N"), *value.shape[1:]), str(value.dtype))


def mapped(value: Any, function: Any) -> Any:
    """Return a keyword's value with a function applied to its tensors, or a constant as it is."""
    if isinstance(value, (list, tuple)):
        return type(value)(mapped(item, function) for item in value)
    return value if value is None or isinstance(value, bool) else function(value)


def graph(layer: Layer, inputs: Sequence[TensorType], keywords: Mapping[str, Any]) -> Graph:
    """Return the graph of a model that is the layer alone; the tensors of its keywords are inputs too."""
    sources: list[Node] = []

    def source(kind: TensorType) -> Any:
        sources.append(Node(InputLayer(), (), (kind,), SPAN, hint=f"x{len(sources)}"))
        return sources[-1].output()

    tensors = tuple(map(source, inputs))
    outputs = outputs_of(layer, inputs, keywords)
    made = Made(layer, Place("layer", (), 0), (), SPAN)
    given = {name: mapped(value, source) for name, value in keywords.items()}
    node = Node(layer, tensors, outputs, SPAN, made, given, hint="x0")
    names = tuple((f"y_{place}", node.output(place)) for place in range(len(outputs)))
    result = Graph("Model", tuple(sources), (node,), names, (made,))
    result.verify()
    return result


def outputs_of(layer: Layer, inputs: Sequence[TensorType], keywords: Mapping[str, Any]) -> tuple[TensorType, ...]:
    """Return the types of the outputs."""
    found = layer.infer(Free(), *inputs, **keywords)
    return found if isinstance(found, tuple) else (found,)


def source(layer: Layer, inputs: Sequence[TensorType], keywords: Mapping[str, Any] | None = None) -> tuple[str, str]:
    """Return the source of a model that is the layer alone, and the name of its class."""
    return emit(layout(graph(layer, inputs, keywords or {})))


def tensors(
    inputs: Sequence[np.ndarray], keywords: Mapping[str, Any]
) -> tuple[list[Tensor], dict[str, Any], list[Tensor]]:
    """Return arrays as tensors: the inputs, the keywords, and all of them in order."""
    every: list[Tensor] = []

    def tensor(value: np.ndarray) -> Tensor:
        every.append(torch.tensor(value, requires_grad=value.dtype == np.float32))
        return every[-1]

    return [tensor(each) for each in inputs], {name: mapped(value, tensor) for name, value in keywords.items()}, every


def by_name(weights: Iterable[Weight], values: Sequence[Tensor | None]) -> dict[str, Any]:
    """Return values in Keras's order by the names that the layer declares."""
    names = dict.fromkeys(weight.variable.partition("[")[0] for weight in weights if weight.variable)
    return dict(zip(names, values, strict=True))


def randomized(twin: keras.layers.Layer) -> None:
    """Give a Keras layer random weights."""
    generator = np.random.default_rng(7)
    for variable in twin.trainable_variables:
        variable.assign(generator.normal(size=variable.shape, scale=0.5))


def compare(
    layer: Layer,
    twin: keras.layers.Layer,
    inputs: Sequence[np.ndarray],
    keywords: Mapping[str, Any] | None = None,
    *,
    training: bool = False,
    times: int = 1,
) -> nn.Module:
    """Assert that a layer agrees with Keras in shapes, counts, outputs and gradients; return its module.

    ``times``: how often it is applied before that, for what moves in training.
    """
    layer.check()
    given = keywords or {}
    kinds = [kind_of(each) for each in inputs]
    kinds_given = {
        name: tuple(found) if isinstance(found := mapped(value, kind_of), list) else found
        for name, value in given.items()
    }
    module = build(*source(layer, kinds, kinds_given), seed=1).train(training)
    _, _, every_mine = tensors(inputs, given)
    theirs, theirs_given, every_theirs = tensors(inputs, given)
    arguments = [theirs] if layer.takes_list else theirs
    extra = {"training": training} if "training" in twin._call_signature.parameters else {}
    twin(*arguments, **theirs_given, **({"training": False} if extra else {}))
    randomized(twin)
    weights = layer.weights(*kinds)
    load(module.get_submodule("layer"), weights, by_name(weights, [each.value.detach() for each in twin.weights]))
    for _ in range(times):
        found = module(*every_mine)
        expected = twin(*arguments, **theirs_given, **extra)
    outputs, others = ([each] if isinstance(each, Tensor) else list(each) for each in (found, expected))
    predicted = outputs_of(layer, kinds, kinds_given)
    generator = torch.Generator().manual_seed(3)
    for output, other, kind in zip(outputs, others, predicted, strict=True):
        assert tuple(output.shape[1:]) == kind.shape[1:]
        close(output, other)
        slope = torch.randn(output.shape, generator=generator)
        output.backward(slope, retain_graph=True)
        other.backward(slope, retain_graph=True)
    for tensor, other in zip(every_mine, every_theirs, strict=True):
        if tensor.requires_grad:
            close(tensor.grad, other.grad)
    _compare_weights(module.get_submodule("layer"), weights, twin)
    return module


def refusal(layer: Layer, inputs: Sequence[TensorType], keywords: Mapping[str, Any] | None = None) -> LayerError:
    """Return the error of a layer that is constructed and applied."""
    try:
        layer.check()
        layer.infer(Free(), *inputs, **(keywords or {}))
    except LayerError as error:
        return error
    raise AssertionError("nothing was refused")


def _compare_weights(module: nn.Module, weights: Sequence[Weight], twin: keras.layers.Layer) -> None:
    """Assert that gradients, moving values and counts are Keras's, and that what Keras has not is a fixed zero."""
    assert sum(int(np.prod(weight.shape)) for weight in weights if weight.counted) == twin.count_params()
    state = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    assert list(module.state_dict()) == list(state)
    assert set(state) == {weight.leaf for weight in weights}
    gradients = by_name(weights, [variable.value.grad for variable in twin.weights])
    values = by_name(weights, [variable.value.detach() for variable in twin.weights])
    for weight in weights:
        name, _, row = weight.variable.partition("[")
        if not name:
            assert not state[weight.leaf].requires_grad
            assert not state[weight.leaf].any()
            continue
        expected = gradients[name] if weight.trainable else values[name]
        found = state[weight.leaf].grad if weight.trainable else state[weight.leaf]
        if found is not None or expected is not None:
            close(found, as_torch(weight, expected[int(row[:-1])] if row else expected))
