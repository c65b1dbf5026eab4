"""The script of ``build --trainer`` runs where nndsl cannot be imported, and gives the losses of ``nndsl train``."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import nndsl
from nndsl.cli.main import main
from nndsl.compiler import Compiled
from nndsl.train.data import Place
from nndsl.train.errors import TrainingError
from nndsl.train.script import script
from tests.train.scripts import EXAMPLES, FITTED, cases, save_data

RUNNER = """
import importlib, json, runpy, sys
sys.modules["nndsl"] = None  # an import of it fails
sys.path.insert(0, sys.argv[1])
runpy.run_path(sys.argv[1] + "/plain.py", run_name="__main__")
print(json.dumps({name: importlib.import_module(name).train()[1] for name in sys.argv[2:]}))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data, and a script for each case."""
    folder = tmp_path_factory.mktemp("scripts")
    save_data(folder)
    for name in cases():
        text = script(compiled_case(name), place_of(name, folder), folder)
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return folder


def place_of(name: str, folder: Path) -> Place:
    place = EXAMPLES if name.startswith("example_") else folder
    return Place(place, place)


@cache
def compiled_case(name: str) -> Compiled:
    text = cases()[name]
    compiled = nndsl.compile(text)
    assert compiled.fit is not None
    if isinstance(text, Path):
        compiled = dataclasses.replace(compiled, fit=dataclasses.replace(compiled.fit, epochs=2))
    return compiled


@pytest.fixture(scope="module")
def histories(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """What all scripts log, run by one process."""
    command = [sys.executable, "-c", RUNNER, str(folder), *cases()]
    environment = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    found: dict[str, list[dict[str, Any]]] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("name", cases())
def test_losses_are_those_of_train(name: str, folder: Path, histories: dict[str, Any], monkeypatch: Any) -> None:
    compiled = compiled_case(name)
    monkeypatch.chdir(place_of(name, folder).folder)
    run = nndsl.fit(compiled, verbose=False, device="cuda" if torch.cuda.is_available() else "cpu")
    logged = histories[name]
    assert len(logged) == run.epochs
    expected = {key: values for key, values in run.history.items() if key != "learning_rate"}
    assert set(logged[0]) == set(expected)
    for key, values in expected.items():
        for epoch, value in enumerate(values):
            mine = np.asarray(logged[epoch][key])
            np.testing.assert_allclose(mine, np.asarray(value), rtol=1e-6, atol=1e-6, err_msg=f"{key} {epoch}")


@pytest.mark.parametrize("command", [["check"], ["format", "--diff"]], ids=["check", "format"])
def test_ruff_finds_nothing(folder: Path, command: list[str]) -> None:
    ruff = [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", str(folder)]
    done = subprocess.run(ruff, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_imports_are_sorted(folder: Path) -> None:
    ruff = [sys.executable, "-m", "ruff", "check", "--select", "I", "--isolated", "--no-cache", str(folder)]
    done = subprocess.run(ruff, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_weights_are_saved(folder: Path, histories: dict[str, Any], monkeypatch: Any) -> None:
    """Run as it is, a script saves the weights that ``fit`` ends with."""
    monkeypatch.chdir(folder)
    run = nndsl.fit(compiled_case("plain"), verbose=False)
    saved = torch.load(folder / "net.pt", weights_only=True)
    torch.testing.assert_close(saved, dict(run.module.state_dict()))


def test_only_what_is_used_is_there(folder: Path) -> None:
    text = (folder / "plain.py").read_text(encoding="utf-8")
    assert "import nndsl" not in text
    for absent in ("EarlyStopping", "reduced", "clip_", "decay_weights", "csv", "set_rate", "evaluate"):
        assert absent not in text, absent


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_data(tmp_path)
    file = tmp_path / "net.nn"
    file.write_text(cases()["plain"], encoding="utf-8")  # type: ignore[arg-type]
    assert main(["build", str(file), "--trainer"]) == 0
    beside = (tmp_path / "net_train.py").read_text(encoding="utf-8")
    assert "FOLDER = Path(__file__).parent\n" in beside
    other = tmp_path / "other"
    other.mkdir()
    assert main(["build", str(file), "--trainer", "-o", str(other)]) == 0
    assert 'FOLDER = Path(__file__).parent / ".."\n' in (other / "net_train.py").read_text(encoding="utf-8")
    assert main(["build", str(file), "--trainer", "-o", "-"]) == 0
    assert capsys.readouterr().out == beside


REFUSED = {
    "averages": (FITTED.format(optimizer="Adam(use_ema=true)", fit=""), "E1215", "use_ema"),
    "scaled losses": (FITTED.format(optimizer="Adam(loss_scale_factor=2.0)", fit=""), "E1215", "loss_scale_factor"),
    "no data": (FITTED.replace("data = Npz", "callbacks = []  #").format(optimizer="Adam()", fit=""), "E1208", "data"),
    "no file": (FITTED.replace("data.npz", "none.npz").format(optimizer="Adam()", fit=""), "E1001", "none.npz"),
    "a name": (FITTED.replace("model Net", "model Log").format(optimizer="Adam()", fit=""), "E1215", "Log"),
    "monitor": (
        FITTED.format(optimizer="Adam()", fit="callbacks = [EarlyStopping()]"),
        "E1203",
        "val_loss",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refuses(name: str, tmp_path: Path) -> None:
    text, code, word = REFUSED[name]
    save_data(tmp_path)
    with pytest.raises(TrainingError) as caught:
        script(nndsl.compile(text), Place(tmp_path, tmp_path), tmp_path)
    assert caught.value.code == code
    assert word in caught.value.message
    assert caught.value.help
