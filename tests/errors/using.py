"""What is said of models that are to be used once they are trained: evaluated, applied, exported."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

import nndsl
from nndsl.train import formats
from nndsl.train.errors import Remark
from nndsl.train.exporting import export
from nndsl.train.prediction_files import check_suffix, write_predictions
from nndsl.train.ready import ready
from tests.errors.fits import TEXT, X, fit
from tests.errors.training import case

STEPS = "model Steps {\n  input x: (T, 3)\n\n  LSTM(2)\n}\n"
CONV = "model Conv {\n  input x: (T, 3)\n\n  Conv1D(2, 5)\n}\n"


@case("E1207_evaluate")
def no_loss(folder: Path) -> None:
    compiled = nndsl.compile(CONV)
    nndsl.evaluate(compiled.module(seed=0), np.zeros((2, 5, 3)))


@case("E1208_evaluate")
def nothing_held_out(folder: Path) -> None:
    fit(out=folder / "run")
    nndsl.evaluate(fit(), None)


@case("E1210_rows")
def rows(folder: Path) -> None:
    nndsl.predict(fit(), X, rows=range(2, 9))


@case("E1220_file")
def untrained(folder: Path) -> None:
    nndsl.evaluate(nndsl.compile(TEXT), X)


@case("E1220_best")
def no_folder(folder: Path) -> None:
    nndsl.predict(fit(), X, best=True)


@case("E1221_suffix")
def suffix(folder: Path) -> None:
    check_suffix(Path("out.txt"))


@case("E1221_table")
def images(folder: Path) -> None:
    write_predictions(nndsl.Predictions({"image": np.zeros((2, 8, 8, 1))}), folder / "out.csv")


@case("E1221_export")
def format(folder: Path) -> None:
    export(nndsl.compile(CONV), folder / "out.h5")


@case("E1223_steps")
def steps(folder: Path) -> None:
    export(nndsl.compile(STEPS), folder / "out.pt2")


@case("E1223_unknown")
def unknown_size(folder: Path) -> None:
    export(nndsl.compile(CONV), folder / "out.pt2", sizes={"H": 3})


@case("E1223_condition")
def too_small(folder: Path) -> None:
    export(nndsl.compile(CONV), folder / "out.pt2", sizes={"T": 4})


@case("E1224_size")
def unexportable(folder: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nndsl.train.exporting.stepped", lambda compiled: {})
        export(nndsl.compile(STEPS), folder / "out.pt2")


@case("E1224_packed")
def packed(folder: Path) -> None:
    text = STEPS.replace("(T, 3)", "int64(T)").replace(
        "  LSTM(2)", "  Embedding(4, 2, mask_zero=true)\n  Bidirectional(GRU(2))"
    )
    export(nndsl.compile(text), folder / "out.pt2", sizes={"T": 3})


@case("E1225")
def changed(folder: Path) -> None:
    own = formats.FORMATS["pt2"]
    other = formats.Format(own.write, lambda path: lambda x: [own.load(path)(x)[0] + 1e-3])
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(formats.FORMATS, "pt2", other)  # type: ignore[arg-type]
        export(nndsl.compile(CONV), folder / "out.pt2")


@case("E1226")
def not_installed(folder: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("importlib.util.find_spec", lambda name: None)
        export(nndsl.compile(CONV), folder / "out.onnx")


@case("W1201_initial")
def initial(folder: Path) -> Iterable[Remark]:
    return ready(nndsl.compile(CONV), initial=True).remarks
