"""The loop: resumption, signals, NaN, memory, and what the module brings along."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import nndsl
from nndsl.cli.main import main
from nndsl.recipes import callbacks as recipes
from nndsl.train.checkpoint import checkpoints
from nndsl.train.loop import Trainer
from nndsl.train.run import RunFolder
from tests.train.nets import assert_equal, data, fit, net, state, write


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path)


class At(nndsl.Callback):
    """Does something after a step of an epoch."""

    def __init__(self, epoch: int, step: int, action: Any) -> None:
        self.when = epoch, step
        self.action = action

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if (self.trainer.epoch, batch) == self.when:
            self.action()


def raise_signal(number: int) -> Any:
    return lambda: os.kill(os.getpid(), number)


# ---------------------------------------------------------------- determinism and resumption


def test_a_run_follows_from_its_seed_and_leaves_the_generator_alone() -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    one = fit(seed=4)
    assert torch.equal(torch.rand(3), expected)
    two, other = fit(seed=4), fit(seed=5)
    assert one.history == two.history != other.history
    assert_equal(one.module.state_dict(), two.module.state_dict())


def test_killed_runs_go_on_to_the_same_bits(tmp_path: Path, faults: bool) -> None:
    """SIGKILL at random moments: weights, buffers, optimizer, random numbers and files are those of a run in one go."""
    kills = "200" if faults else "4"
    script = Path(__file__).parent / "killing.py"
    command = [sys.executable, str(script), str(tmp_path), kills, "7"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert f"{kills} kills" in done.stdout


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("when", ["training", "validation"])
def test_a_signal_finishes_the_step_and_saves(number: int, status: int, when: str, tmp_path: Path) -> None:
    fit(out=tmp_path / "whole", epochs=3, callbacks=[At(9, 9, None)])
    send = raise_signal(number)

    class InValidation(At):
        def on_test_begin(self, logs: Any = None) -> None:
            if self.trainer.epoch == 1:
                send()

    stopping = At(1, 2, send) if when == "training" else InValidation(9, 9, None)
    before = signal.getsignal(number)
    folder = tmp_path / "run"
    with pytest.raises((KeyboardInterrupt, SystemExit)) as stop:
        fit(out=folder, epochs=3, callbacks=[stopping])
    assert signal.getsignal(number) is before
    assert isinstance(stop.value, KeyboardInterrupt) if status == 130 else stop.value.code == status
    snapshot, _ = RunFolder(folder).newest()
    assert snapshot is not None
    assert (snapshot.facts["epoch"], snapshot.facts["step_of_epoch"]) == (1, 3 if when == "training" else 5)
    again = type(stopping)(9, 9, None)
    again.on_test_begin = lambda logs=None: None  # type: ignore[method-assign]
    # In the middle of an epoch, the rest has the batches that it would have had.
    run = nndsl.fit(net(), data(), resume=folder, callbacks=[again], verbose=False)
    assert run.epochs == 3
    whole, resumed = state(tmp_path / "whole"), state(folder)
    assert_equal(whole, resumed)


def test_a_second_sigint_stops_at_once(tmp_path: Path) -> None:
    def twice() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        raise AssertionError("the second one was not heard")

    with pytest.raises(KeyboardInterrupt):
        fit(out=tmp_path / "run", callbacks=[At(0, 2, twice)])
    assert checkpoints(tmp_path / "run" / "checkpoints") == []


def test_the_command_ends_with_the_status_of_the_signal(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    train = Trainer._train
    sent: list[int] = []

    def interrupted(self: Trainer, batch: Any) -> None:
        train(self, batch)
        if self.epoch == 1 and self.step == 1 and not sent:
            sent.append(1)
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(Trainer, "_train", interrupted)
    folder = file.parent / "run"
    assert main(["train", str(file), "--out", str(folder)]) == 130
    assert f"go on with `nndsl train --resume {folder}`" in capsys.readouterr().err
    assert not json.loads((folder / "run.json").read_text())["finished"]
    assert main(["train", "--resume", str(folder)]) == 0
    assert main(["train", str(file), "--out", str(file.parent / "whole"), "--quiet"]) == 0
    assert_equal(state(folder), state(file.parent / "whole"))
    assert json.loads((folder / "run.json").read_text())["finished"]


def test_a_finished_run_says_so_and_takes_more_epochs(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = file.parent / "one", file.parent / "two"
    assert main(["train", str(file), "--out", str(one), "--epochs", "2"]) == 0
    before = (one / "model.safetensors").read_bytes()
    capsys.readouterr()
    for options in ([], ["--epochs", "1"]):
        assert main(["train", "--resume", str(one), *options]) == 0
        assert "the run is finished: 2 epochs" in capsys.readouterr().err
        assert (one / "model.safetensors").read_bytes() == before
    assert main(["train", "--resume", str(one), "--epochs", "4"]) == 0
    assert main(["train", str(file), "--out", str(two), "--epochs", "4"]) == 0
    assert_equal(state(one), state(two))
    assert (one / "history.csv").read_bytes() == (two / "history.csv").read_bytes()


def test_a_run_in_another_environment_says_that_it_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fit(out=tmp_path, epochs=1)
    monkeypatch.setattr("nndsl.train.resume.environment", lambda *_: {"torch": "9.9"})
    nndsl.fit(net(), data(), resume=tmp_path, epochs=2)
    assert "warning[W1102]" in capsys.readouterr().err


def test_two_runs_in_one_folder(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    second: list[int] = []
    arguments = ["train", str(file), "--quiet", "--out", str(file.parent / "run")]

    def begin() -> None:
        second.append(main(arguments))

    nndsl.fit(net(), data(), out=file.parent / "run", callbacks=[At(0, 1, begin)], verbose=False)
    assert second == [1]
    said = capsys.readouterr().err
    assert "error[E1101]" in said
    assert f"process {os.getpid()}" in said
    assert main(arguments) == 1  # a run is there now, which another must not overwrite
    assert "error[E1108]" in capsys.readouterr().err


def test_a_backup_goes_on_by_itself(tmp_path: Path) -> None:
    backup = recipes.BackupAndRestore(str(tmp_path / "backup"), save_freq=1)
    with pytest.raises(KeyboardInterrupt):
        fit(callbacks=[backup, At(2, 3, raise_signal(signal.SIGINT))], epochs=3)
    run = fit(callbacks=[backup, At(9, 9, None)], epochs=3)
    assert run.epochs == 3
    assert_equal(run.module.state_dict(), fit(epochs=3, callbacks=[]).module.state_dict())
    assert not (tmp_path / "backup").exists()


# ---------------------------------------------------------------- what goes wrong


def test_nan_stops_the_run_and_the_last_good_checkpoint_stays(tmp_path: Path) -> None:
    def spoil() -> None:
        with torch.no_grad():
            module.y_dense.bias.fill_(float("nan"))  # type: ignore[union-attr]

    module = net().module(seed=0)
    backup = recipes.BackupAndRestore("unused", save_freq=7)
    with pytest.raises(nndsl.TrainingError, match=r"E1201.*step 4 of epoch 2") as stop:
        nndsl.fit(module, data(), out=tmp_path, callbacks=[At(1, 2, spoil), backup], verbose=False)
    assert "what was saved before is kept" in stop.value.help
    snapshot, _ = RunFolder(tmp_path).newest()
    assert snapshot is not None
    assert (snapshot.facts["epoch"], snapshot.facts["step_of_epoch"]) == (1, 2)
    assert all(bool(each.isfinite().all()) for name, each in snapshot.tensors.items() if name.startswith("module."))


def test_weights_that_are_not_finite_are_never_saved(tmp_path: Path) -> None:
    def spoil() -> None:
        with torch.no_grad():
            module.y_dense.bias.fill_(float("inf"))  # type: ignore[union-attr]

    module = net().module(seed=0)
    with pytest.raises(nndsl.TrainingError, match=r"E1201.*`y_dense.bias` is not finite") as stop:
        nndsl.fit(
            module,
            data(),
            out=tmp_path,
            epochs=1,
            validation_split=0.0,
            batch_size=200,
            callbacks=[At(0, 0, spoil)],
            verbose=False,
        )
    assert stop.value.code == "E1201"
    assert checkpoints(tmp_path / "checkpoints") == []


def test_too_little_memory_says_what_helps(tmp_path: Path) -> None:
    def fill() -> None:
        torch.empty(2**55, dtype=torch.uint8)

    with pytest.raises(nndsl.TrainingError, match="E1205") as stop:
        fit(out=tmp_path, callbacks=[At(1, 2, fill), recipes.BackupAndRestore("unused")])
    assert "such as 8" in stop.value.help
    snapshot, _ = RunFolder(tmp_path).newest()
    assert snapshot is not None
    assert snapshot.facts["epoch"] == 1


@pytest.mark.parametrize("count", [1, 3, 17])
def test_few_rows_train(count: int) -> None:
    x, y = data()
    run = nndsl.fit(net(), (x[:count], y[:count]), validation_split=0.0, epochs=2, verbose=False)
    assert len(run.history["loss"]) == 2
    assert np.isfinite(run.history["loss"]).all()
