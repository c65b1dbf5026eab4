"""Images of another size: bicubic and Lanczos, where Keras's torch backend is no oracle; sizes of the run time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch

import nndsl
from nndsl.dims import symbol
from nndsl.layers.base import LayerError, TensorType
from tests.layers.oracle import Case, Free, close, emitted, made, twin, types

Kernel = Callable[[np.ndarray], np.ndarray]


def cubic(x: np.ndarray) -> np.ndarray:
    """Keys's kernel with a = -0.5."""
    near = ((1.5 * x - 2.5) * x) * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x >= 2, 0, np.where(x >= 1, far, near))


def lanczos(radius: int) -> Kernel:
    return lambda x: np.where(x <= radius, np.sinc(x) * np.sinc(x / radius), 0)


KERNELS: list[tuple[str, Kernel]] = [("bicubic", cubic), ("lanczos3", lanczos(3)), ("lanczos5", lanczos(5))]


def matrix(have: int, want: int, kernel: Kernel, *, antialias: bool = False) -> np.ndarray:
    """Return the weights of each pixel for each new one; what lies outside is left out."""
    centres = (np.arange(want) + 0.5) * have / want - 0.5
    distance = np.abs(centres[:, None] - np.arange(have))
    weights = kernel(distance * want / have if antialias and have > want else distance)
    return np.asarray(weights / weights.sum(1, keepdims=True))


def expected(x: np.ndarray, size: tuple[int, int], kernel: Kernel, *, antialias: bool = False) -> torch.Tensor:
    """Return images, (N, height, width, C), of another size."""
    rows, columns = (matrix(x.shape[place + 1], size[place], kernel, antialias=antialias) for place in (0, 1))
    return torch.tensor(np.einsum("nhwc,yh,xw->nyxc", x, rows, columns).astype("float32"))


def images(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height * width).normal(size=(3, height, width, 2)).astype("float32")


@pytest.mark.parametrize(("name", "kernel"), KERNELS, ids=lambda value: str(value)[:9])
@pytest.mark.parametrize("size", [(1, 2), (2, 2), (3, 2)])
def test_upsampling(name: str, kernel: Kernel, size: tuple[int, int]) -> None:
    case = Case("UpSampling2D", {"size": size, "interpolation": name}, ((5, 7, 2),))
    x = images(5, 7)
    close(emitted(made(case), types(case))(torch.tensor(x)), expected(x, (5 * size[0], 7 * size[1]), kernel))


@pytest.mark.parametrize(("name", "kernel"), KERNELS, ids=lambda value: str(value)[:9])
@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("size", [(9, 7), (16, 8), (3, 11), (4, 2), (1, 1)])
def test_resizing(name: str, kernel: Kernel, antialias: bool, size: tuple[int, int]) -> None:
    arguments = {"height": size[0], "width": size[1], "interpolation": name, "antialias": antialias}
    x = images(9, 7)
    wanted = expected(x, size, kernel, antialias=antialias)
    case = Case("Resizing", arguments, ((9, 7, 2),))
    close(emitted(made(case), types(case))(torch.tensor(x)), wanted)
    free = (TensorType((symbol("N"), symbol("H"), symbol("W"), 2)),)
    close(emitted(made(case), free)(torch.tensor(x)), wanted)


@pytest.mark.parametrize("name", ["bicubic", "lanczos3"])
def test_integers_do_not_wrap(name: str) -> None:
    """Both kernels overshoot at an edge from 0 to 255."""
    case = Case("Resizing", {"height": 1, "width": 16, "interpolation": name}, ((1, 8, 1),), "uint8")
    x = np.repeat(np.array([0, 255], "uint8"), 4).reshape(1, 1, 8, 1)
    exact = expected(x.astype("float32"), (1, 16), dict(KERNELS)[name])
    assert exact.min() < -1
    assert exact.max() > 256
    found = emitted(made(case), types(case))(torch.tensor(x))
    close(found, exact.round().clamp(0, 255).to(torch.uint8))


def test_fill_value_is_kept_in_the_range() -> None:
    case = Case(
        "Resizing",
        {"height": 2, "width": 4, "pad_to_aspect_ratio": True, "fill_value": -9.0},
        ((2, 2, 1),),
        "uint8",
    )
    found = emitted(made(case), types(case))(torch.full((1, 2, 2, 1), 200, dtype=torch.uint8))
    assert found.flatten().tolist() == [0, 200, 200, 0] * 2


def test_large_integers_are_exact() -> None:
    case = Case("Resizing", {"height": 2, "width": 2, "interpolation": "nearest"}, ((1, 1, 1),), "int64")
    found = emitted(made(case), types(case))(torch.full((1, 1, 1, 1), 2**31 + 1))
    assert (found == 2**31 + 1).all()


FREE = [
    *(
        ("Resizing", {"height": 6, "width": 9, "interpolation": how, "antialias": smooth, **kept})
        for how, smooth in (("bilinear", False), ("bilinear", True), ("nearest", False), ("bicubic", True))
        for kept in ({}, {"crop_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True, "fill_value": 2.0})
    ),
    ("CenterCrop", {"height": 6, "width": 9}),
]
SHAPES = ((6, 9), (5, 9), (6, 5), (12, 18), (20, 7), (7, 21), (1, 1), (1, 9), (8, 1))


@pytest.mark.parametrize(("name", "arguments"), FREE, ids=str)
@pytest.mark.parametrize("place", ["channels_last", "channels_first"])
def test_free_sizes(name: str, arguments: Mapping[str, Any], place: str) -> None:
    layer = made(Case(name, {**arguments, "data_format": place}, ()))
    free = (symbol("H"), symbol("W"))
    kind = TensorType((symbol("N"), 2, *free) if place == "channels_first" else (symbol("N"), *free, 2))
    module = emitted(layer, (kind,))
    for height, width in SHAPES:
        if arguments.get("interpolation") == "bicubic" and (height < 6 or width < 9):
            continue  # without anything to smooth, Keras's torch backend has another kernel
        x = torch.tensor(images(height, width))
        x = x.movedim(-1, 1) if place == "channels_first" else x
        theirs = twin(Case(name, {**arguments, "data_format": place}, (tuple(x.shape[1:]),)))
        if arguments.get("interpolation") != "bicubic" or not arguments.get("crop_to_aspect_ratio"):
            close(module(x), theirs(x))
        # One size that is known alone is no other way.
        half = TensorType((symbol("N"), x.shape[1], symbol("W"), x.shape[3]))
        close(emitted(layer, (half,))(x), module(x))
        fixed = TensorType((symbol("N"), *x.shape[1:]))
        close(emitted(layer, (fixed,))(x), module(x))


@pytest.mark.parametrize(
    ("name", "arguments"), [*FREE, ("Resizing", {"height": 6, "width": 9, "interpolation": "bicubic"})], ids=str
)
def test_export(name: str, arguments: Mapping[str, Any]) -> None:
    layer = made(Case(name, arguments, ()))
    module = emitted(layer, (TensorType((symbol("N"), symbol("H"), symbol("W"), 2)),))
    least = 9 if name == "CenterCrop" else 2  # what is too small is enlarged instead: another way
    sizes = {axis: torch.export.Dim(f"size{axis}", min=least, max=64) for axis in (1, 2)}
    free = {0: torch.export.Dim("batch"), **sizes}
    exported = torch.export.export(module, (torch.randn(2, 12, 13, 2),), dynamic_shapes=(free,)).module()
    for shape in ((12, 13), (15, 10), (9, 40)):
        x = torch.randn(3, *shape, 2)
        close(exported(x), module(x))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize(
    ("name", "arguments", "shape"),
    [
        ("UpSampling2D", {"interpolation": "bicubic"}, (5, 7, 2)),
        ("UpSampling2D", {"interpolation": "lanczos3"}, (5, 7, 2)),
        ("Resizing", {"height": 3, "width": 9, "antialias": True}, (5, 7, 2)),
        ("Resizing", {"height": 3, "width": 9, "interpolation": "bicubic"}, (5, 7, 2)),
        ("AveragePooling3D", {"pool_size": 2, "padding": "same"}, (3, 5, 7, 2)),
    ],
    ids=str,
)
def test_sixteen_bits(name: str, arguments: Mapping[str, Any], shape: tuple[int, ...], dtype: str) -> None:
    """PyTorch has kernels for 32 bits alone; Keras's torch backend has them neither, or computes in float32."""
    exact = Case(name, arguments, (shape,))
    half = Case(name, {**arguments, "dtype": dtype}, (shape,), dtype)
    x = torch.randn(2, *shape).to(getattr(torch, dtype))
    found = emitted(made(half), types(half))(x)
    assert torch.equal(found, emitted(made(exact), types(exact))(x.float()).to(x.dtype))


def test_what_has_its_size_already_stays() -> None:
    source = nndsl.compile(
        "model M {\n  input x: (8, 9, 3)\n  Resizing(8, 9)\n  CenterCrop(8, 9)\n  ReLU()\n}\n"
    ).source
    assert "return F.relu(x)" in source


@pytest.mark.parametrize(
    ("before", "crop"),
    [("", "x[:, 1:6, 3:6]"), ('  MaxPooling2D(2, strides=1, padding="same")\n', "x[:, :, 1:6, 3:6]")],
)
def test_a_crop_is_a_slice_wherever_the_channels_are(before: str, crop: str) -> None:
    text = f"model M {{\n  input x: (8, 9, 3)\n{before}  CenterCrop(5, 3)\n  ReLU()\n}}\n"
    assert f"x = {crop}  # (N, " in nndsl.compile(text).source


def test_cropping_and_padding_exclude_each_other() -> None:
    case = Case("Resizing", {"height": 2, "width": 2, "crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, ())
    with pytest.raises(LayerError) as caught:
        made(case)
    assert caught.value.code == "E0305"
    with pytest.raises(ValueError, match="Only one of"):
        twin(Case(case.layer, case.arguments, ((4, 4, 1),)))(torch.ones(1, 4, 4, 1))


@pytest.mark.parametrize("name", ["Resizing", "CenterCrop"])
def test_inputs_are_refused(name: str) -> None:
    layer = made(Case(name, {"height": 2, "width": 2}, ()))
    with pytest.raises(LayerError) as caught:
        layer.infer(Free(), TensorType((symbol("N"), 5, 5)))
    assert caught.value.code == "E0401"
