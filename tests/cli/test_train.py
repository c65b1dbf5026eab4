"""``nndsl train``: what is typed, and what it leaves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from nndsl.cli.data import data_of
from nndsl.cli.main import main
from nndsl.recipes.data import Csv, ImageFolder, Npy, Npz, Parquet

TEXT = """
from "blocks/head.nn" import Head

model Net(units=4) {
  input x: (2)
  output y: x -> Dense(units, activation="relu") -> Head()

  compile {
    optimizer = Adam(0.01)
    loss = "sparse_categorical_crossentropy"
    metrics = ["accuracy"]
  }

  fit {
    data = Csv("table.csv", x=["width", "height"], y="kind")
    epochs = 3
    batch_size = 8
    callbacks = [EarlyStopping("loss", patience=5)]
  }
}
"""
HEAD = 'block Head {\n  input x: (D)\n  output x -> Dense(3, activation="softmax")\n}\n'


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model with an import and data, and a current folder that is another one."""
    folder = tmp_path / "project"
    (folder / "blocks").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    (folder / "net.nn").write_text(TEXT)
    (folder / "blocks" / "head.nn").write_text(HEAD)
    numbers = np.random.default_rng(0).random((30, 2)).round(3)
    kinds = np.array(["ash", "birch", "cedar"])[(numbers[:, 0] * 3).astype(int)]
    rows = [f"{a},{b},{kind}" for (a, b), kind in zip(numbers, kinds, strict=True)]
    (folder / "table.csv").write_text("\n".join(["width,height,kind", *rows]) + "\n")
    np.savez(tmp_path / "other.npz", points=numbers.astype("f4"), y=(numbers[:, 0] * 3).astype(int))
    return folder / "net.nn"


def history(folder: Path) -> str:
    return (folder / "history.csv").read_text()


def test_a_run_leaves_all_that_is_needed(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(file)]) == 0
    (folder,) = Path("runs").iterdir()
    assert folder.name.startswith("Net-")
    assert f"3 epochs; the weights are in {folder}" in capsys.readouterr().err
    names = {path.name for path in folder.iterdir()}
    assert names == {
        *("run.json", "model.nn", "sources", "history.csv", "curves.svg", "checkpoints"),
        *("model.safetensors", "best.safetensors"),
    }
    record = json.loads((folder / "run.json").read_text())
    assert (record["model"], record["finished"]) == ("Net", True)
    assert record["categories"] == {"y": ["ash", "birch", "cedar"]}
    assert record["environment"]["torch"]
    assert history(folder).splitlines()[0] == "epoch,loss,accuracy"
    assert load_file(folder / "model.safetensors")["y_dense.weight"].shape == (4, 2)


def test_a_run_goes_on_when_its_files_are_gone(file: Path) -> None:
    """The folder holds the model, with what it imports; the data are where they were."""
    arguments = ["train", str(file), "--quiet", "--set", "units=5"]
    assert main([*arguments, "--out", "one"]) == 0
    assert main([*arguments, "--out", "two", "--epochs", "5"]) == 0
    file.unlink()
    (file.parent / "blocks" / "head.nn").unlink()
    assert main(["train", "--resume", "one", "--epochs", "5", "--quiet"]) == 0
    assert history(Path("one")) == history(Path("two"))
    for name in ("model.safetensors", "best.safetensors"):
        assert Path("one", name).read_bytes() == Path("two", name).read_bytes()


def test_options_count_more_than_the_fit_block(file: Path) -> None:
    given = {"epochs": 2, "batch_size": 5, "validation_split": 0.2, "shuffle": False, "seed": 3}
    options = [word for name, value in given.items() for word in (f"--{name.replace('_', '-')}", str(value).lower())]
    assert main(["train", str(file), "--out", "run", "--quiet", *options, "--class-weight", "{0: 2.0}"]) == 0
    fit = json.loads(Path("run", "run.json").read_text())["fit"]
    assert fit == {**given, "class_weight": [[0, 2.0]]}
    assert history(Path("run")).splitlines()[0] == "epoch,loss,accuracy,val_loss,val_accuracy"


def test_data_of_the_command_line(file: Path) -> None:
    other = str(file.parent.parent / "other.npz")
    assert main(["train", str(file), "--out", "run", "--quiet", "--data", other, "x=points", "y=y"]) == 0
    assert main(["train", "--resume", "run", "--epochs", "4", "--quiet"]) == 0
    copy = file.parent.parent / "copy.csv"
    copy.write_bytes((file.parent / "table.csv").read_bytes())
    # A path alone has the columns that the file names.
    assert main(["train", str(file), "--out", "one", "--quiet", "--data", str(copy)]) == 0
    assert main(["train", str(file), "--out", "two", "--quiet"]) == 0
    assert history(Path("one")) == history(Path("two"))
    validated = ["--validation-data", str(copy)]
    assert main(["train", str(file), "--out", "three", "--quiet", *validated]) == 0
    assert "val_loss" in history(Path("three"))


@pytest.mark.parametrize(
    ("words", "recipe"),
    [
        ("a.npz", "a.npz"),
        ("a.npz x=images y=labels", Npz("a.npz", (("x", "images"), ("y", "labels")))),
        ("a.npz x=a lengths=n", Npz("a.npz", (("x", "a"),), lengths="n")),
        ("x=a.npy y=b.npy", Npy((("x", "a.npy"), ("y", "b.npy")))),
        ("t.csv x=age,size y=price", Csv("t.csv", (("x", ("age", "size")), ("y", "price")))),
        ("t.parquet x=age y=price", Parquet("t.parquet", (("x", "age"), ("y", "price")))),
        ("pictures size=8,6", ImageFolder("pictures", (8, 6))),
    ],
)
def test_forms_of_data(words: str, recipe: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pictures").mkdir()
    assert data_of(words.split()) == recipe
    assert data_of(None) is None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "train either a FILE"),
        (["net.nn", "--resume", "run"], "train either a FILE"),
        (["--resume", "run", "--out", "other"], "in its own folder"),
        (["net.nn", "--only", "a.*"], "--init FILE"),
        (["net.nn", "--data", "a.npz", "b.npz"], "one file"),
        (["net.nn", "--data", "x=a.npz"], "NAME=FILE.npy"),
        (["net.nn", "--data", "a.npz", "x=a", "x=b"], "twice"),
        (["net.nn", "--data", "a.txt", "x=a"], "no parts with names"),
    ],
)
def test_wrong_use(options: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", *options]) == 2
    assert said in capsys.readouterr().err


def test_what_goes_wrong_is_said_and_leaves_no_folder(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for options, code in (
        (["--data", "none.npz"], "E1001"),
        (["--device", "gpu"], "E1204"),
        (["--epochs", "0"], "E1210"),
        (["--init", "none.safetensors"], ""),
    ):
        assert main(["train", str(file), "--out", "run", *options]) == (1 if code else 2)
        assert (f"error[{code}]" if code else "none.safetensors") in capsys.readouterr().err
    assert not Path("run").exists()
    assert main(["train", str(file), "--format", "json", "--epochs", "0"]) == 1
    assert json.loads(capsys.readouterr().err)["code"] == "E1210"
    assert main(["train", "--resume", "nowhere"]) == 1
    assert "error[E1109]" in capsys.readouterr().err
