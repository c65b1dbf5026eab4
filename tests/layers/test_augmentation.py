"""Augmentation against Keras's transforms of the same draws, the draws against Keras's ranges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor

import nndsl
from tests.layers.oracle import Case, close, emitted, keras, made, types

SHAPE = (6, 9, 3)
FILLS = [
    *({"fill_mode": fill, "interpolation": way} for fill in ("reflect", "wrap", "nearest", "constant")
      for way in ("bilinear", "nearest")),
    {"fill_mode": "constant", "fill_value": 2.5},
    {"fill_mode": "constant", "fill_value": -1, "interpolation": "nearest"},
]  # fmt: skip
PLACES = ("channels_last", "channels_first")
RANGES = (0.25, 1.0, (0.1, 0.4), (-0.9, 0.3), (-0.5, -0.5))


def cases(name: str, *arguments: Mapping[str, Any]) -> list[Case]:
    """Return cases of a layer, in both places of the channels."""
    shapes = {"channels_last": SHAPE, "channels_first": (SHAPE[2], *SHAPE[:2])}
    return [
        Case(name, {**given, "data_format": place}, (shapes[place],)) for given, place in product(arguments, PLACES)
    ]


CASES = [
    *cases("RandomFlip", *({"mode": mode} for mode in ("horizontal", "vertical", "horizontal_and_vertical")), {}),
    *cases("RandomRotation", *({"factor": factor} for factor in (*RANGES, (-1.2, 0.5))), {"factor": 0.3, "seed": 4}),
    *cases("RandomRotation", *({"factor": 0.5, **fill} for fill in FILLS)),
    *cases("RandomZoom", *({"height_factor": factor} for factor in (0.5, (0.3, 1.0), (-0.9, -0.5)))),
    *cases("RandomZoom", *({"height_factor": 0.6, "width_factor": (-0.5, 1), **fill} for fill in FILLS)),
    *cases("RandomTranslation", *({"height_factor": factor, "width_factor": 0.2} for factor in RANGES)),
    *cases("RandomTranslation", *({"height_factor": 0.6, "width_factor": (-1, 1), **fill} for fill in FILLS)),
    *cases("RandomContrast", *({"factor": factor, "value_range": (-2, 3)} for factor in (0.5, 1, (0.3, 0.9), (0, 4)))),
    *cases("RandomBrightness", *({"factor": factor, "value_range": (-2, 3)} for factor in (*RANGES, (-3, 0.1)))),
    *cases("RandomBrightness", {"factor": 0.5}),
]


def uniform(lower: float, upper: float, *shape: int) -> Tensor:
    """Draw as PyTorch does."""
    return torch.empty(shape).uniform_(lower, upper)


def of_flip(layer: keras.layers.Layer, count: int) -> Any:
    return {"flips": torch.rand(count).view(-1, 1, 1, 1) <= 0.5}


def of_rotation(layer: keras.layers.Layer, count: int) -> Any:
    zeros = torch.zeros(count)
    angle = 360 * uniform(*layer.factor, count)
    matrix = layer._compute_affine_matrix(0.5, 0.5, angle, zeros, zeros, zeros + 1, zeros, zeros, *SHAPE[:2])
    return {"rotation_matrix": matrix}


def of_zoom(layer: keras.layers.Layer, count: int) -> Any:
    height = width = 1 + uniform(layer.height_lower, layer.height_upper, count, 1)
    if layer.width_factor is not None:
        width = 1 + uniform(layer.width_lower, layer.width_upper, count, 1)
    return {"height_zoom": height, "width_zoom": width}


def of_translation(layer: keras.layers.Layer, count: int) -> Any:
    height = SHAPE[0] * uniform(layer.height_lower, layer.height_upper, count, 1)
    width = SHAPE[1] * uniform(layer.width_lower, layer.width_upper, count, 1)
    return {"translations": torch.cat((width, height), 1)}


def of_contrast(layer: keras.layers.Layer, count: int) -> Any:
    return {"contrast_factor": uniform(1 - layer.factor[0], 1 + layer.factor[1], count).view(-1, 1, 1, 1)}


def of_brightness(layer: keras.layers.Layer, count: int) -> Any:
    low, high = layer.value_range
    return {"rgb_delta": (high - low) * uniform(*layer.factor, count, 1, 1, 1)}


DRAWS: dict[str, Callable[[keras.layers.Layer, int], Any]] = {
    "RandomFlip": of_flip,
    "RandomRotation": of_rotation,
    "RandomZoom": of_zoom,
    "RandomTranslation": of_translation,
    "RandomContrast": of_contrast,
    "RandomBrightness": of_brightness,
}
"""What Keras's ``get_random_transformation`` returns, drawn in the order in which nndsl draws."""


def images(case: Case, count: int = 16) -> Tensor:
    """Return random images."""
    return torch.randn(count, *case.shapes[0], generator=torch.Generator().manual_seed(3))


def theirs(case: Case) -> keras.layers.Layer:
    """Return Keras's layer."""
    return getattr(keras.layers, case.layer)(**case.arguments)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_training_is_the_transform_of_the_draws(case: Case) -> None:
    module, layer = emitted(made(case), types(case)).train(), theirs(case)
    x, other = images(case).requires_grad_(), images(case).requires_grad_()
    torch.manual_seed(5)
    mine = module(x)
    torch.manual_seed(5)
    wanted = layer.transform_images(other.clone(), DRAWS[case.layer](layer, len(x)), training=True)
    close(mine, wanted)
    slope = images(case).roll(1, 0)
    mine.backward(slope)
    wanted.backward(slope)
    close(x.grad, other.grad)


@pytest.mark.parametrize("name", DRAWS)
def test_draws_have_the_form_of_keras(name: str) -> None:
    """Else the tests above would compare with a transform of what Keras never draws."""
    case = next(case for case in CASES if case.layer == name)
    layer = theirs(case)
    for key, drawn in DRAWS[name](layer, 4).items():
        known = layer.get_random_transformation(images(case, 4), training=True)[key]
        assert (drawn.shape, drawn.dtype) == (known.shape, known.dtype)


@pytest.mark.parametrize(
    ("name", "arguments", "key"),
    [
        ("RandomFlip", {}, "flips"),
        ("RandomRotation", {"factor": (-0.1, 0.3)}, "rotation_matrix"),
        ("RandomZoom", {"height_factor": 0.5, "width_factor": (-0.5, 1)}, "height_zoom"),
        ("RandomTranslation", {"height_factor": (0.1, 0.2), "width_factor": 0.3}, "translations"),
        ("RandomContrast", {"factor": 0.4}, "contrast_factor"),
        ("RandomBrightness", {"factor": (-0.1, 0.4)}, "rgb_delta"),
    ],
)
def test_draws_are_spread_as_those_of_keras(name: str, arguments: dict[str, Any], key: str) -> None:
    layer = getattr(keras.layers, name)(**arguments, seed=1)
    torch.manual_seed(2)
    x = torch.zeros(4000, *SHAPE)
    mine = DRAWS[name](layer, len(x))[key].float().flatten(1)
    other = layer.get_random_transformation(x, training=True)[key].float().flatten(1)
    grid = torch.linspace(0, 1, 11)
    spread = (other.amax(0) - other.amin(0)).clamp(min=1e-6)
    assert ((mine.quantile(grid, 0) - other.quantile(grid, 0)).abs() < 0.06 * spread).all() or key == "flips"
    close_means = (mine.mean(0) - other.mean(0)).abs() <= 0.03 * spread
    assert close_means.all()


@pytest.mark.parametrize("case", [case for case in CASES if case.layer in DRAWS], ids=str)
def test_inference_changes_nothing(case: Case) -> None:
    x = images(case)
    assert torch.equal(emitted(made(case), types(case)).eval()(x), x)
    close(theirs(case)(x, training=False), x)


@pytest.mark.parametrize("case", [next(case for case in CASES if case.layer == name) for name in DRAWS], ids=str)
def test_samples_draw_for_themselves_and_anew(case: Case) -> None:
    module = emitted(made(case), types(case)).train()
    x = images(case, 1).expand(64, *case.shapes[0])
    torch.manual_seed(6)
    first, second = module(x), module(x)
    assert not torch.allclose(first[1:], first[:-1])
    assert not torch.allclose(first, second)


@pytest.mark.parametrize("dtype", ["uint8", "int32"])
@pytest.mark.parametrize("name", [*DRAWS, "RandomCrop"])
def test_integers_become_floats(name: str, dtype: str) -> None:
    case = next(case for case in [*CASES, *CROPS] if case.layer == name)
    module = emitted(made(Case(name, case.arguments, case.shapes, dtype)), types(Case(name, {}, case.shapes, dtype)))
    floats = emitted(made(case), types(case))
    x = (40 * images(case, 3)).clamp(0, 255).to(getattr(torch, dtype))
    for training in (False, True):
        results = []
        for each, taken in ((module, x), (floats, x.float())):
            torch.manual_seed(7)
            results.append(each.train(training)(taken))
        assert results[0].dtype == torch.float32
        close(*results)


@pytest.mark.parametrize("policy", ["bfloat16", "float16", "mixed_bfloat16", "float64"])
@pytest.mark.parametrize("name", [*DRAWS, "RandomCrop"])
def test_policies(name: str, policy: str) -> None:
    case = next(case for case in [*CASES, *CROPS] if case.layer == name)
    x = images(case, 3)
    torch.manual_seed(8)
    exact = emitted(made(case), types(case)).train()(x)
    given = Case(name, {**case.arguments, "dtype": policy}, case.shapes)
    shape = ", ".join(map(str, case.shapes[0]))
    written = ", ".join(f"{key}={_literal(value)}" for key, value in given.arguments.items())
    module = nndsl.compile(f"model M {{\n  input ({shape})\n\n  {name}({written})\n}}\n").module().train()
    torch.manual_seed(8)
    found = module(x)
    assert str(found.dtype) == f"torch.{policy.removeprefix('mixed_')}"
    assert found.isfinite().all()
    if policy == "float64" and name not in ("RandomContrast", "RandomBrightness"):  # they draw in that dtype
        close(found.float(), exact)


def _literal(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


SIZES = ((4, 5), (6, 9), (1, 1), (5, 9), (6, 2), (8, 12), (3, 20), (12, 3), (7, 7))
CROPS = cases("RandomCrop", *({"height": height, "width": width} for height, width in SIZES))


def cut(case: Case, corner: tuple[int, int], x: Tensor) -> Tensor:
    """Return what Keras cuts out of images at a corner."""
    layer = theirs(case)
    return layer.transform_images(x, corner, training=True)


@pytest.mark.parametrize("case", CROPS, ids=str)
def test_crop_in_training(case: Case) -> None:
    module, x = emitted(made(case), types(case)).train(), images(case)
    height, width = case.arguments["height"], case.arguments["width"]
    for seed in range(4):
        torch.manual_seed(seed)
        mine = module(x)
        torch.manual_seed(seed)
        if SHAPE[0] > height and SHAPE[1] > width:
            corner = (int(torch.randint(SHAPE[0] - height + 1, ())), int(torch.randint(SHAPE[1] - width + 1, ())))
        else:
            corner = theirs(case).get_random_transformation(x, training=True)
        close(mine, cut(case, corner, x))


def test_crop_draws_each_corner_equally_often() -> None:
    case = Case("RandomCrop", {"height": 4, "width": 7}, (SHAPE,))
    module = emitted(made(case), types(case)).train()
    rows, columns = torch.meshgrid(torch.arange(6.0), torch.arange(9.0), indexing="ij")
    x = torch.stack((rows, columns, rows), -1)[None]
    torch.manual_seed(9)
    mine = [tuple(module(x)[0, 0, 0, :2].int().tolist()) for _ in range(1800)]
    layer = theirs(case)
    other = {tuple(int(each) for each in layer.get_random_transformation(x, training=True)) for _ in range(400)}
    assert set(mine) == other == set(product(range(3), range(3)))
    assert all(abs(mine.count(corner) - 200) < 70 for corner in other)


@pytest.mark.parametrize("case", CROPS, ids=str)
def test_crop_in_inference(case: Case) -> None:
    """Keras's own layer gives its images back as they are then, whatever it says its output is; see its text."""
    x, place = images(case), case.arguments["data_format"]
    size = (case.arguments["height"], case.arguments["width"])
    wanted = keras.ops.image.resize(x, size, crop_to_aspect_ratio=True, data_format=place)
    close(emitted(made(case), types(case)).eval()(x), wanted)


def test_free_sizes() -> None:
    lines = 'RandomRotation(0.2)\n  RandomTranslation(0.2, 0.1, fill_mode="wrap")\n  RandomFlip()\n  RandomZoom(0.3)'
    module = nndsl.compile(f"model M {{\n  input (H, W, 3)\n\n  {lines}\n}}\n").module().train()
    for height, width in ((5, 9), (12, 4), (1, 1)):
        assert module(torch.rand(2, height, width, 3)).shape == (2, height, width, 3)
    module = nndsl.compile("model M {\n  input (H, W, 3)\n\n  RandomCrop(4, 5)\n}\n").module()
    for training, height, width in product((True, False), (3, 4, 9), (3, 5, 9)):
        assert module.train(training)(torch.rand(2, height, width, 3)).shape == (2, 4, 5, 3)


@pytest.mark.parametrize("name", ["RandomFlip()", "RandomRotation(0.2)", "RandomCrop(4, 4)", "RandomContrast(0.5)"])
def test_time_distributed(name: str) -> None:
    text = f"model M {{\n  input (3, 6, 6, 2)\n\n  TimeDistributed({name})\n}}\n"
    module = nndsl.compile(text).module()
    x = torch.rand(2, 3, 6, 6, 2)
    size = 4 if "Crop" in name else 6
    assert module.train()(x).shape == module.eval()(x).shape == (2, 3, size, size, 2)


def test_exports() -> None:
    text = "model M {\n  input (8, 8, 3)\n\n  RandomFlip()\n  RandomRotation(0.1)\n  RandomCrop(4, 4)\n}\n"
    module = nndsl.compile(text).module().eval()
    x = torch.rand(2, 8, 8, 3)
    close(torch.export.export(module, (x,)).module()(x), module(x))
