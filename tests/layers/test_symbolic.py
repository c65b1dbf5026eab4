"""Layers at sizes that are known at run time alone: one module for all sizes, equal to Keras at each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch

from nndsl.dims import Dim, evaluate, symbol
from nndsl.layers.base import LayerError, TensorType
from nndsl.weights import load
from tests.layers.oracle import Case, Free, averages, close, emitted, made, twin, variables

T = symbol("T")
STEPS: list[tuple[str, Mapping[str, Any], int]] = [
    *(
        ("Conv1D", {"filters": 2, "kernel_size": kernel, "strides": stride, "padding": padding}, kernel)
        for kernel, stride in ((1, 2), (2, 1), (3, 1), (3, 2), (4, 2), (2, 3), (5, 3))
        for padding in ("same", "valid", "causal")
    ),
    ("SeparableConv1D", {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same"}, 1),
    ("DepthwiseConv1D", {"kernel_size": 4, "strides": 2, "padding": "same"}, 1),
    *(
        ("Conv1DTranspose", {"filters": 2, "kernel_size": kernel, "strides": stride, "padding": padding}, 1)
        for kernel, stride in ((3, 2), (2, 3), (4, 2))
        for padding in ("same", "valid")
    ),
    *(
        (f"{kind}Pooling1D", {"pool_size": pool, "strides": stride, "padding": "same"}, 1)
        for kind in ("Max", "Average")
        for pool, stride in ((1, 1), (1, 3), (2, 1), (2, 2), (2, 3), (3, 1), (3, 2), (4, 1), (4, 2), (4, 3), (3, 5))
    ),
    ("MaxPooling1D", {"pool_size": 3}, 3),
    ("GlobalAveragePooling1D", {}, 1),
    ("GlobalMaxPooling1D", {"keepdims": True}, 1),
    ("AdaptiveMaxPooling1D", {"output_size": 4}, 1),
    ("AdaptiveAveragePooling1D", {"output_size": 4}, 1),
    ("Flatten", {}, 1),
    ("Reshape", {"target_shape": (-1, 2)}, 1),
    ("ZeroPadding1D", {"padding": 2}, 1),
    ("Cropping1D", {"cropping": (1, 2)}, 4),
    ("UpSampling1D", {"size": 3}, 1),
    ("Dense", {"units": 3}, 1),
]


@pytest.mark.parametrize(("name", "arguments", "least"), STEPS, ids=str)
def test_steps(name: str, arguments: Mapping[str, Any], least: int) -> None:
    if name == "Conv1D" and arguments["padding"] != "valid":
        least = 1
    layer = made(Case(name, arguments, ()))
    kind = TensorType((symbol("N"), T, 4))
    sizes = Free()
    predicted = layer.infer(sizes, kind)
    assert isinstance(predicted, TensorType)
    # What the layer asks of T is met by the least size that Keras takes, and by nothing less.
    assert all(_value(size, least) >= limit for size, limit in sizes.demands)
    assert least == 1 or any(_value(size, least - 1) < limit for size, limit in sizes.demands)
    module = emitted(layer, (kind,))
    for size in range(least, least + 9):
        case = Case(name, arguments, ((size, 4),))
        theirs = twin(case)
        if layer.weights(kind):
            load(module.get_submodule("layer"), layer.weights(kind), variables(theirs))
        x = torch.tensor(np.random.default_rng(size).normal(size=(2, size, 4)).astype("float32"))
        found = module(x)
        assert tuple(found.shape[1:]) == tuple(_value(each, size) for each in predicted.shape[1:])
        close(found, averages(x, theirs) if name == "AveragePooling1D" else theirs(x))


def _value(size: int | Dim, steps: int) -> int:
    return evaluate(size, {"T": steps}) if isinstance(size, Dim) else size


@pytest.mark.parametrize("name", ["Conv2D", "MaxPooling2D", "AveragePooling2D"])
def test_images(name: str) -> None:
    window = {"filters": 2, "kernel_size": 3} if name == "Conv2D" else {"pool_size": 3}
    arguments = {**window, "strides": 2, "padding": "same", "data_format": "channels_first"}
    layer = made(Case(name, arguments, ()))
    kind = TensorType((symbol("N"), 3, symbol("H"), symbol("W")))
    module = emitted(layer, (kind,))
    for height, width in ((5, 5), (6, 5), (5, 8), (1, 2)):
        theirs = twin(Case(name, arguments, ((3, height, width),)))
        if name == "Conv2D":
            load(module.get_submodule("layer"), layer.weights(kind), variables(theirs))
        x = torch.tensor(np.random.default_rng(height).normal(size=(2, 3, height, width)).astype("float32"))
        close(module(x), averages(x, theirs) if name == "AveragePooling2D" else theirs(x))


VOLUMES: list[tuple[str, Mapping[str, Any], tuple[int, int, int]]] = [
    *(
        ("Conv3D", {"filters": 2, "kernel_size": kernel, "strides": 2, "padding": padding}, (4, 4, 4))
        for kernel in (2, 3, 4)
        for padding in ("same", "valid")
    ),
    *(
        ("Conv3DTranspose", {"filters": 2, "kernel_size": 3, "strides": (2, 1, 3), "padding": padding}, (1, 1, 1))
        for padding in ("same", "valid")
    ),
    *(
        (f"{kind}Pooling3D", {"pool_size": (3, 2, 2), "strides": strides, "padding": padding}, least)
        for kind in ("Max", "Average")
        for strides in (1, 2, (3, 1, 2))
        for padding, least in (("same", (1, 1, 1)), ("valid", (3, 2, 2)))
    ),
    ("GlobalAveragePooling3D", {}, (1, 1, 1)),
    ("GlobalMaxPooling3D", {"keepdims": True}, (1, 1, 1)),
    ("AdaptiveAveragePooling3D", {"output_size": (2, 3, 4)}, (1, 1, 1)),
    ("AdaptiveMaxPooling3D", {"output_size": (2, 3, 4)}, (1, 1, 1)),
    ("ZeroPadding3D", {"padding": (1, 0, 2)}, (1, 1, 1)),
    ("Cropping3D", {"cropping": (1, 0, (2, 1))}, (3, 1, 4)),
    ("UpSampling3D", {"size": (1, 2, 3)}, (1, 1, 1)),
]


@pytest.mark.parametrize(("name", "arguments", "least"), VOLUMES, ids=str)
def test_volumes(name: str, arguments: Mapping[str, Any], least: tuple[int, int, int]) -> None:
    symbols = {letter: symbol(letter) for letter in "DHW"}
    layer = made(Case(name, arguments, ()))
    kind = TensorType((symbol("N"), *symbols.values(), 2))
    predicted = layer.infer(Free(), kind)
    assert isinstance(predicted, TensorType)
    module = emitted(layer, (kind,))
    for more in ((0, 0, 0), (1, 2, 3), (2, 1, 0), (3, 3, 4), (0, 5, 2)):
        shape = tuple(size + extra for size, extra in zip(least, more, strict=True))
        theirs = twin(Case(name, arguments, ((*shape, 2),)))
        if layer.weights(kind):
            load(module.get_submodule("layer"), layer.weights(kind), variables(theirs))
        x = torch.tensor(np.random.default_rng(sum(shape)).normal(size=(2, *shape, 2)).astype("float32"))
        found = module(x)
        known = dict(zip(symbols, shape, strict=True))
        assert tuple(found.shape[1:]) == tuple(
            evaluate(size, known) if isinstance(size, Dim) else size for size in predicted.shape[1:]
        )
        same = arguments.get("padding") == "same"
        close(found, averages(x, theirs) if name == "AveragePooling3D" and same else theirs(x))


def test_reshape_to_symbols() -> None:
    layer = made(Case("Reshape", {"target_shape": (symbol("H"), symbol("W"), 2, 3)}, ()))
    kind = TensorType((symbol("N"), symbol("H"), symbol("W"), 6))
    module = emitted(layer, (kind,))
    x = torch.randn(2, 4, 5, 6)
    close(module(x), x.reshape(2, 4, 5, 2, 3))


@pytest.mark.parametrize("name", ["Conv", "MaxPooling", "AveragePooling"])
@pytest.mark.parametrize("dimensions", [1, 2, 3])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_export_with_free_sizes(name: str, dimensions: int, stride: int, padding: str) -> None:
    window = {"filters": 2, "kernel_size": 3} if name == "Conv" else {"pool_size": 3}
    layer = made(Case(f"{name}{dimensions}D", {**window, "strides": stride, "padding": padding}, ()))
    symbols = (symbol("D"), symbol("H"), symbol("W"))[:dimensions]
    module = emitted(layer, (TensorType((symbol("N"), *symbols, 4)),))
    free = {0: torch.export.Dim("batch")}
    free |= {axis: torch.export.Dim(f"size{axis}", min=5) for axis in range(1, dimensions + 1)}
    example = torch.randn(2, *(8, 9, 11)[:dimensions], 4)
    exported = torch.export.export(module, (example,), dynamic_shapes=(free,)).module()
    for shape in ((7, 8, 9), (12, 5, 6)):
        x = torch.randn(3, *shape[:dimensions], 4)
        close(exported(x), module(x))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        *((f"Adaptive{kind}Pooling", {"output_size": 3}) for kind in ("Max", "Average")),
        *((f"Global{kind}Pooling", {}) for kind in ("Max", "Average")),
        ("UpSampling", {"size": 3}),
        ("ZeroPadding", {"padding": 2}),
        ("Cropping", {"cropping": 1}),
        ("ConvTranspose", {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same"}),
    ],
    ids=str,
)
@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_export_of_what_moves_and_pools(name: str, arguments: Mapping[str, Any], dimensions: int) -> None:
    whole = f"Conv{dimensions}DTranspose" if name == "ConvTranspose" else f"{name}{dimensions}D"
    layer = made(Case(whole, arguments, ()))
    symbols = (symbol("D"), symbol("H"), symbol("W"))[:dimensions]
    module = emitted(layer, (TensorType((symbol("N"), *symbols, 4)),))
    free = {0: torch.export.Dim("batch")}
    free |= {axis: torch.export.Dim(f"size{axis}", min=5) for axis in range(1, dimensions + 1)}
    example = torch.randn(2, *(8, 9, 11)[:dimensions], 4)
    exported = torch.export.export(module, (example,), dynamic_shapes=(free,)).module()
    for shape in ((7, 8, 9), (12, 5, 6)):
        x = torch.randn(3, *shape[:dimensions], 4)
        close(exported(x), module(x))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("Dense", {"units": 3}), ("Conv1D", {"filters": 2, "kernel_size": 1}), ("PReLU", {})],
)
def test_what_must_be_known(name: str, arguments: Mapping[str, Any]) -> None:
    layer = made(Case(name, arguments, ()))
    with pytest.raises(LayerError) as caught:
        layer.infer(Free(), TensorType((symbol("N"), 5, T)))
    assert caught.value.code == "E0426"
