"""What training says of data: each case raises a TrainingError, or returns remarks. ``CODE_name`` has a golden."""

from __future__ import annotations

import signal
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

import nndsl
from nndsl.recipes.data import Csv, Npz, Parquet
from nndsl.train.data import Place, source_of, split
from nndsl.train.distributed.launch import launch
from nndsl.train.distributed.objective import check_divisible
from nndsl.train.distributed.processes import check_kind, processes_of
from nndsl.train.errors import Remark

Case = Callable[[Path], Iterable[Remark] | None]
CASES: dict[str, Case] = {}
"""The cases by their names; each is given an empty folder."""


def case(name: str) -> Callable[[Case], Case]:
    """Register a case."""

    def register(run: Case) -> Case:
        CASES[name] = run
        return run

    return register


def model(inputs: str, layers: str, loss: str) -> nndsl.Compiled:
    """Compile a model of one input."""
    body = "\n  ".join(layers.split("; "))
    settings = f"compile {{\n    loss = {loss}\n  }}"
    return nndsl.compile(f"model Net {{\n  input x: {inputs}\n\n  {body}\n\n  {settings}\n}}\n")


def classes(inputs: str = "(2)") -> nndsl.Compiled:
    """A model of three classes."""
    layers = 'Flatten(); Dense(3, activation="softmax")' if "," in inputs else 'Dense(3, activation="softmax")'
    return model(inputs, layers, "SparseCategoricalCrossentropy()")


def tags() -> nndsl.Compiled:
    """A model of a tag for each of its tokens."""
    layers = 'Embedding(10, 4); Dense(3, activation="softmax")'
    return model("int64(T)", layers, "SparseCategoricalCrossentropy()")


X = np.arange(8.0).reshape(4, 2)
Y = np.array([0, 1, 2, 0])
PAIRS = (("x", "x"), ("y", "y"))


def write(folder: Path, text: str) -> dict[str, Any]:
    """Write a table, and return how it is read."""
    (folder / "table.csv").write_text(text, encoding="utf-8")
    return {"data": Csv("table.csv", (("x", ("a", "b")), ("y", "c"))), "place": Place(folder, folder)}


def save(folder: Path, **arrays: Any) -> dict[str, Any]:
    """Save arrays, and return how they are read."""
    np.savez(folder / "data.npz", **arrays)
    return {"data": Npz("data.npz", PAIRS), "place": Place(folder, folder)}


@case("E1001_missing")
def missing(folder: Path) -> None:
    source_of(Npz("digits.npz", PAIRS), classes(), place=Place(folder, folder))


@case("E1001_damaged")
def damaged(folder: Path) -> None:
    (folder / "data.npz").write_bytes(b"PK\3\4 and no archive")
    source_of(Npz("data.npz", PAIRS), classes(), place=Place(folder, folder))


@case("E1002_link")
def link(folder: Path) -> None:
    inner = folder / "inner"
    inner.mkdir()
    save(folder, x=X, y=Y)
    (inner / "data.npz").symlink_to(folder / "data.npz")
    source_of(Npz("data.npz", PAIRS), classes(), place=Place(inner, inner))


@case("E1003_objects")
def objects(folder: Path) -> None:
    np.savez(folder / "data.npz", x=X, y=np.array([0, "one", 2, 0], dtype=object), allow_pickle=True)
    source_of(Npz("data.npz", PAIRS), classes(), place=Place(folder, folder))


@case("E1004_bomb")
def bomb(folder: Path) -> None:
    header = {"descr": "<f8", "fortran_order": False, "shape": (10**15, 2)}
    with zipfile.ZipFile(folder / "data.npz", "w") as archive, archive.open("x.npy", "w") as member:
        np.lib.format.write_array_header_1_0(member, header)  # type: ignore[arg-type]
    source_of(Npz("data.npz", (("x", "x"),)), classes(), place=Place(folder, folder))


@case("E1005_key")
def key(folder: Path) -> None:
    source_of(**save(folder, x=X, labels=Y), compiled=classes())


@case("E1005_target")
def target(folder: Path) -> None:
    source_of(X, classes())


@case("E1006_rows")
def rows(folder: Path) -> None:
    source_of((X, Y[:3]), classes())


@case("E1007_table")
def empty(folder: Path) -> None:
    source_of(**write(folder, "a,b,c\n"), compiled=classes())


@case("E1008_ragged")
def ragged(folder: Path) -> None:
    source_of(**write(folder, "a,b,c\n1,2,0\n1,2\n"), compiled=classes())


@case("E1008_semicolon")
def semicolon(folder: Path) -> None:
    source_of(**write(folder, "a;b;c\n1;2;0\n"), compiled=classes())


@case("E1009_comma")
def comma(folder: Path) -> None:
    source_of(**write(folder, 'a,b,c\n1,2,0\n1,"2,5",0\n'), compiled=classes())


@case("E1009_empty")
def empty_cell(folder: Path) -> None:
    source_of(**write(folder, "a,b,c\n1,2,0\n1,,0\n"), compiled=classes())


@case("E1010_shape")
def shape(folder: Path) -> None:
    source_of((np.zeros((4, 64)), Y), classes("(8, 8, 1)"))


@case("E1010_one_hot")
def one_hot(folder: Path) -> None:
    source_of((X, np.eye(3)[Y]), classes())


@case("E1010_classes")
def numbers(folder: Path) -> None:
    source_of((X, Y), model("(2)", 'Dense(3, activation="softmax")', "CategoricalCrossentropy()"))


@case("E1011_fraction")
def fraction(folder: Path) -> None:
    source_of((X, Y + np.array([0, 0, 0, 0.5])), classes())


@case("E1011_dates")
def dates(folder: Path) -> None:
    source_of((np.array([["2020-01-01"] * 2] * 4, dtype="datetime64[D]"), Y), classes())


@case("E1012_label")
def label(folder: Path) -> None:
    source_of((X, Y + np.array([0, 0, 3, 0])), classes())


@case("E1012_from_one")
def from_one(folder: Path) -> None:
    source_of((X, Y + 1), classes())


@case("E1012_ignored")
def ignored(folder: Path) -> None:
    source_of((X, np.where(Y == 2, -100, Y)), classes())


@case("E1013_token")
def token(folder: Path) -> None:
    source_of(([[1, 2], [3, 10]], [[0, 1], [2, 0]]), tags())


@case("E1014_nan")
def nan(folder: Path) -> None:
    values = X.copy()
    values[1:3, 1] = np.nan
    source_of((values, Y), classes())


@case("E1015_pyarrow")
def pyarrow(folder: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "pyarrow", None)
        source_of(Parquet("table.parquet", PAIRS), classes(), place=Place(folder, folder))


@case("E1016_unseen")
def unseen(folder: Path) -> None:
    known = {"y": ("setosa", "versicolor", "virginica")}
    source_of(**write(folder, "a,b,c\n1,2,setosa\n1,2,gardenia\n"), compiled=classes(), categories=known)


@case("E1017_steps")
def steps(folder: Path) -> None:
    source_of({"x": [[4, 2, 9], [7]], "y": [[0, 1, 1], [2, 0]]}, tags())


@case("E1018_short")
def short(folder: Path) -> None:
    compiled = model("(T, 2)", "Conv1D(4, 5); GlobalAveragePooling1D(); Dense(1)", '"mse"')
    source_of(([np.zeros((6, 2)), np.zeros((3, 2))], np.zeros(2)), compiled)


@case("E1019_weight")
def weight(folder: Path) -> None:
    source_of((X, Y, np.array([1, np.nan, 1, 1])), classes())


@case("E1020_type")
def kind(folder: Path) -> None:
    source_of(7, classes())


@case("E1020_suffix")
def suffix(folder: Path) -> None:
    source_of("digits.pkl", classes())


@case("E1021_loader")
def loader(folder: Path) -> None:
    dataset = TensorDataset(torch.tensor(X), torch.tensor(Y))
    split(source_of(DataLoader(dataset, 2), classes()), 0.5)


@case("E1021_iterable")
def iterable(folder: Path) -> None:
    class Stream(IterableDataset[Any]):
        def __iter__(self) -> Iterator[Any]:
            return iter(zip(X, Y, strict=True))

    source_of(Stream(), classes())


@case("W1001_one_class")
def one_class(folder: Path) -> Iterable[Remark]:
    return split(source_of((X, np.sort(Y)), classes()), 0.5)[2]


@case("W1002_padding")
def padding(folder: Path) -> Iterable[Remark]:
    return source_of({"x": [[4, 2, 9], [7]], "y": [[0, 1, 1], [2]]}, tags()).remarks


@case("E1230_accelerate")
def accelerate(folder: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "accelerate", None)
        launch([sys.executable, "--version"], 2)


@case("E1231_number")
def number(folder: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORLD_SIZE", "two")
        processes_of(torch.device("cpu"))


@case("E1232_killed")
def killed(folder: Path) -> None:
    text = f"import os, sys; os.environ['RANK'] == '0' and sys.exit(70); os.kill(os.getpid(), {signal.SIGKILL:d})"
    launch([sys.executable, "-c", text], 2)


@case("E1233_dice")
def dice(folder: Path) -> None:
    check_divisible(model("(8, 8, 1)", 'Conv2D(1, 1, activation="sigmoid")', "Dice()"), {})


@case("E1234_divided")
def divided(folder: Path) -> None:
    check_kind("DEEPSPEED")
