"""What does nothing is left out, and convolutions put zeros round their inputs themselves."""

from __future__ import annotations

import pytest
import torch

import nndsl
from tests.language.checking import SEED, accepted, keys, model, run, shapes

IMAGES = "input x: (9, 8, 4)"
PADDED = {
    "steps": ("ZeroPadding1D(2)", "Conv1D(3, 3, strides=2)", "(9, 4)", "padding=2"),
    "images": ("ZeroPadding2D(1)", "Conv2D(3, 3)", "(9, 8, 4)", "padding=1"),
    "volumes": ("ZeroPadding3D((1, 2, 0))", "Conv3D(3, 2)", "(5, 4, 6, 2)", "padding=(1, 2, 0)"),
    "dilated": ("ZeroPadding2D((1, 3))", "Conv2D(3, 3, dilation_rate=2)", "(9, 8, 4)", "padding=(1, 3)"),
    "sizes that are free": ("ZeroPadding2D(3)", "Conv2D(3, 7, strides=2)", "(H, W, 4)", "padding=3"),
    "depthwise over steps": ("ZeroPadding1D(1)", "DepthwiseConv1D(3)", "(9, 4)", "padding=1"),
    "depthwise": ("ZeroPadding2D(1)", "DepthwiseConv2D(3, 2)", "(9, 8, 4)", "padding=1"),
    "separable": ("ZeroPadding2D(1)", "SeparableConv2D(5, 3)", "(9, 8, 4)", "padding=1"),
    "channels first": (
        'ZeroPadding2D(1, data_format="channels_first")',
        'Conv2D(3, 3, data_format="channels_first")',
        "(4, 9, 8)",
        "padding=1",
    ),
}
KEPT = {
    "more on one side": "ZeroPadding2D(((0, 1), (0, 1))) -> Conv2D(3, 3)",
    "a pool": "ZeroPadding2D(1) -> MaxPooling2D(3)",
    "a convolution that pads": 'ZeroPadding2D(1) -> Conv2D(3, 3, padding="same")',
    "a transposed convolution": "ZeroPadding2D(1) -> Conv2DTranspose(3, 3)",
    "a layer between": "ZeroPadding2D(1) -> Softmax() -> Conv2D(3, 3)",
    "other axes": 'ZeroPadding2D(1, data_format="channels_first") -> Conv2D(3, 3)',
    "another use": "ZeroPadding2D(1) as padded -> Conv2D(3, 3)\noutput it: x -> Conv2D(1, 1), padded",
    "a layer that is used without": "c = Conv2D(4, 3)\noutput x -> c -> ZeroPadding2D(1) -> c",
    "a layer that is padded otherwise": "c = Conv2D(4, 3)\noutput x -> ZeroPadding2D(1) -> c -> ZeroPadding2D(2) -> c",
    "a layer that is handed over": "output x -> Apply(Conv2D(4, 3))",
}
APPLY = "\nblock Apply(layer) {\n  input x: (H, W, C)\n\n  x -> ZeroPadding2D(1) -> layer\n}\n"

IDLE = ("Dropout(0)", "AlphaDropout(0.0)", "GaussianNoise(0)", "GaussianDropout(0)", "SpatialDropout2D(0)")
SCHEDULE = """
block Dropped(rate) {
  input x: (D)

  x + (x -> Dense(D) -> Dropout(rate))
}
"""


@pytest.mark.parametrize(("padding", "layer", "shape", "expected"), PADDED.values(), ids=PADDED.keys())
def test_convolutions_pad_themselves(padding: str, layer: str, shape: str, expected: str) -> None:
    text, twin = (
        model(f"{padding} -> {between}{layer}", inputs=f"input x: {shape}") for between in ("", "LeakyReLU(1.0) -> ")
    )
    source = accepted(text).source
    assert expected in source
    assert "F.pad" not in source
    assert "F.pad" in accepted(twin).source
    assert keys(text) == keys(twin)
    assert shapes(text) == shapes(twin)
    sizes = accepted(text).model.inputs[0].types[0].shape[1:]
    x = torch.randn(2, *(size if isinstance(size, int) else 11 for size in sizes))
    assert torch.allclose(run(text, x), run(twin, x), atol=1e-6)


@pytest.mark.parametrize("body", KEPT.values(), ids=KEPT.keys())
def test_other_padding_stays(body: str) -> None:
    assert "F.pad" in nndsl.compile(model(body, inputs=IMAGES, before=APPLY)).source


def test_a_layer_that_is_always_padded_pads_itself() -> None:
    text = model("c = Conv2D(4, 3)\noutput x -> ZeroPadding2D(1) -> c -> ZeroPadding2D(1) -> c", inputs=IMAGES)
    assert "nn.Conv2d(4, 4, 3, padding=1)" in accepted(text).source


@pytest.mark.parametrize("layer", IDLE)
def test_what_is_idle_is_left_out(layer: str) -> None:
    source = accepted(model(f"Dense(4) -> {layer} -> ReLU()", inputs=IMAGES)).source
    assert source == accepted(model("Dense(4) -> ReLU()", inputs=IMAGES)).source


def test_what_is_idle_in_one_instance_alone_stays() -> None:
    none = accepted(model("for i in range(3) {\nDropped(0)\n}", before=SCHEDULE)).source
    rising = accepted(model("for i in range(3) {\nDropped(0.1 * i)\n}", before=SCHEDULE)).source
    assert "F.dropout" not in none
    assert rising.count("class Dropped") == 1
    assert "F.dropout(" in rising
    turns = accepted(model("for i in range(3) {\nDense(8) -> Dropout(0.1 * i)\n}")).source
    assert turns.count("F.dropout(") == 3


def test_a_composed_layer_loses_its_idle_part() -> None:
    text = model("f = Dense(8) -> Dropout(0)\noutput x -> f -> f")
    assert "dropout" not in accepted(text).source
    torch.manual_seed(SEED)
    assert run(text, torch.randn(2, 8)).shape == (2, 8)
