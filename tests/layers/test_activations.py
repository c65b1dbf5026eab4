"""Activations by name in the layers that take one, and the mask of Softmax."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import torch

import nndsl
from nndsl.dims import symbol
from nndsl.layers.activation_layers import Softmax
from nndsl.layers.activations import TEMPLATES
from nndsl.layers.base import LayerError, TensorType
from tests.layers.oracle import Case, Free, close, compare

STEPS = ((5, 8),)
TEXT = """
model M {
  input x: (4, 5, 3)
  input m: bool(4, 5, 3)

  y = Conv2D(3, 1)(x)

  output Softmax(AXIS)(y, mask=m), y
}
"""


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("training", [False, True])
def test_every_name_in_a_layer(name: str, training: bool) -> None:
    compare(Case("Dense", {"units": 4, "activation": name}, STEPS), training=training)


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_name_where_the_channels_lie_elsewhere(name: str) -> None:
    compare(Case("Conv2D", {"filters": 4, "kernel_size": 2, "activation": name}, ((4, 6, 3),)), training=False)


def test_threshold_cannot_be_given_by_name() -> None:
    """Keras takes the name, and then cannot call the function."""
    (found,) = nndsl.check('model M {\n  input x: (4)\n  Activation("threshold")\n}\n')
    assert found.code == "E0304"
    assert "two numbers" in found.message
    assert found.help == "write `ops.where(ops.greater(x, 0.5), x, 0.0)`"
    x = torch.randn(3, 4)
    module = nndsl.compile("model M {\n  input x: (4)\n  output ops.where(ops.greater(x, 0.5), x, 0.0)\n}\n").module()
    close(module(x), keras.activations.threshold(x, 0.5, 0.0))


@pytest.mark.parametrize(("written", "axis"), [("", -1), ("axis=1", 1), ("axis=(1, 2)", (1, 2)), ("axis=[3]", [3])])
def test_the_mask_of_softmax_lies_as_its_input_does(written: str, axis: int | tuple[int, ...]) -> None:
    module = nndsl.compile(TEXT.replace("AXIS", written)).module(seed=1)
    generator = np.random.default_rng(1)
    x, mask = torch.randn(2, 4, 5, 3), torch.tensor(generator.random((2, 4, 5, 3)) < 0.6)
    mask[0, 1] = False
    found, y = module(x, mask)
    close(found, keras.layers.Softmax(axis=axis)(y, mask=mask))


@pytest.mark.parametrize(
    ("mask", "code", "message"),
    [
        (TensorType((symbol("N"), 5, 8), "int32"), "E0405", "the `mask` of `Softmax` must be bool, and it is int32"),
        (TensorType((symbol("N"), 5, 4), "bool"), "E0411", "must be (N, 5, 8), and it is (N, 5, 4)"),
        (TensorType((symbol("N"), 8), "bool"), "E0411", "must be (N, 5, 8), and it is (N, 8)"),
        (TensorType((1, 5, 8), "bool", batched=False), "E0411", "must be (N, 5, 8)"),
    ],
)
def test_masks_that_do_not_fit(mask: TensorType, code: str, message: str) -> None:
    with pytest.raises(LayerError) as caught:
        Softmax().infer(Free(), TensorType((symbol("N"), 5, 8)), mask=mask)
    assert caught.value.code == code
    assert message in caught.value.message


def test_a_mask_broadcasts() -> None:
    kind = TensorType((symbol("N"), 5, 8))
    assert Softmax().infer(Free(), kind, mask=TensorType((symbol("N"), 1, 8), "bool")) == kind
