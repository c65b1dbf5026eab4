"""The normalizations against Keras, in training and after it."""

from __future__ import annotations

import copy
import pickle

import keras
import numpy as np
import pytest
import torch
from torch import nn

from nndsl.dims import symbol
from nndsl.layers.base import Layer, TensorType
from nndsl.layers.normalization import (
    BatchNormalization,
    GroupNormalization,
    LayerNormalization,
    RMSNormalization,
    UnitNormalization,
)
from nndsl.module import build
from tests.layers import oracle
from tests.layers.cases_normalization import APART, CASES, FROZEN
from tests.layers.oracle import Case
from tests.layers.sequences import compare, kind_of, random, refusal, source


@pytest.fixture(autouse=True)
def formulas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have Keras calculate by its formulas: on PyTorch it takes any axes that are neighbours for the last ones."""
    monkeypatch.setattr(keras.src.ops.nn, "is_continuous_axis", lambda axis: False)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("case", [*CASES, *APART, FROZEN], ids=str)
def test_case(case: Case, training: bool) -> None:
    twin = getattr(keras.layers, case.layer)(**case.arguments)
    compare(oracle.made(case), twin, oracle.arrays(case), training=training)


@pytest.mark.parametrize("shape", [(6, 4), (6, 3, 4), (2, 3, 5, 4), (1, 4), (1, 1, 1, 4)])
def test_moving_statistics(shape: tuple[int, ...]) -> None:
    """Several steps of training move the mean and the biased variance as Keras does, a single value a channel too."""
    layer = BatchNormalization(momentum=0.8)
    compare(layer, keras.layers.BatchNormalization(momentum=0.8), random(shape), training=True, times=3)


def test_trained_then_applied() -> None:
    x = [torch.tensor(each) for each in random(*[(5, 7, 4)] * 3)]
    twin = keras.layers.BatchNormalization(momentum=0.7)
    module = build(*source(BatchNormalization(momentum=0.7), [kind_of(*random((5, 7, 4)))]), seed=1)
    for each in x:
        module.train()(each)
        expected = twin(each, training=True)
    torch.testing.assert_close(module.eval()(x[0]), twin(x[0], training=False), rtol=1e-5, atol=1e-5)
    assert not torch.allclose(module(x[0]), expected)


def test_shared_in_one_step() -> None:
    """A layer that is applied twice before the backward pass moves its statistics twice."""
    x, y = (torch.tensor(each, requires_grad=True) for each in random((5, 4), (5, 4)))
    module = build(*source(BatchNormalization(), [kind_of(*random((5, 4)))]), seed=1)
    twin = keras.layers.BatchNormalization()
    (module(x) * module(y)).sum().backward()
    (twin(x.detach(), training=True) * twin(y.detach(), training=True)).sum()
    torch.testing.assert_close(module.layer.running_var, twin.moving_variance.value.detach())
    assert x.grad is not None


def test_state_of_batch_normalization() -> None:
    """No count of batches; a state dict of plain tensors loads; copies and pickles are equal."""
    module = build(*source(BatchNormalization(), [kind_of(*random((5, 4)))]), seed=1)
    assert list(module.state_dict()) == [f"layer.{leaf}" for leaf in ("weight", "bias", "running_mean", "running_var")]
    module.load_state_dict({name: torch.full((4,), 2.0) for name in module.state_dict()})
    x = torch.ones(3, 4)
    for again in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert torch.equal(again.eval()(x), module.eval()(x))


def test_initial_weights() -> None:
    x = kind_of(*random((5, 4)))
    layer = BatchNormalization(moving_mean_initializer=BatchNormalization().gamma_initializer)
    module = build(*source(layer, [x]), seed=1).layer
    assert [getattr(module, leaf)[0].item() for leaf in ("weight", "bias", "running_mean", "running_var")] == [
        1,
        0,
        1,
        1,
    ]


def test_other_modules_are_pytorchs() -> None:
    """Where PyTorch has the layer, it is PyTorch's."""
    x = kind_of(*random((2, 4, 6, 8)))
    for layer, wanted in (
        (LayerNormalization(axis=(1, 2)), nn.LayerNorm),
        (LayerNormalization(scale=False), nn.LayerNorm),
        (GroupNormalization(groups=4), nn.GroupNorm),
        (RMSNormalization(), nn.RMSNorm),
    ):
        assert isinstance(build(*source(layer, [x])).layer, wanted)


@pytest.mark.parametrize("axis", [1, -2, (1, 2), (3, 1)])
def test_scale_of_rms(axis: int | tuple[int, ...]) -> None:
    """The scale lies along the axes, where Keras multiplies it with the last ones."""
    (x,) = map(torch.tensor, random((3, 4, 6, 8)))
    module = build(*source(RMSNormalization(axis=axis), [kind_of(x.numpy())]))
    scale = torch.nn.init.normal_(module.layer.weight)
    axes = sorted(each % 4 for each in (axis if isinstance(axis, tuple) else (axis,)))
    shape = [size if place in axes else 1 for place, size in enumerate(x.shape)]
    expected = x * (x.square().mean(axes, keepdim=True) + 1e-6).rsqrt() * scale.view(shape)
    torch.testing.assert_close(module(x), expected, rtol=1e-5, atol=1e-5)


def test_equal_sizes_are_not_one() -> None:
    """A square of axes is no single axis."""
    layer = LayerNormalization(axis=(1, 2))
    compare(layer, keras.layers.LayerNormalization(axis=(1, 2)), random((2, 3, 3, 5)))


def test_free_sizes() -> None:
    x = TensorType((symbol("N"), symbol("H"), symbol("W"), 8))
    for layer in (BatchNormalization(), LayerNormalization(), GroupNormalization(groups=2), UnitNormalization()):
        module = build(*source(layer, [x]))
        assert module(torch.ones(2, 3, 5, 8)).shape == (2, 3, 5, 8)


@pytest.mark.parametrize(
    ("layer", "shape", "code"),
    [
        (BatchNormalization(axis=4), (2, 4, 6, 8), "E0407"),
        (BatchNormalization(axis=0), (2, 4, 6, 8), "E0407"),
        (BatchNormalization(renorm=True), (2, 8), "E0307"),
        (BatchNormalization(synchronized=True), (2, 8), "E0307"),
        (LayerNormalization(axis=(1, -3)), (2, 4, 6, 8), "E0407"),
        (LayerNormalization(axis=-5), (2, 4, 6, 8), "E0407"),
        (LayerNormalization(), (2,), "E0401"),
        (UnitNormalization(axis=3), (2, 4, 8), "E0407"),
        (GroupNormalization(groups=3), (2, 4, 8), "E0408"),
        (GroupNormalization(), (2, 4, 8), "E0408"),
    ],
)
def test_refusals(layer: Layer, shape: tuple[int, ...], code: str) -> None:
    assert refusal(layer, [kind_of(np.zeros(shape, "float32"))]).code == code


def test_what_is_not_known_or_no_float_is_refused() -> None:
    free = TensorType((symbol("N"), 4, symbol("C")))
    integers = TensorType((symbol("N"), 8), "int32")
    for layer in (BatchNormalization(), LayerNormalization(), RMSNormalization()):
        assert refusal(layer, [free]).code == "E0426"
        assert refusal(layer, [integers]).code == "E0405"
