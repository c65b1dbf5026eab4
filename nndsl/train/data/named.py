"""Arrays and texts by the names of inputs and outputs, into columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nndsl.train.data.columns import Categories, Column, Given, Ragged, indices_of, is_text, tensor_of
from nndsl.train.data.demands import Demands
from nndsl.train.errors import TrainingError


def named(
    values: Mapping[str, Any],
    demands: Demands,
    known: Categories,
    origin: str,
    called: Mapping[str, str] | None = None,
) -> Given:
    """Return arrays, tensors, texts and lists of sequences as columns.

    ``sample_weight`` (one for all outputs, or a dict by output) and ``lengths`` are what they are called, unless the
    model has an input or output of that name. ``known`` are the categories of training, if there was one.
    """
    called = called or {}
    columns: dict[str, Column] = {}
    categories: dict[str, tuple[str, ...]] = {}
    weights: dict[str, Tensor] = {}
    lengths: Tensor | None = None
    taken = {slot.name for slot in demands.slots}
    for name, value in values.items():
        shown = called.get(name, f"`{name}`")
        if name == "sample_weight" and name not in taken:
            by_output = value if isinstance(value, Mapping) else {"": value}
            weights = {key: tensor_of(item, shown) for key, item in by_output.items() if item is not None}
        elif name == "lengths" and name not in taken:
            lengths = tensor_of(value, shown)
        elif is_text(value):
            columns[name], categories[name] = indices_of(value, shown, known.get(name))
        else:
            columns[name] = column_of(value, shown)
    return Given(columns, weights, lengths, categories, origin, called)


def column_of(value: Any, called: str) -> Column:
    """Return a column of numbers; a list of arrays that differ in their first axis becomes sequences."""
    if isinstance(value, Ragged):
        return value
    if isinstance(value, np.ndarray) and value.dtype.kind == "O" and value.ndim == 1:
        value = list(value)
    if not isinstance(value, (list, tuple)) or not value or not all(_is_sequence(item) for item in value):
        return tensor_of(value, called)
    items = [tensor_of(item, called) for item in value]
    shapes = {tuple(item.shape) for item in items}
    if len(shapes) == 1:
        return torch.stack(items)
    if any(len(shape) == 0 for shape in shapes) or len({shape[1:] for shape in shapes}) > 1:
        message = f"{called} has samples of the shapes {', '.join(map(str, sorted(shapes)[:3]))}"
        raise TrainingError("E1010", message, "samples may differ in the first of their axes alone")
    return Ragged.joined(torch.cat(items), torch.tensor([len(item) for item in items]))


def _is_sequence(item: Any) -> bool:
    return isinstance(item, (list, tuple, np.ndarray, Tensor))
