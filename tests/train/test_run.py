"""The folder of a run: its lock, its files, and whether a state fits; numbers are those of what must not hurt."""

from __future__ import annotations

import errno
import fcntl
import json
import math
import os
import platform
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch
from safetensors.torch import load_file

import nndsl
from nndsl.recipes import resolve
from nndsl.train.curves import best_epoch, curves, table
from nndsl.train.errors import TrainingError
from nndsl.train.fitting import check_model, check_tensors, meaning
from nndsl.train.lock import NAME, locked
from nndsl.train.run import compared, description, entered, environment, new_path
from nndsl.train.updater import Updater
from nndsl.variables import variables
from tests.train.snapshots import DEAD, assert_same, failing, snapshot

ROOT = Path(__file__).parents[2]


def code(folder: Path, *, resume: bool = False) -> str:
    """The code of the error with which a folder is refused, or nothing."""
    try:
        with entered(folder, resume=resume):
            return ""
    except TrainingError as error:
        return error.code


def test_a_run(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "one"
    with entered(folder) as run:
        run.describe({"epochs": 3, "name": "été"}, "model Net {\n}\n")
        run.save(snapshot(1))
        run.write_history({"loss": [0.5]})
        run.write_weights({"w": torch.ones(3)}, {"model": "Net"})
        run.write_weights({"w": torch.zeros(3)}, best=True)
        run.write_weights({"w": torch.full((3,), 2.0)})
        assert run.remarks == ()
    assert sorted(path.name for path in folder.iterdir()) == [
        *("best.safetensors", "checkpoints", "curves.svg", "history.csv", "model.nn", "model.safetensors", "run.json"),
    ]
    assert description(folder) == {"epochs": 3, "name": "été"}
    assert (folder / "model.nn").read_text() == "model Net {\n}\n"
    assert load_file(folder / "model.safetensors")["w"].tolist() == [2.0] * 3
    assert load_file(folder / "best.safetensors")["w"].tolist() == [0.0] * 3
    assert code(folder) == "E1108"
    with entered(folder, resume=True) as run:
        assert_same(run.newest()[0], 1)


def test_what_is_no_run_is_not_resumed(tmp_path: Path) -> None:
    assert code(tmp_path / "none", resume=True) == "E1109"
    assert not (tmp_path / "none").exists()
    for text in ("", "[]", "{", "[" * 100_000):
        (tmp_path / "run.json").write_text(text)
        assert code(tmp_path, resume=True) == "E1109"


def test_paths_of_new_runs(tmp_path: Path) -> None:
    now = datetime(2026, 1, 31, 23, 59, 59)
    assert new_path("Net", now) == Path("runs/Net-20260131-235959")
    for number in ("", "-2", "-3"):
        path = new_path("Net", now, tmp_path)
        assert path.name == f"Net-20260131-235959{number}"
        path.mkdir()


HOLDER = """
import sys
from pathlib import Path
from nndsl.train.run import entered
with entered(Path(sys.argv[1])) as run:
    print("in", flush=True)
    sys.stdin.read()
"""


def test_163_two_runs_in_one_folder(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    command = [sys.executable, "-c", HOLDER, str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"in\n"
        with pytest.raises(TrainingError, match=f"process {other.pid} on {platform.node()}") as caught, entered(folder):
            pass
        assert caught.value.code == "E1101"
        other.kill()
    # The lock that it left is taken over, and said; behind that the folder is clean.
    assert (folder / NAME).exists()
    with entered(folder) as run:
        (remark,) = run.remarks
        assert remark.code == "W1103"
        assert f"process {other.pid}" in remark.message
        assert code(folder) == "E1101"
    assert not (folder / NAME).exists()
    with entered(folder) as run:
        assert run.remarks == ()


def test_a_lock_whose_name_was_taken_is_not_held(tmp_path: Path) -> None:
    with locked(tmp_path):
        (tmp_path / NAME).unlink()  # by hand
        with locked(tmp_path):
            assert (tmp_path / NAME).exists()
            (tmp_path / "inner").touch()
        (tmp_path / NAME).write_text("of another run")
    assert (tmp_path / NAME).read_text() == "of another run"


def test_locks_that_cannot_be_read(tmp_path: Path) -> None:
    for text in ("{", "[]", '{"pid": "x"}', '{"pid": 1}'):
        (tmp_path / NAME).write_text(text)
        with locked(tmp_path) as (remark,):
            assert "an unknown machine" in remark.message


@pytest.mark.parametrize(
    ("process", "host", "free"),
    [(DEAD, platform.node(), True), (os.getppid(), platform.node(), False), (DEAD, "elsewhere", False)],
)
def test_where_the_system_has_no_locks_the_process_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, process: int, host: str, free: bool
) -> None:
    def unsupported(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", unsupported)
    (tmp_path / NAME).write_text(json.dumps({"pid": process, "host": host}))
    assert code(tmp_path) == ("" if free else "E1101")


def test_147_leftovers_are_removed_when_a_run_begins(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "checkpoints"):
        (folder / f".tmp-{DEAD}-5").mkdir(parents=True)
        (folder / f".tmp-{DEAD}-5" / "state.json").touch()
    assert code(tmp_path) == ""
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoints"]
    assert list((tmp_path / "checkpoints").iterdir()) == []


@pytest.mark.parametrize(("function", "calls"), [("open", 6), ("write", 2), ("fsync", 4), ("replace", 1), ("mkdir", 2)])
def test_a_folder_that_cannot_be_written_is_refused_at_once(tmp_path: Path, function: str, calls: int) -> None:
    refused = 0
    for call in range(calls):
        with failing(function, call, OSError(errno.EROFS, os.strerror(errno.EROFS))):
            found = code(tmp_path / function / str(call))
        assert found in ("E1106", "")
        refused += found == "E1106"
        assert not (tmp_path / function / str(call) / NAME).exists()
    assert refused >= min(calls, 3)
    (tmp_path / "file").touch()
    assert code(tmp_path / "file" / "run") == "E1106"


@pytest.mark.parametrize("function", ["open", "write", "fsync", "replace"])
def test_files_that_cannot_be_written_leave_the_old_ones(tmp_path: Path, function: str) -> None:
    with entered(tmp_path) as run:
        run.describe({"epochs": 1})
        run.write_weights({"w": torch.ones(3)})
        for write in (lambda: run.describe({"epochs": 2}), lambda: run.write_weights({"w": torch.zeros(3)})):
            with failing(function, 0, OSError(errno.ENOSPC, "No space left")), pytest.raises(TrainingError) as caught:
                write()
            assert caught.value.code == "E1107"
        assert description(tmp_path) == {"epochs": 1}
        assert load_file(tmp_path / "model.safetensors")["w"].tolist() == [1.0] * 3
        assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


TEXT = 'model Net {\n  input x: (4)\n\n  Dense(8, activation="relu")\n  Dropout(0.5)\n  Dense(3)\n}\n'


def test_153_the_state_of_another_model_is_refused() -> None:
    saved = json.loads(json.dumps(meaning(nndsl.compile(TEXT).model)))
    other_text = TEXT.replace("  Dense(8", "\n  # a comment\n  Dense( 8").replace("input x", "input  x")
    check_model(saved, nndsl.compile(other_text).model)
    for old, new in (("0.5", "0.4"), ("relu", "gelu"), ("Dense(8", "Dense(9"), ("  Dropout(0.5)\n", "")):
        with pytest.raises(TrainingError) as caught:
            check_model(saved, nndsl.compile(TEXT.replace(old, new)).model)
        assert caught.value.code == "E1103"
        assert ("- " if new == "" else "+ ") in caught.value.message
        if new in ("0.4", "gelu"):
            assert new in caught.value.message
    branches = "model Net {\n  input x: (4)\n\n  a = Dense(4)(x)\n  b = Dense(4)(x)\n  output a - b\n}\n"
    swapped = nndsl.compile(branches.replace("a - b", "b - a")).model
    with pytest.raises(TrainingError, match="connected in another way"):
        check_model(meaning(nndsl.compile(branches).model), swapped)


def test_154_the_state_of_another_optimizer_is_refused() -> None:
    def state(text: str, optimizer: str) -> dict[str, torch.Tensor]:
        compiled = nndsl.compile(text)
        module = compiled.module(seed=0)
        updater = Updater(resolve("optimizer", optimizer), variables(compiled.model), module)  # type: ignore[arg-type]
        for parameter in module.parameters():
            parameter.grad = torch.ones_like(parameter)
        updater.step()
        return updater.state()

    adam = state(TEXT, "adam")
    check_tensors(adam, state(TEXT, "adam"), "the state")
    check_tensors(dict(reversed(adam.items())), adam, "the state")  # by name, in whatever order
    for other in (state(TEXT, "sgd"), state(TEXT, "lion"), state(TEXT.replace("8", "9"), "adam")):
        with pytest.raises(TrainingError) as caught:
            check_tensors(other, adam, "the state")
        assert caught.value.code == "E1104"
    with pytest.raises(TrainingError, match=r"w is \(2,\) float32, and should be \(2,\) float64"):
        check_tensors({"w": torch.ones(2)}, {"w": torch.ones(2).double()}, "the state")


def test_158_another_environment_is_said() -> None:
    now = environment()
    assert compared(json.loads(json.dumps(now)), now) == ()
    assert compared(now | {"nndsl": "0.0.1", "python": "3.99"}, now) == ()
    (remark,) = compared(now | {"threads": 64, "torch": "2.6.0"}, now)
    assert remark.code == "W1102"
    assert f"threads 64, now {now['threads']}; " in remark.message or "torch 2.6.0, now" in remark.message
    assert now["torch"] == torch.__version__


HISTORY = {
    "loss": [0.9, 0.5, math.nan, 0.25],
    "f1": [(0.1, 0.2), (0.3, 0.4), (0.5, 0.6), (0.7, 0.8)],
    "val_loss": [1.0, 0.6, 0.7, math.inf],
    "a<b": [1.0, 1.0, 1.0, 1.0],
}


def test_history_as_a_table() -> None:
    lines = table(HISTORY).splitlines()
    assert lines[0] == "epoch,loss,f1[0],f1[1],val_loss,a<b"
    assert lines[1:3] == ["1,0.9,0.1,0.2,1.0,1.0", "2,0.5,0.3,0.4,0.6,1.0"]
    assert lines[3].startswith("3,nan,")
    assert table({"loss": [0.1 + 0.2, 1.0], "val_loss": [2.0]}).splitlines()[1:] == [
        "1,0.30000000000000004,2.0",
        "2,1.0,",
    ]
    assert table({}) == "epoch\n"


def test_the_best_epoch_is_never_one_that_is_no_number() -> None:
    assert best_epoch(HISTORY) == 1
    assert best_epoch({"loss": [math.nan, 2.0, 1.0]}) == 2
    assert best_epoch({"loss": [math.nan]}) is None
    assert best_epoch({}) is None


SVG = "{http://www.w3.org/2000/svg}"


def test_curves_are_a_drawing() -> None:
    drawing = ElementTree.fromstring(curves(HISTORY))
    panels = drawing.findall(f"{SVG}g")
    texts = [[text.text for text in panel.iter(f"{SVG}text")] for panel in panels]
    assert [each[0] for each in texts] == ["loss", "f1[0]", "f1[1]", "a<b"]
    assert "best: 2" in texts[0]
    assert {"training", "validation"} <= set(texts[0])
    assert "validation" not in texts[1]
    training, validation = (path.get("d") or "" for path in panels[0].iter(f"{SVG}path"))
    assert (training.count("M"), training.count("L")) == (2, 1)  # what is no number interrupts a line
    assert (validation.count("M"), validation.count("L")) == (1, 2)
    assert "prefers-color-scheme: dark" in curves(HISTORY)
    for panel in panels:
        for circle in panel.iter(f"{SVG}circle"):
            assert 0 <= float(circle.get("cx") or -1) <= 420
            assert 0 <= float(circle.get("cy") or -1) <= 250


@pytest.mark.parametrize(
    "history",
    [
        {},
        {"loss": []},
        {"loss": [1.0]},
        {"loss": [math.nan]},
        {"loss": [1e-30, 1e30], "val_loss": [-1e308, 1e308, -1e299]},
    ],
)
def test_curves_of_little(history: dict[str, list[float]]) -> None:
    text = curves(history)
    ElementTree.fromstring(text)
    assert "nan" not in text
    assert len(text) < 10_000
