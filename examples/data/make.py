"""Writes the data beside it from the sets that scikit-learn brings along: ``python examples/data/make.py``.

Only this script needs scikit-learn (``pip install scikit-learn``); it gives the same bytes each time.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn import datasets

FOLDER = Path(__file__).parent


def main() -> None:
    """Write all files."""
    digits = datasets.load_digits()
    images = (digits.images / 16).astype(np.float32)[..., None]
    write_npz("digits.npz", images=images, labels=digits.target.astype(np.int64))
    cancer = datasets.load_breast_cancer()
    write_table("cancer.csv", cancer, "diagnosis", [str(cancer.target_names[label]) for label in cancer.target])
    diabetes = datasets.load_diabetes(scaled=False)
    write_table("diabetes.csv", diabetes, "progression", diabetes.target)
    iris = datasets.load_iris()
    write_table("iris.csv", iris, "species", [str(iris.target_names[label]) for label in iris.target])
    wine = datasets.load_wine()
    write_table("wine.csv", wine, "cultivar", [str(wine.target_names[label]) for label in wine.target])


def write_table(name: str, data: Any, target: str, targets: Iterable[object]) -> None:
    """Write the rows shuffled, since some sets are sorted by their class and the last part is for validation."""
    header = [column.removesuffix(" (cm)").replace(" ", "_").replace("/", "_") for column in data.feature_names]
    rows: list[Sequence[object]] = [
        (*(f"{value:.10g}" for value in row), f"{label:.10g}" if isinstance(label, float) else label)
        for row, label in zip(data.data, targets, strict=True)
    ]
    order = np.random.default_rng(0).permutation(len(rows))
    with (FOLDER / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*header, target])
        writer.writerows(rows[index] for index in order)


def write_npz(name: str, **arrays: np.ndarray[Any, Any]) -> None:
    """Write what ``np.savez_compressed`` does, without the time of day."""
    with zipfile.ZipFile(FOLDER / name, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for key, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, array, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{key}.npy"), buffer.getvalue(), zipfile.ZIP_DEFLATED, 9)


if __name__ == "__main__":
    main()
