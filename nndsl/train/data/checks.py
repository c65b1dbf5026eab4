"""Columns into what a model takes: all that it cannot take is refused here, before the step that would use it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nndsl.suggestions import suggest
from nndsl.train.data.columns import Column, Given, Ragged, listed
from nndsl.train.data.demands import Demands, Slot
from nndsl.train.data.shapes import check_shapes, fitted_rank, settled
from nndsl.train.data.values import converted
from nndsl.train.errors import Remark, TrainingError


@dataclass(frozen=True, slots=True)
class Fitted:
    """Columns that fit a model, in the order of its inputs and outputs."""

    inputs: tuple[Column, ...]
    targets: tuple[Column | None, ...]
    weights: tuple[Column | None, ...]

    def __iter__(self) -> Iterator[tuple[Column | None, ...]]:
        return iter((self.inputs, self.targets, self.weights))

    @property
    def columns(self) -> tuple[Column, ...]:
        """All that there are."""
        return tuple(each for columns in self for each in columns if each is not None)

    def mapped(self, change: Callable[[Column], Column]) -> Fitted:
        """Return the columns, each changed."""
        inputs = tuple(change(each) for each in self.inputs)
        targets, weights = (
            tuple(each if each is None else change(each) for each in columns)
            for columns in (self.targets, self.weights)
        )
        return Fitted(inputs, targets, weights)


def fit_columns(given: Given, demands: Demands, targets: bool = True) -> Fitted:
    """Return the columns of a source as a model takes them.

    With ``targets`` the outputs that have a loss need some; without, none are taken. Raises TrainingError for all
    that does not fit: names (E1005), numbers of rows (E1006, E1007), and what shapes.py and values.py say.
    """
    _check_names(given, demands, targets)
    for name, column in given.columns.items():
        _count(column, given.name(name))
    sequences = _with_lengths(given, demands)
    _check_counts(given, sequences)
    if not targets:
        sequences = {slot.name: sequences[slot.name] for slot in demands.inputs}
    outputs = [settled(slot, sequences[slot.name]) if slot.name in sequences else slot for slot in demands.targets]
    demands = replace(demands, targets=tuple(outputs))
    slots = [slot for slot in demands.slots if slot.name in sequences]
    columns = {slot.name: fitted_rank(slot, sequences[slot.name], given) for slot in slots}
    check_shapes(demands, columns, given)
    columns = {slot.name: converted(slot, columns[slot.name], given) for slot in slots}
    weights = tuple(_weights(slot, columns, given) if targets else None for slot in demands.targets)
    inputs = tuple(columns[slot.name] for slot in demands.inputs)
    return Fitted(inputs, tuple(columns.get(slot.name) for slot in demands.targets), weights)


def remarks_on(fitted: Fitted, demands: Demands) -> tuple[Remark, ...]:
    """Return what is suspicious of columns that fit."""
    found = []
    for slot, column in zip(demands.targets, fitted.targets, strict=True):
        if column is None or slot.kind not in ("classes", "binary"):
            continue
        values = column.values if isinstance(column, Ragged) else column
        if len(column) > 1 and bool((values == values.flatten()[0]).all()):
            message = f"all {len(column):,} targets of {slot.called} are {values.flatten()[0].item():g}"
            found.append(Remark("W1001", message, "a model learns nothing from one class; is the data sorted by it?"))
    ragged = [slot for slot, column in zip(demands.inputs, fitted.inputs, strict=True) if isinstance(column, Ragged)]
    if ragged and not demands.masks:
        message = f"{ragged[0].called} is padded with zeros, and no layer of the model masks them"
        help = (
            "`Embedding(…, mask_zero=true)` or `Masking()` does; a model whose steps see none after them needs no mask"
        )
        found.append(Remark("W1002", message, help))
    return tuple(found)


def _check_names(given: Given, demands: Demands, targets: bool) -> None:
    known = [slot.name for slot in demands.slots]
    for name in given.columns:
        if name not in known:
            help = suggest(name, known, "value") or f"the model has {listed(known)}"
            raise TrainingError("E1005", f"{given.origin} has `{name}`, which is no input or output of the model", help)
    for slot in demands.slots if targets else demands.inputs:
        if slot.needed and slot.name not in given.columns:
            have = f"there is {listed(given.columns)}" if given.columns else "it is empty"
            what = "the input" if slot.is_input else "the targets of the output"
            raise TrainingError("E1005", f"nothing in {given.origin} is for {what} `{slot.name}`", have)
    outputs = {slot.name for slot in demands.targets}
    for name in given.weights:
        if name and name not in outputs:
            raise TrainingError(
                "E1005", f"{given.origin} has weights for `{name}`, which is no output", f"there are {listed(outputs)}"
            )


def _check_counts(given: Given, columns: dict[str, Column]) -> None:
    counts = {given.name(name): len(column) for name, column in columns.items()}
    counts |= {_weights_name(given, name): _count(each, "the weights") for name, each in given.weights.items()}
    first, count = next(iter(counts.items()))
    for name, other in counts.items():
        if other != count:
            message = f"{first} has {count:,} rows, and {name} has {other:,}"
            raise TrainingError("E1006", message, "each sample is a row of all of them")
    if not count:
        raise TrainingError("E1007", f"{given.origin} has no rows", "there must be one sample at least")


def _count(column: Column, called: str) -> int:
    if isinstance(column, Tensor) and not column.dim():
        raise TrainingError("E1010", f"{called} is a single number", "the first axis is that of the samples")
    return len(column)


def _weights_name(given: Given, name: str) -> str:
    return f"the weights for `{name}`" if name else given.called.get("sample_weight", "`sample_weight`")


def _with_lengths(given: Given, demands: Demands) -> dict[str, Column]:
    """Return the columns, those that have steps as sequences if there are lengths."""
    if given.lengths is None:
        return dict(given.columns)
    lengths = _checked_lengths(given)
    made: dict[str, Column] = {}
    count, total = len(lengths), int(lengths.sum())
    for slot in demands.slots:
        column = given.columns.get(slot.name)
        if column is None or isinstance(column, Ragged):
            made |= {slot.name: column} if column is not None else {}
        elif not _has_steps(slot):
            made[slot.name] = column
        elif len(column) == count and column.dim() > 1:
            too_long = (lengths > column.shape[1]).nonzero()
            if len(too_long):
                row = int(too_long[0])
                message = f"row {given.row(row)} has the length {int(lengths[row])}, "
                message += f"and {given.name(slot.name)} has {column.shape[1]} steps"
                raise TrainingError("E1017", message, "`lengths` are the numbers of steps that are no padding")
            made[slot.name] = Ragged.padded(column, lengths)
        elif len(column) == total:
            made[slot.name] = Ragged.joined(column, lengths)
        else:
            message = f"{given.name(slot.name)} has {len(column):,} rows, and `lengths` has {count:,}, {total:,} steps"
            raise TrainingError("E1006", message, "sequences are padded, (N, T, …), or lie one behind the other")
    if not any(isinstance(column, Ragged) for column in made.values()):
        help = f"declare an input with a symbol for its steps: `input {demands.inputs[0].name}: (T, …)`"
        raise TrainingError("E1017", f"{given.origin} has `lengths`, and no input of the model has steps", help)
    return made


def _checked_lengths(given: Given) -> Tensor:
    lengths = given.lengths
    assert lengths is not None
    lengths = lengths.cpu()
    if lengths.dim() == 2 and lengths.shape[1] == 1:
        lengths = lengths.squeeze(1)
    if lengths.dim() != 1 or lengths.is_complex():
        raise TrainingError("E1017", "`lengths` is not one number for each sample", "give an array of shape (N,)")
    wrong = ((lengths < 0) | (lengths != lengths.long())).nonzero()
    if len(wrong):
        row = int(wrong[0])
        raise TrainingError(
            "E1017", f"row {given.row(row)} has the length {lengths[row].item():g}", "lengths are whole numbers"
        )
    return lengths.long()


def _has_steps(slot: Slot) -> bool:
    """Return whether the first size of a slot is symbolic: then it is a number of steps."""
    return bool(slot.shape) and not isinstance(slot.shape[0], int)


def _weights(slot: Slot, columns: dict[str, Column], given: Given) -> Tensor | None:
    name = slot.name if slot.name in given.weights else ""
    weights, target = given.weights.get(name), columns.get(slot.name)
    if weights is None or target is None:
        return None
    called = _weights_name(given, name)
    if weights.dim() == 2 and weights.shape[1] == 1 and len(target.shape) < 3:
        weights = weights.squeeze(1)
    if weights.dim() > 1 and (isinstance(target, Ragged) or weights.shape != target.shape[: weights.dim()]):
        message = f"{called} has the shape {tuple(weights.shape)}, and {given.name(slot.name)} has {target.shape}"
        raise TrainingError("E1019", message, "weights are one for each sample, (N,), or for each step, (N, T)")
    wrong = (~torch.isfinite(weights)).nonzero()
    if len(wrong):
        row = given.row(int(wrong[0][0]))
        raise TrainingError("E1019", f"row {row} of {called} is no finite number", "give it the weight 0")
    return weights.to(torch.float32)
