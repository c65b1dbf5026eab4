"""Dropout, which draws anew each time: what it leaves, how much of it, and what shares the choice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.layers.oracle import Case, close, emitted, made, types


def dropped(name: str, arguments: Mapping[str, Any], shape: tuple[int, ...]) -> Tensor:
    """Return which values of ones were dropped; the others must be 1 / (1 - rate)."""
    case = Case(name, arguments, (shape,))
    module = emitted(made(case), types(case))
    x = torch.ones(64, *shape)
    close(module.eval()(x), x)
    torch.manual_seed(0)
    found = module.train()(x)
    zero = found == 0
    close(found[~zero], torch.full_like(found[~zero], 1 / (1 - arguments["rate"])))
    assert abs(zero.float().mean() - arguments["rate"]) < 0.05
    return zero


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_dropout(rate: float) -> None:
    zero = dropped("Dropout", {"rate": rate}, (12, 8))
    assert zero.any()
    assert not (zero == zero[:, :1]).all()


def test_noise_shape() -> None:
    zero = dropped("Dropout", {"rate": 0.5, "noise_shape": (None, 1, 8)}, (12, 8))
    assert (zero == zero[:, :1]).all()
    assert not (zero == zero[:, :, :1]).all()


def test_spatial_dropout_1d() -> None:
    zero = dropped("SpatialDropout1D", {"rate": 0.5}, (12, 8))
    assert (zero == zero[:, :1]).all()
    assert not (zero == zero[:, :, :1]).all()


@pytest.mark.parametrize("place", ["channels_last", "channels_first"])
def test_spatial_dropout_2d(place: str) -> None:
    zero = dropped("SpatialDropout2D", {"rate": 0.5, "data_format": place}, (6, 5, 7))
    first = zero[:, :1, :1] if place == "channels_last" else zero[:, :, :1, :1]
    assert (zero == first).all()
    assert not (zero == zero.flatten(1)[:, 0][:, None, None, None]).all()


@pytest.mark.parametrize("place", ["channels_last", "channels_first"])
def test_spatial_dropout_3d(place: str) -> None:
    zero = dropped("SpatialDropout3D", {"rate": 0.5, "data_format": place}, (6, 5, 4, 7))
    first = zero[:, :1, :1, :1] if place == "channels_last" else zero[:, :, :1, :1, :1]
    assert (zero == first).all()
    assert not (zero == zero.flatten(1)[:, 0][:, None, None, None, None]).all()


def test_all_can_be_dropped() -> None:
    case = Case("Dropout", {"rate": 1}, ((8,),))
    close(emitted(made(case), types(case)).train()(torch.ones(4, 8)), torch.zeros(4, 8))
