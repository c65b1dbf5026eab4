"""Predictions as files: arrays in ``.npz``, or a table in ``.csv``."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TextIO

import numpy as np

from nndsl.train.durable import replace_file
from nndsl.train.errors import TrainingError
from nndsl.train.predicting import Array, Predictions

SUFFIXES = (".npz", ".csv")


def check_suffix(path: Path) -> None:
    """Raise TrainingError (E1221) for a path that predictions cannot be written to."""
    if path.suffix.lower() not in SUFFIXES:
        message = f"{path} has a suffix that says nothing of how predictions are to be written"
        raise TrainingError("E1221", message, "give it `.npz` for arrays, or `.csv` for a table")


def write_predictions(predictions: Predictions, path: Path) -> None:
    """Write predictions into a file, in the place of one that may be there, at once.

    In ``.npz`` outputs have their names, and their classes ``NAME_label``; ``lengths`` are those of sequences. Raises
    TrainingError (E1221) for another suffix, and for a table of what is none; OSError if the file cannot be written.
    """
    check_suffix(path)
    if path.suffix.lower() == ".csv":
        text = io.StringIO(newline="")
        write_table(predictions, text)
        replace_file(path, [text.getvalue().encode()])
        return
    arrays = {f"{name}_label": labels for name, labels in predictions.labels.items()}
    if predictions.lengths is not None:
        arrays["lengths"] = predictions.lengths
    data = io.BytesIO()
    np.savez(data, allow_pickle=False, **{**arrays, **predictions.outputs})
    replace_file(path, [data.getbuffer()])


def write_table(predictions: Predictions, file: TextIO) -> None:
    """Write predictions as a table with a line for each sample.

    An output of classes has a column of its name with the likeliest one, then one for each class; one of several
    numbers has ``NAME_0``, ``NAME_1``, …. Raises TrainingError (E1221) for outputs of more axes.
    """
    columns: list[tuple[str, Array]] = []
    for name, output in predictions.outputs.items():
        columns += _columns(name, output, predictions)
    names = [name for name, _ in columns]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise TrainingError("E1221", f"the table would have two columns `{twice}`", "write arrays: `-o out.npz`")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(names)
    # NumPy's own texts are the shortest that give the same float32 again.
    writer.writerows(zip(*(map(str, column) for _, column in columns), strict=True))


def _columns(name: str, output: Array, predictions: Predictions) -> list[tuple[str, Array]]:
    if output.ndim > 2:
        shape = f"({', '.join(('N', *map(str, output.shape[1:])))})"
        message = f"`{name}` has the shape {shape}, and a table has one line for each sample"
        raise TrainingError("E1221", message, "write arrays: `-o out.npz`")
    labels, classes = predictions.labels.get(name), predictions.classes.get(name)
    found = [] if labels is None else [(name, labels)]
    numbers = output[:, None] if output.ndim == 1 else output
    if numbers.shape[1] == 1:
        if labels is None:
            return [(name, numbers[:, 0])]
        return [*found, (f"{name}_{classes[1] if classes else 1}", numbers[:, 0])]
    called = classes if classes is not None and len(classes) == numbers.shape[1] else range(numbers.shape[1])
    return [*found, *((f"{name}_{each}", numbers[:, place]) for place, each in enumerate(called))]
