"""What is said of training scripts that cannot be written."""

from __future__ import annotations

from pathlib import Path

import nndsl
from nndsl.train.data import Place
from nndsl.train.script import script
from tests.errors.training import case
from tests.train.scripts import FITTED, save_data


def write(folder: Path, text: str) -> None:
    """Write the script of a model."""
    save_data(folder)
    script(nndsl.compile(text), Place(folder, folder), folder)


@case("E1215_averages")
def averages(folder: Path) -> None:
    write(folder, FITTED.format(optimizer="Adam(use_ema=true)", fit=""))


@case("E1215_name")
def name(folder: Path) -> None:
    write(folder, FITTED.replace("model Net", "model Log").format(optimizer='"adam"', fit=""))


@case("E1215_table")
def table(folder: Path) -> None:
    write(folder, FITTED.replace('Npz("data.npz"', 'Parquet("data.parquet"').format(optimizer='"adam"', fit=""))
