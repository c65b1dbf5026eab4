"""Runs of several processes that are stopped, or lose one: they go on to the same bits."""

from __future__ import annotations

import shutil
import signal
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from nndsl.train.checkpoint import newest
from nndsl.train.distributed.launch import launch
from nndsl.train.errors import TrainingError
from tests.train.distributed import enduring


def run(folder: Path, *what: str) -> int:
    return launch([sys.executable, enduring.__file__, str(folder), *what], 2)


def check_same(folder: Path) -> None:
    """The states of both runs are the same to the bit, those of each process too, and so is what they leave."""
    whole, broken = (newest(folder / name / "checkpoints")[0] for name in ("whole", "broken"))
    assert whole is not None
    assert broken is not None
    assert whole.tensors.keys() == broken.tensors.keys()
    assert [key for key, value in whole.tensors.items() if not torch.equal(value, broken.tensors[key])] == []
    assert whole.facts["history"] == broken.facts["history"]
    for name in ("model.safetensors", "history.csv", "log.csv"):
        assert (folder / "whole" / name).read_bytes() == (folder / "broken" / name).read_bytes(), name


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run that was stopped."""
    folder = tmp_path_factory.mktemp("stopped")
    assert run(folder, "stopped") == 128 + signal.SIGTERM
    return folder


def test_a_signal_for_one_stops_all_after_the_same_step_and_the_rest_is_the_same(
    stopped: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(stopped, tmp_path, dirs_exist_ok=True)
    snapshot = newest(tmp_path / "broken" / "checkpoints")[0]
    assert snapshot is not None
    assert snapshot.facts["environment"]["processes"] == 2
    assert {key.split(".")[1] for key in snapshot.tensors if key.startswith("process.")} == {"0", "1"}
    assert run(tmp_path, "rest", "whole") == 0
    assert "W1102" not in capfd.readouterr().err
    check_same(tmp_path)


def test_another_number_of_processes_goes_on_and_says_so(
    stopped: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(stopped, tmp_path, dirs_exist_ok=True)
    enduring.train(tmp_path / "broken", "rest")
    said = capfd.readouterr().err
    assert "W1102" in said
    assert "processes 2, now 1" in said
    finished = load_file(tmp_path / "broken" / "model.safetensors")
    assert all(torch.isfinite(value).all() for value in finished.values())


def test_a_process_that_dies_ends_the_run_which_goes_on_to_the_same_bits(tmp_path: Path, faults: bool) -> None:
    if not faults:
        pytest.skip("with --faults")
    with pytest.raises(TrainingError, match="process 1 of 2 was killed by SIGKILL") as caught:
        run(tmp_path, "killed")
    assert caught.value.code == "E1232"
    assert run(tmp_path, "rest", "whole") == 0
    check_same(tmp_path)
