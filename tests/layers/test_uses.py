"""What the cases cannot say: one layer at two shapes, keywords of an application, counts, and orders of axes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch

from nndsl.dims import Dim, symbol
from nndsl.emit import emit
from nndsl.graph import Graph, InputLayer, Made, Node, Place
from nndsl.layers.base import Layer, TensorType, Weight
from nndsl.module import build
from nndsl.passes.layout import layout
from nndsl.recipes.initializers import Zeros
from nndsl.weights import as_torch, load
from tests.layers.oracle import SPAN, Case, Free, averages, close, emitted, keras, made, twin, types, variables

N = symbol("N")


def chain(layers: list[Layer], shape: tuple[int, ...]) -> str:
    """Return the source of layers one after the other, none of which has weights but the convolutions."""
    nodes = [Node(InputLayer(), (), (TensorType((N, *shape)),), SPAN, hint="x")]
    mades = []
    for place, layer in enumerate(layers):
        kind = nodes[-1].output().type
        found = layer.infer(Free(), kind)
        assert isinstance(found, TensorType)
        owner = Made(layer, Place(f"layer_{place}", (), place), (), SPAN) if layer.can_hold_weights else None
        mades += [owner] if owner else []
        nodes.append(Node(layer, (nodes[-1].output(),), (found,), SPAN, owner))
    graph = Graph("Model", (nodes[0],), tuple(nodes[1:]), (("y", nodes[-1].output()),), tuple(mades))
    return emit(layout(graph))[0]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("Conv2D", {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same"}),
        ("Conv2DTranspose", {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same"}),
        ("SeparableConv2D", {"filters": 2, "kernel_size": 4, "strides": 2, "padding": "same"}),
        ("MaxPooling2D", {"pool_size": 3, "strides": 2, "padding": "same"}),
        ("AveragePooling2D", {"pool_size": 3, "strides": 2, "padding": "same"}),
        ("AdaptiveMaxPooling2D", {"output_size": 3}),
        ("Resizing", {"height": 4, "width": 6, "crop_to_aspect_ratio": True}),
        ("Resizing", {"height": 8, "width": 8, "antialias": True}),
        ("CenterCrop", {"height": 8, "width": 8}),
    ],
)
def test_one_layer_at_two_shapes(name: str, arguments: Mapping[str, Any]) -> None:
    """What a constructor holds must fit both: `same` differs between even and odd sizes."""
    cases = [Case(name, arguments, ((size, size, 3),)) for size in (8, 7)]
    layer = made(cases[0])
    owner = Made(layer, Place("layer", (), 0), (), SPAN) if layer.can_hold_weights else None
    sources = [Node(InputLayer(), (), types(case), SPAN, hint="x") for case in cases]
    nodes = []
    for source in sources:
        found = layer.infer(Free(), source.output().type)
        assert isinstance(found, TensorType)
        nodes.append(Node(layer, (source.output(),), (found,), SPAN, owner))
    outputs = tuple((f"y_{place}", node.output()) for place, node in enumerate(nodes))
    graph = Graph("Model", tuple(sources), tuple(nodes), outputs, (owner,) if owner else ())
    module = build(*emit(layout(graph)), seed=1)
    theirs = twin(cases[0])
    if owner is not None:
        load(module.get_submodule("layer"), layer.weights(*types(cases[0])), variables(theirs))
    inputs = [torch.randn(2, *case.shapes[0]) for case in cases]
    for mine, x in zip(module(*inputs), inputs, strict=True):
        close(mine, averages(x, theirs) if name == "AveragePooling2D" else theirs(x))


def test_a_convolutional_network_is_permuted_once() -> None:
    layers = [
        made(Case(name, arguments, ()))
        for name, arguments in (
            ("Conv2D", {"filters": 4, "kernel_size": 3, "padding": "same", "activation": "relu"}),
            ("ZeroPadding2D", {}),
            ("MaxPooling2D", {}),
            ("Dropout", {"rate": 0.5}),
            ("Cropping2D", {"cropping": 1}),
            ("Conv2D", {"filters": 4, "kernel_size": 2, "activation": "softmax"}),
            ("LeakyReLU", {}),
            ("UpSampling2D", {}),
            ("GlobalAveragePooling2D", {}),
        )
    ]
    source = chain(layers, (12, 12, 3))
    assert source.count(".permute(") == 1
    assert "F.softmax(self.layer_5(x), dim=1)" in source
    assert "x.mean((2, 3))" in source


def test_a_network_for_volumes_is_permuted_once() -> None:
    layers = [
        made(Case(name, arguments, ()))
        for name, arguments in (
            ("Conv3D", {"filters": 4, "kernel_size": 3, "padding": "same", "activation": "relu"}),
            ("ZeroPadding3D", {}),
            ("MaxPooling3D", {}),
            ("AveragePooling3D", {"pool_size": 2, "padding": "same"}),
            ("SpatialDropout3D", {"rate": 0.5}),
            ("Cropping3D", {"cropping": (1, 0, (0, 1))}),
            ("Conv3DTranspose", {"filters": 4, "kernel_size": 2, "activation": "softmax"}),
            ("UpSampling3D", {}),
            ("AdaptiveMaxPooling3D", {"output_size": 3}),
            ("GlobalAveragePooling3D", {}),
        )
    ]
    source = chain(layers, (12, 12, 12, 3))
    assert source.count(".permute(") == 1
    assert "F.softmax(self.layer_6(x), dim=1)" in source
    assert "[:, :, 1:-1, :, :-1]" in source
    assert "x.mean((2, 3, 4))" in source


def test_softmax_with_mask() -> None:
    layer = made(Case("Softmax", {}, ()))
    mask = torch.tensor([[True, False, True], [False, False, False]])
    x = torch.randn(2, 3)
    module = emitted(layer, (TensorType((N, 3)),), {"mask": TensorType((N, 3), "bool")})
    close(module(x, mask), keras.layers.Softmax()(x, mask=mask))


COUNTS = [
    (Case("Dense", {"units": 5}, ((4, 3),)), 4 * 3 * 5),
    (Case("Conv2D", {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same"}, ((8, 7, 2),)), 16 * 9 * 2 * 4),
    (Case("Conv2D", {"filters": 4, "kernel_size": 3, "groups": 2}, ((8, 7, 2),)), 30 * 9 * 4),
    (Case("Conv1D", {"filters": 4, "kernel_size": 3, "data_format": "channels_first"}, ((2, 9),)), 7 * 3 * 2 * 4),
    (Case("DepthwiseConv2D", {"kernel_size": 3, "depth_multiplier": 2}, ((8, 7, 3),)), 30 * 9 * 6),
    (Case("SeparableConv2D", {"filters": 4, "kernel_size": 3}, ((8, 7, 3),)), 30 * (9 * 3 + 3 * 4)),
    (Case("Conv2DTranspose", {"filters": 4, "kernel_size": 3, "strides": 2}, ((4, 5, 2),)), 20 * 9 * 2 * 4),
    (Case("Conv3DTranspose", {"filters": 4, "kernel_size": 3}, ((4, 5, 3, 2),)), 60 * 27 * 2 * 4),
    (Case("Add", {}, ((5,), (5,))), 0),
]


@pytest.mark.parametrize(("case", "count"), COUNTS, ids=str)
def test_multiply_adds(case: Case, count: int) -> None:
    assert made(case).multiply_adds(*types(case)) == count


def test_multiply_adds_of_free_sizes() -> None:
    height = symbol("H")
    found = made(Case("Conv2D", {"filters": 4, "kernel_size": 3, "padding": "same"}, ())).multiply_adds(
        TensorType((N, height, 7, 2))
    )
    assert isinstance(found, Dim)
    assert found == height * 7 * 9 * 2 * 4


def test_weights_that_do_not_fit_are_refused() -> None:
    weight = Weight("weight", "kernel", (3, 4), "in out -> out in", Zeros())
    with pytest.raises(ValueError, match=r"kernel is \(4, 3\), and should be \(3, 4\)"):
        as_torch(weight, torch.zeros(4, 3))


def test_gates_are_reordered() -> None:
    weight = Weight("weight", "kernel", (2, 6), "in out -> out in", Zeros(), gates=(1, 0, 2))
    value = torch.tensor(np.arange(12.0).reshape(2, 6))
    close(as_torch(weight, value), value[:, [2, 3, 0, 1, 4, 5]].T)
