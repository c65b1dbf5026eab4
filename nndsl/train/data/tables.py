"""Columns of tables by the names of inputs and outputs: what a ``Csv`` and a ``Parquet`` share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch

from nndsl.recipes.data import Columns, Csv, Parquet
from nndsl.suggestions import suggest
from nndsl.train.data.columns import Categories, Column, Given, Ragged, indices_of, is_text, listed
from nndsl.train.data.demands import Demands
from nndsl.train.data.named import column_of, named
from nndsl.train.data.places import shown
from nndsl.train.errors import TrainingError

SPECIAL = ("sample_weight", "lengths")


def wanted_columns(
    recipe: Csv | Parquet, demands: Demands, header: Iterable[str], targets: bool
) -> dict[str, str | tuple[str, ...]]:
    """Return the columns that each input and output takes; without any, those that are called like them.

    Raises TrainingError (E1005) for a column that is not in the table.
    """
    names = list(header)
    slots = [slot.name for slot in demands.slots]
    inputs = {slot.name for slot in demands.inputs}
    pairs: Columns = recipe.columns or tuple((name, name) for name in (*slots, *SPECIAL) if name in names)
    wanted = {name: column for name, column in pairs if targets or name in inputs or name == "lengths"}
    origin = shown(recipe.path)
    for column in wanted.values():
        for each in [column] if isinstance(column, str) else column:
            if each not in names:
                help = suggest(each, names, "value") or f"it has {listed(names)}"
                raise TrainingError("E1005", f"{origin} has no column {shown(each)}", help)
    if not wanted:
        kind = type(recipe).__name__
        help = f'it has {listed(names)}; say which is which: `{kind}("{recipe.path}", {slots[0]}=["…", "…"])`'
        raise TrainingError("E1005", f"{origin} has no column that is called like an input or output", help)
    return wanted


def given_of_table(
    wanted: Mapping[str, str | tuple[str, ...]],
    read: Callable[[str], Any],
    demands: Demands,
    known: Categories,
    origin: str,
) -> Given:
    """Return columns by the names of inputs and outputs; ``read`` gives a column of the table as an array, or texts."""
    values: dict[str, Any] = {}
    called: dict[str, str] = {}
    categories: dict[str, tuple[str, ...]] = {}
    for name, column in wanted.items():
        if isinstance(column, str):
            called[name] = f"the column {shown(column)} of {origin}"
            values[name] = read(column)
            continue
        called[name] = f"the columns of `{name}` in {origin}"
        parts: list[Column] = []
        for each in column:
            array, said = read(each), f"the column {shown(each)} of {origin}"
            if is_text(array):
                key = f"{name}.{each}"
                numbers, categories[key] = indices_of(array, said, known.get(key))
                parts.append(numbers)
            else:
                parts.append(column_of(array, said))
        values[name] = _side_by_side(parts, called[name])
    given = named(values, demands, known, origin, called)
    return Given(given.columns, given.weights, given.lengths, {**categories, **given.categories}, origin, called)


def _side_by_side(parts: list[Column], called: str) -> Column:
    """Return columns as the last axis of one."""
    if not any(isinstance(part, Ragged) for part in parts):
        tensors = [part for part in parts if not isinstance(part, Ragged)]
        return torch.stack([part.to(torch.promote_types(part.dtype, tensors[0].dtype)) for part in tensors], -1)
    sequences = [part for part in parts if isinstance(part, Ragged)]
    if len(sequences) < len(parts) or any(not part.lengths.equal(sequences[0].lengths) for part in sequences):
        message = f"{called} have sequences of differing lengths in one row"
        raise TrainingError("E1017", message, "columns that are put side by side have equally many steps")
    return sequences[0].with_values(torch.stack([part.values for part in sequences], -1))
