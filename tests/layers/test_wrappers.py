"""TimeDistributed, as the elaborator takes it apart, and PositionEmbedding."""

from __future__ import annotations

from typing import Any

import keras
import pytest
import torch

import nndsl
from nndsl.arguments import ArgumentError
from nndsl.binding import BindingError, bind
from nndsl.dims import symbol
from nndsl.emit import emit
from nndsl.graph import Graph, InputLayer, Made, Node, Place
from nndsl.layers.base import Layer, LayerError, TensorType
from nndsl.layers.bidirectional import Bidirectional
from nndsl.layers.convolution import Conv2D
from nndsl.layers.core import Activation, Dense
from nndsl.layers.embedding import PositionEmbedding
from nndsl.layers.normalization import BatchNormalization, GroupNormalization, LayerNormalization
from nndsl.layers.recurrent import LSTM
from nndsl.layers.wrappers import FoldTime, Stepwise, UnfoldTime, looks_at_batch, way
from nndsl.module import build
from nndsl.passes.layout import layout
from nndsl.weights import load
from tests.layers.oracle import SPAN, Free
from tests.layers.sequences import by_name, compare, kind_of, random, refusal


def folded(layer: Layer, x: TensorType) -> Graph:
    """Return the graph that the elaborator makes of a layer that is folded."""
    start = Node(InputLayer(), (), (x,), SPAN, hint="x")
    nodes = [Node(FoldTime(), (start.output(),), (inferred(FoldTime(), x),), SPAN, hint="x")]
    made = Made(layer, Place("layer", (), 0), (), SPAN) if layer.can_hold_weights else None
    inner = inferred(layer, nodes[0].types[0])
    nodes.append(Node(layer, (nodes[0].output(),), (inner,), SPAN, made, hint="x"))
    outer = inferred(UnfoldTime(), inner, x)
    nodes.append(Node(UnfoldTime(), (nodes[1].output(), start.output()), (outer,), SPAN, hint="y"))
    graph = Graph("Model", (start,), tuple(nodes), (("y", nodes[-1].output()),), (made,) if made else ())
    graph.verify()
    return graph


def inferred(layer: Layer, *inputs: TensorType) -> TensorType:
    found = layer.infer(Free(), *inputs)
    assert isinstance(found, TensorType)
    return found


@pytest.mark.parametrize("steps", [4, symbol("T")])
@pytest.mark.parametrize(
    ("layer", "twin", "shape"),
    [
        (Conv2D(filters=3, kernel_size=(2, 2)), keras.layers.Conv2D(3, 2), (2, 4, 5, 6, 2)),
        (LSTM(units=3), keras.layers.LSTM(3), (2, 4, 5, 2)),
        (GroupNormalization(groups=2), keras.layers.GroupNormalization(2), (2, 4, 5, 6)),
        (BatchNormalization(trainable=False), keras.layers.BatchNormalization(trainable=False), (2, 4, 6)),
    ],
)
def test_folded(steps: Any, layer: Layer, twin: Any, shape: tuple[int, ...]) -> None:
    (x,) = map(torch.tensor, random(shape))
    wrapper = keras.layers.TimeDistributed(twin)
    expected = wrapper(x)
    kind = TensorType((symbol("N"), steps, *shape[2:]))
    assert way(layer, kind) == "folded"
    module = build(*emit(layout(folded(layer, kind))))
    weights = layer.weights(kind.with_shape(kind.shape[0], *kind.shape[2:]))
    load(module.layer, weights, by_name(weights, [each.value.detach() for each in wrapper.weights]))
    torch.testing.assert_close(module(x), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("layer", "twin"),
    [
        (Dense(units=3, activation="relu"), keras.layers.Dense(3, activation="relu")),
        (LayerNormalization(), keras.layers.LayerNormalization()),
    ],
)
def test_direct(layer: Layer, twin: Any) -> None:
    (x,) = random((2, 4, 5, 6))
    assert way(layer, kind_of(x)) == "direct"
    compare(layer, keras.layers.TimeDistributed(twin), [x])


def test_way() -> None:
    x = kind_of(*random((2, 4, 5, 6)))
    assert way(Activation(activation="softmax"), x) == "direct"
    assert way(LayerNormalization(axis=1), x) == "folded"
    assert way(None, x) == "folded"
    with pytest.raises(LayerError) as caught:
        way(Dense(units=3), kind_of(*random((2, 4))))
    assert caught.value.code == "E0401"


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("arguments", [{}, {"axis": 1}])
def test_stepwise(training: bool, arguments: dict[str, Any]) -> None:
    """Batch normalization of a sequence takes the statistics of one step after the other."""
    layer = BatchNormalization(momentum=0.9, **arguments)
    assert looks_at_batch(layer)
    assert not looks_at_batch(BatchNormalization(trainable=False))
    twin = keras.layers.TimeDistributed(keras.layers.BatchNormalization(momentum=0.9, **arguments))
    compare(Stepwise(layer), twin, random((3, 4, 5, 6)), training=training)


def test_what_is_wrapped() -> None:
    assert bind(Bidirectional, [(None, LSTM(units=3)), (None, "sum")]).merge_mode == "sum"
    for value in (Dense(units=3), 3, None):
        with pytest.raises((BindingError, ArgumentError)) as caught:
            bind(Bidirectional, [(None, value)])
        assert caught.value.code == "E0302"
        assert "must be a recurrent layer such as `LSTM(64)`" in caught.value.message


@pytest.mark.parametrize("steps", [3, 8, symbol("T")])
def test_position_embedding(steps: Any) -> None:
    (x,) = map(torch.tensor, random((2, steps if isinstance(steps, int) else 5, 6)))
    graph = folded_alone(PositionEmbedding(length=8), TensorType((symbol("N"), steps, 6)))
    module = build(*emit(layout(graph)), seed=1)
    assert list(module.state_dict()) == ["layer.weight"]
    assert module.layer.weight.shape == (8, 6)
    assert module.layer.weight.abs().max() <= (6 / 14) ** 0.5
    assert torch.equal(module(x), x + module.layer.weight[: x.shape[1]])


def folded_alone(layer: Layer, x: TensorType) -> Graph:
    start = Node(InputLayer(), (), (x,), SPAN, hint="x")
    made = Made(layer, Place("layer", (), 0), (), SPAN)
    node = Node(layer, (start.output(),), (inferred(layer, x),), SPAN, made, hint="x")
    return Graph("Model", (start,), (node,), (("y", node.output()),), (made,))


def test_positions_run_out() -> None:
    layer = PositionEmbedding(length=8)
    assert refusal(layer, [TensorType((symbol("N"), 9, 6))]).code == "E0412"
    sizes = Free()
    layer.infer(sizes, TensorType((symbol("N"), symbol("T"), 6)))
    assert [(str(size), least) for size, least in sizes.demands] == [("8 - T", 0)]


TOGETHER = "a `TimeDistributed` and its layer are trained or not together"


def text(layer: str) -> str:
    return f"model M {{\n  input x: (4, 5, 3)\n  outside = Dense(2)\n  output x -> {layer}\n}}\n"


@pytest.mark.parametrize(
    "inner",
    ["Dense(2)", "Conv1D(2, 3)", "LSTM(2)", "BatchNormalization()", "TimeDistributed(Dense(2))", "Dropout(0.1)"],
)
def test_what_is_not_trained(inner: str) -> None:
    module, trained = (
        nndsl.compile(text(f"TimeDistributed({inner}, trainable={truth})")).module() for truth in ("false", "true")
    )
    assert not any(weight.requires_grad for weight in module.parameters())
    assert any(weight.requires_grad for weight in trained.parameters()) or inner == "Dropout(0.1)"
    assert list(module.state_dict()) == list(trained.state_dict())


@pytest.mark.parametrize(
    ("layer", "code", "message"),
    [
        ("Dense(2), trainable=1", "E0302", "`trainable` must be `true` or `false`, not `1`"),
        ("outside, trainable=false", "E0305", "a `TimeDistributed` and its layer are trained or not together"),
        (
            "Dense(2) -> Dense(3), trainable=false",
            "E0305",
            "a `TimeDistributed` and its layer are trained or not together",
        ),
    ],
)
def test_what_cannot_be_said_of_it(layer: str, code: str, message: str) -> None:
    with pytest.raises(nndsl.NNDSLError) as caught:
        nndsl.compile(text(f"TimeDistributed({layer})"))
    assert (code, message) in [(found.code, found.message) for found in caught.value.diagnostics]
