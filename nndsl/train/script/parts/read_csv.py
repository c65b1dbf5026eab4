import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np


def read_csv(path: Path) -> dict[str, np.ndarray]:
    """Return the columns of a table: numbers, or for texts their places when sorted."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = filter(None, csv.reader(file))
    columns = zip(*rows, strict=True)
    return dict(zip(header, map(column_of, columns), strict=True))


def column_of(cells: Sequence[str]) -> np.ndarray:
    """Return the numbers in cells, or the places of their texts."""
    try:
        return np.array([float(cell) for cell in cells])
    except ValueError:
        return np.unique([cell.strip() for cell in cells], return_inverse=True)[1]
