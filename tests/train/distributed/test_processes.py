"""Several processes give what one gives: weights, statistics, losses and metrics."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from nndsl.train.distributed.launch import launch
from tests.train.distributed import member
from tests.train.distributed.member import MODELS, left, train


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two processes have left."""
    return trained(tmp_path_factory.mktemp("two"), 2)


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory, faults: bool) -> Path:
    """What three processes have left."""
    if not faults:
        pytest.skip("with --faults")
    return trained(tmp_path_factory.mktemp("three"), 3)


def trained(path: Path, count: int) -> Path:
    assert launch([sys.executable, member.__file__, str(path)], count) == 0
    return path


def check(folder: Path, name: str, count: int) -> None:
    all_left = [load_file(folder / f"{name}-{rank}.safetensors") for rank in range(count)]
    one = left(train(MODELS[name]))
    within = 5e-6 if MODELS[name].normalizes else 1e-6
    for each in all_left:
        assert each.keys() == one.keys()
    for key, value in one.items():
        assert all(torch.equal(each[key], all_left[0][key]) for each in all_left), key
        torch.testing.assert_close(
            all_left[0][key], value, rtol=within, atol=within, msg=lambda text, key=key: f"{key}: {text}"
        )


@pytest.mark.parametrize("name", MODELS)
def test_two_processes_give_what_one_gives(two: Path, name: str) -> None:
    check(two, name, 2)


@pytest.mark.parametrize("name", MODELS)
def test_three_processes_give_what_one_gives(three: Path, name: str) -> None:
    """The one that has none of the two last images is given the first: it must not count in the statistics."""
    check(three, name, 3)
