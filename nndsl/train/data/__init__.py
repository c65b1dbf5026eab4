"""Data for a compiled model: sources from recipes, files, arrays and loaders, checked before a step uses them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import floor
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset, TensorDataset

from nndsl.compiler import Compiled
from nndsl.recipes.base import Recipe
from nndsl.recipes.data import Csv, ImageFolder, Npy, Npz, Parquet
from nndsl.train.batch import Source
from nndsl.train.data.columns import Categories, Given
from nndsl.train.data.csv_files import read_csv
from nndsl.train.data.demands import Demands, demands_of
from nndsl.train.data.handed import given_of
from nndsl.train.data.images import read_images
from nndsl.train.data.loaders import source_of_torch
from nndsl.train.data.memory import memory_of
from nndsl.train.data.npy import open_npy
from nndsl.train.data.npz import read_npz
from nndsl.train.data.orders import order_of
from nndsl.train.data.parquet import read_parquet
from nndsl.train.data.places import Place, shown
from nndsl.train.errors import Remark, TrainingError

__all__ = ["Categories", "Place", "order_of", "source_of", "split"]

READERS: dict[type[Recipe], Callable[[Any, Demands, Place, Categories, bool], Given]] = {
    Npz: read_npz,
    Csv: read_csv,
    Parquet: read_parquet,
    ImageFolder: read_images,
}
"""What reads each recipe into memory."""
SUFFIXES: dict[str, type[Npz] | type[Csv] | type[Parquet]] = {".npz": Npz, ".csv": Csv, ".parquet": Parquet}
"""The recipes of files that a caller names alone."""


def source_of(
    data: Any,
    compiled: Compiled,
    *,
    place: Place | None = None,
    path: str | Path | None = None,
    device: torch.device | str = "cpu",
    categories: Mapping[str, tuple[str, ...]] = {},
    targets: bool = True,
) -> Source:
    """Return data as a source for a compiled model; what is in memory is checked now, all else before its step.

    ``data`` is a recipe such as ``Npz(…)``, the path of a file, arrays (``(x, y)``, ``(x, y, weight)``, or a dict by
    the names of inputs and outputs), a ``Dataset`` or a ``DataLoader``. ``place`` is where the paths of a recipe
    begin, and what they stay inside (if None, the current folder, and nothing); ``path`` is a file of the caller's
    that takes the place of the recipe's own, wherever it is. ``categories`` are those of training, for data that come
    after it; without ``targets`` (to predict) outputs take nothing. Raises TrainingError, of the family E10.
    """
    demands, device, place = demands_of(compiled), torch.device(device), place or Place()
    if path is not None or isinstance(data, (str, Path)):
        data, place = _recipe_of(data if path is None else path, data if path is not None else None), Place()
    if isinstance(data, Npy):
        return open_npy(data, demands, place, device, targets)
    if isinstance(data, Recipe):
        given = READERS[type(data)](data, demands, place, categories, targets)
        return memory_of(given, demands, device, targets)
    if isinstance(data, TensorDataset):
        data = data.tensors
    if isinstance(data, (Dataset, DataLoader)):
        return source_of_torch(data, demands, device, targets)
    if hasattr(data, "batches") and hasattr(data, "fingerprint"):
        source: Source = data
        return source
    return memory_of(given_of(data, demands, categories, targets), demands, device, targets)


def split(source: Source, fraction: float) -> tuple[Source, Source | None, tuple[Remark, ...]]:
    """Return the samples for training and for validation, which takes the last part, before any shuffle.

    As in Keras the first ``floor(n · (1 - fraction))`` are for training. The remarks are what that makes suspicious.
    Raises TrainingError (E1007) if none is left to train on.
    """
    count = len(source)
    training = floor(count * (1 - fraction))
    if training == count:
        return source, None, ()
    if not training:
        message = f"`validation_split={fraction:g}` leaves none of {count:,} samples to train on"
        raise TrainingError("E1007", message, "lower it, or give `validation_data`")
    first = source.part(0, training)
    new = tuple(remark for remark in first.remarks if remark not in source.remarks)
    return first, source.part(training, count), new


def _recipe_of(path: Any, recipe: Any) -> Recipe:
    """Return the recipe of a path, with the names of another recipe if that is of the same kind."""
    path = Path(path)
    if path.is_dir():
        if isinstance(recipe, ImageFolder):
            return replace(recipe, path=str(path))
        help = "give the size of images with it: `ImageFolder(path, (height, width))`"
        raise TrainingError("E1020", f"{shown(path)} is a folder", help)
    kind = SUFFIXES.get(path.suffix.lower())
    if kind is None:
        help = f"files that are read by their name alone end in {', '.join(SUFFIXES)}"
        raise TrainingError("E1020", f"{shown(path)} has a suffix that says nothing of what is in it", help)
    return replace(recipe, path=str(path)) if isinstance(recipe, kind) else kind(str(path))
