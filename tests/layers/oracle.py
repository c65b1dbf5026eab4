"""One layer at a time, emitted and run, against the same layer in Keras: the parser has no part in it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import torch
from torch import Tensor, nn

from nndsl.binding import bind
from nndsl.diagnostics import Source, Span
from nndsl.dims import Dim, Size, symbol
from nndsl.emit import emit
from nndsl.graph import Graph, InputLayer, Made, Node, Place
from nndsl.layers import find
from nndsl.layers.base import Layer, LayerError, TensorType, Weight
from nndsl.module import build
from nndsl.passes.layout import layout
from nndsl.weights import as_torch, load

SPAN = Span(Source("layer.nn", "layer"), 0, 5)
TOLERANCE = 1e-5


@dataclass(frozen=True)
class Case:
    """A layer by name, its arguments, and the shapes of its inputs without the batch; ``dtype`` is theirs."""

    layer: str
    arguments: Mapping[str, Any]
    shapes: tuple[tuple[int, ...], ...]
    dtype: str = "float32"
    keras: Mapping[str, Any] = field(default_factory=dict)
    """What Keras is given beside the arguments, or in their place."""

    def __str__(self) -> str:
        written = ",".join(f"{name}={value}" for name, value in self.arguments.items())
        return f"{self.layer}({written}) {self.shapes}".replace(" ", "")


class Free:
    """Sizes as the elaborator answers for them, for symbols without bounds; demands are kept."""

    def __init__(self) -> None:
        self.demands: list[tuple[Size, int]] = []

    def require(self, size: Size, least: int, error: LayerError) -> None:
        if isinstance(size, Dim):
            self.demands.append((size, least))
        elif size < least:
            raise error

    def at_most(self, size: Size, most: int, error: LayerError) -> None:
        self.require(-size, -most, error)

    def same(self, first: Size, second: Size) -> bool:
        return first == second

    def fixed(self, size: Size, what: str) -> int:
        if isinstance(size, Dim):
            raise LayerError("E0426", what)
        return size


def made(case: Case) -> Layer:
    """Return the layer of a case."""
    declared = find(case.layer)
    assert declared is not None
    layer = bind(declared, list(case.arguments.items()), case.layer)
    layer.check()
    return layer


def types(case: Case) -> tuple[TensorType, ...]:
    """Return the types of its inputs."""
    return tuple(TensorType((symbol("N"), *shape), case.dtype) for shape in case.shapes)


def one_node(layer: Layer, inputs: tuple[TensorType, ...], keywords: Mapping[str, TensorType] | None = None) -> Graph:
    """Return the graph of a model that is the layer alone; the tensors of its keywords are inputs too."""
    sources = [Node(InputLayer(), (), (kind,), SPAN, hint=f"x{place}") for place, kind in enumerate(inputs)]
    extra = {name: Node(InputLayer(), (), (kind,), SPAN, hint=name) for name, kind in (keywords or {}).items()}
    found = layer.infer(Free(), *inputs, **(keywords or {}))
    outputs = found if isinstance(found, tuple) else (found,)
    weighted = type(layer).can_hold_weights
    owner = Made(layer, Place("layer", (), 0), (), SPAN) if weighted else None
    node = Node(
        layer,
        tuple(source.output() for source in sources),
        outputs,
        SPAN,
        owner,
        {name: source.output() for name, source in extra.items()},
        hint="x0",
    )
    names = tuple((f"y_{place}", node.output(place)) for place in range(len(outputs)))
    graph = Graph("Model", (*sources, *extra.values()), (node,), names, (owner,) if owner else ())
    graph.verify()
    return graph


def emitted(
    layer: Layer, inputs: tuple[TensorType, ...], keywords: Mapping[str, TensorType] | None = None
) -> nn.Module:
    """Return the module of a model that is the layer alone."""
    return build(*emit(layout(one_node(layer, inputs, keywords))), seed=1)


def arrays(case: Case, batch: int = 3, seed: int = 0) -> list[np.ndarray]:
    """Return random inputs."""
    generator = np.random.default_rng(seed)
    if case.dtype == "float32":
        return [generator.normal(size=(batch, *shape)).astype("float32") for shape in case.shapes]
    return [generator.integers(0, 5, size=(batch, *shape)).astype(case.dtype) for shape in case.shapes]


def twin(case: Case) -> keras.layers.Layer:
    """Return the layer in Keras, built for the inputs."""
    arguments = {**{name: _keras_argument(value) for name, value in case.arguments.items()}, **case.keras}
    layer = getattr(keras.layers, case.layer)(**arguments)
    shapes = [(None, *shape) for shape in case.shapes]
    layer.build(shapes if _takes_list(case) else shapes[0])
    generator = np.random.default_rng(7)
    for variable in layer.trainable_variables:
        variable.assign(generator.normal(size=variable.shape, scale=0.5))
    return layer


def _keras_argument(value: Any) -> Any:
    return tuple(map(_keras_argument, value)) if isinstance(value, list) else value


def _takes_list(case: Case) -> bool:
    declared = find(case.layer)
    return declared is not None and declared.takes_list


def variables(layer: keras.layers.Layer) -> dict[str, Tensor]:
    """Return the values of a Keras layer's variables by their names."""
    return {variable.name: variable.value.detach().clone() for variable in layer.variables}


def compare(case: Case, *, training: bool) -> None:
    """Assert that a layer agrees with Keras: in shape, output, and the gradients of inputs and weights."""
    layer, theirs = made(case), twin(case)
    module = emitted(layer, types(case)).train(training)
    weights = layer.weights(*types(case))
    if weights:
        load(module.get_submodule("layer"), weights, variables(theirs))
    ours = [torch.tensor(value) for value in arrays(case)]
    others = [torch.tensor(value) for value in arrays(case)]
    if case.dtype == "float32":
        for tensor in (*ours, *others):
            tensor.requires_grad_()
    mine = module(*ours)
    if case.layer.startswith("Average") and case.arguments.get("padding") == "same":
        other = averages(others[0], theirs)
    else:
        extra = {"training": training} if _trains(theirs) else {}
        other = theirs(others if _takes_list(case) else others[0], **extra)
    predicted = layer.infer(Free(), *types(case))
    assert isinstance(predicted, TensorType)
    assert tuple(mine.shape[1:]) == predicted.shape[1:]
    assert str(mine.dtype) == f"torch.{predicted.dtype}"
    close(mine, other)
    if not mine.requires_grad:
        return
    generator = torch.Generator().manual_seed(3)
    slope = torch.randn(mine.shape, generator=generator)
    mine.backward(slope)
    other.backward(slope)
    for tensor, twin_tensor in zip(ours, others, strict=True):
        if tensor.requires_grad:
            close(tensor.grad, twin_tensor.grad)
    gradients = {variable.name: variable.value.grad for variable in theirs.trainable_variables}
    for weight in weights:
        _close_gradient(module, weight, gradients)


def averages(x: Tensor, layer: keras.layers.Layer) -> Tensor:
    """Return the mean of the cells that lie inside of each window: Keras's torch backend repeats the border instead."""
    if layer.data_format == "channels_first":
        return averages(x.movedim(1, -1), _Last(layer.pool_size, layer.strides)).movedim(-1, 1)
    for axis, (window, stride) in enumerate(zip(layer.pool_size, layer.strides, strict=True), 1):
        size = x.shape[axis]
        count = -(-size // stride)
        before = max((count - 1) * stride + window - size, 0) // 2
        starts = [place * stride - before for place in range(count)]
        x = torch.stack(
            [x.narrow(axis, max(start, 0), min(start + window, size) - max(start, 0)).mean(axis) for start in starts],
            axis,
        )
    return x


@dataclass(frozen=True)
class _Last:
    """The windows of a pooling layer, the channels last."""

    pool_size: tuple[int, ...]
    strides: tuple[int, ...]
    data_format: str = "channels_last"


def _trains(layer: keras.layers.Layer) -> bool:
    return "training" in layer._call_signature.parameters


def _close_gradient(module: nn.Module, weight: Weight, gradients: Mapping[str, Tensor]) -> None:
    name, _, row = weight.variable.partition("[")
    if weight.trainable and name:
        found = gradients[name]
        close(
            module.get_parameter(f"layer.{weight.leaf}").grad, as_torch(weight, found[int(row[:-1])] if row else found)
        )


def close(mine: Tensor | None, other: Tensor | None) -> None:
    """Assert that two tensors are equal within 1e-5 of the larger of 1 and their values."""
    assert mine is not None
    assert other is not None
    assert mine.shape == other.shape
    torch.testing.assert_close(mine, other, rtol=TOLERANCE, atol=TOLERANCE)
