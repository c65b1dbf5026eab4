"""Noise: the exact formula for the draws that a generator gives, and what Keras has in mean and variance."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from nndsl.layers.base import LayerError
from tests.layers.oracle import Case, close, emitted, keras, made, types

SHAPE = (40, 25)
ALPHA = -1.6732632423543772 * 1.0507009873554805
"""What SELU gives for values far below 0."""


def trained(name: str, arguments: Mapping[str, Any], x: Tensor, seed: int = 0) -> Tensor:
    """Return what a layer makes of an input in training; in inference it must be the input."""
    case = Case(name, arguments, (tuple(x.shape[1:]),))
    module = emitted(made(case), types(case))
    assert torch.equal(module.eval()(x), x)
    torch.manual_seed(seed)
    found: Tensor = module.train()(x)
    return found


def of_keras(name: str, arguments: Mapping[str, Any], x: Tensor) -> Tensor:
    """Return what Keras makes of it."""
    found: Tensor = getattr(keras.layers, name)(**arguments, seed=1)(x, training=True)
    return found


def noise(x: Tensor) -> Tensor:
    """Return the draws that stand behind ``trained``."""
    torch.manual_seed(0)
    return torch.randn(x.shape)


@pytest.mark.parametrize("stddev", [0.1, 0.5, 1])
def test_gaussian_noise(stddev: float) -> None:
    x = torch.linspace(-3, 3, 100 * 1000).view(100, *SHAPE)
    close(trained("GaussianNoise", {"stddev": stddev}, x), x + stddev * noise(x))


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_gaussian_dropout(rate: float) -> None:
    x = torch.linspace(-3, 3, 100 * 1000).view(100, *SHAPE)
    close(trained("GaussianDropout", {"rate": rate}, x), x * (1 + math.sqrt(rate / (1 - rate)) * noise(x)))


@pytest.mark.parametrize("noise_shape", [None, (None, None, 25), (None, 1, 25), (1, None, 1), (1, 1, 1)])
@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_alpha_dropout(rate: float, noise_shape: tuple[int | None, ...] | None) -> None:
    """What is kept and what is dropped are two lines, Keras's; which it is, is shared along axes of 1."""
    x = torch.linspace(-1, 1, 100 * 1000).view(100, *SHAPE)
    found = trained("AlphaDropout", {"rate": rate, "noise_shape": noise_shape}, x, seed=4)
    scale = ((1 - rate) * (1 + rate * ALPHA**2)) ** -0.5
    offset = -scale * ALPHA * rate
    dropped = (found - (scale * ALPHA + offset)).abs() < 1e-5
    close(found[~dropped], (scale * x + offset)[~dropped])
    for axis, size in enumerate(noise_shape or ()):
        first = dropped.narrow(axis, 0, 1)
        assert (dropped == first).all() == (size == 1)
    count = dropped.numel() if noise_shape is None else math.prod(
        size for size, wanted in zip(x.shape, noise_shape, strict=True) if wanted != 1
    )  # fmt: skip
    assert abs(dropped.float().mean() - rate) <= 5 * math.sqrt(rate * (1 - rate) / count)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("GaussianNoise", {"stddev": 0.7}),
        ("GaussianDropout", {"rate": 0.3}),
        ("AlphaDropout", {"rate": 0.3}),
        ("AlphaDropout", {"rate": 0.6, "noise_shape": (None, 1, 25)}),
    ],
)
def test_mean_and_variance_are_those_of_keras(name: str, arguments: dict[str, Any]) -> None:
    x = torch.nn.functional.selu(torch.randn(1000, *SHAPE, generator=torch.Generator().manual_seed(5)))
    mine, other = trained(name, arguments, x), of_keras(name, arguments, x)
    assert abs(mine.mean() - other.mean()) < 0.02
    assert abs(mine.var() - other.var()) < 0.02 * other.var()


@pytest.mark.parametrize("draw", [torch.randn, torch.rand])
def test_alpha_dropout_keeps_mean_and_variance(draw: Callable[..., Tensor]) -> None:
    x = torch.randn(1000, *SHAPE, generator=torch.Generator().manual_seed(6))
    found = trained("AlphaDropout", {"rate": 0.4}, x)
    assert abs(found.mean()) < 0.01
    assert abs(found.var() - 1) < 0.01


@pytest.mark.parametrize("name", ["GaussianNoise", "GaussianDropout", "AlphaDropout"])
def test_each_pass_draws_anew_with_a_seed_too(name: str) -> None:
    rate = {"stddev": 0.5} if name == "GaussianNoise" else {"rate": 0.5}
    case = Case(name, {**rate, "seed": 3}, ((50,),))
    module = emitted(made(case), types(case)).train()
    x = torch.ones(4, 50)
    assert not torch.equal(module(x), module(x))


@pytest.mark.parametrize("name", ["GaussianDropout", "AlphaDropout"])
def test_all_cannot_be_dropped(name: str) -> None:
    """Keras divides by zero in training."""
    with pytest.raises(LayerError) as caught:
        made(Case(name, {"rate": 1}, ((8,),)))
    assert caught.value.code == "E0303"
    with pytest.raises(ZeroDivisionError):
        of_keras(name, {"rate": 1}, torch.ones(2, 8))
