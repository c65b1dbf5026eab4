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


def test_reshape_to_symbols() -> None:
    layer = made(Case("Reshape", {"target_shape": (symbol("H"), symbol("W"), 2, 3)}, ()))
    kind = TensorType((symbol("N"), symbol("H"), symbol("W"), 6))
    module = emitted(layer, (kind,))
    x = torch.randn(2, 4, 5, 6)
    close(module(x), x.reshape(2, 4, 5, 2, 3))


@pytest.mark.parametrize("name", ["Conv", "MaxPooling", "AveragePooling"])
@pytest.mark.parametrize("dimensions", [1, 2])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_export_with_free_sizes(name: str, dimensions: int, stride: int, padding: str) -> None:
    window = {"filters": 2, "kernel_size": 3} if name == "Conv" else {"pool_size": 3}
    layer = made(Case(f"{name}{dimensions}D", {**window, "strides": stride, "padding": padding}, ()))
    symbols = (symbol("H"), symbol("W"))[:dimensions]
    module = emitted(layer, (TensorType((symbol("N"), *symbols, 4)),))
    free = {0: torch.export.Dim("batch")}
    free |= {axis: torch.export.Dim(f"size{axis}", min=5) for axis in range(1, dimensions + 1)}
    example = torch.randn(2, *(8, 9)[:dimensions], 4)
    exported = torch.export.export(module, (example,), dynamic_shapes=(free,)).module()
    for shape in ((7, 8), (12, 5)):
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
