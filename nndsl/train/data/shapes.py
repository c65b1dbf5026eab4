"""The shapes of columns against what a model takes, symbolic sizes included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from nndsl.dims import Dim, Size, SizeUnknown, Unsolvable, evaluate, solve_axes
from nndsl.train.data.columns import Column, Given, Ragged
from nndsl.train.data.demands import Demands, Slot
from nndsl.train.errors import TrainingError

LOOSE = ("free", "labels")
"""The kinds of targets whose shape does not follow from that of the output."""
Sizes = tuple[int | None, ...]
"""The sizes of a sample; None for a number of steps that differs between samples."""


def settled(slot: Slot, column: Column) -> Slot:
    """Return a slot that takes classes or a share of each as the one that a column decides on, by its shape."""
    if slot.kind != "either":
        return slot
    have, want = len(column.shape) - 1, len(slot.shape)
    if have == want - 1 or (have == want and column.shape[-1] == 1):
        return replace(slot, kind="classes", shape=slot.shape[:-1], dtype="int64")
    return replace(slot, kind="one_hot")


def fitted_rank(slot: Slot, column: Column, given: Given) -> Column:
    """Return a column with as many axes as its slot has; a last axis of size 1 may be missing, or too many.

    The targets of sequences stay as they are: losses tell (N, T) from (N, T, 1). Raises TrainingError (E1010).
    """
    have, want = len(column.shape) - 1, len(slot.shape)
    if have == want or slot.kind in LOOSE:
        return column
    missing = have == want - 1 and slot.shape[-1] == 1
    if not missing and not (have == want + 1 and column.shape[-1] == 1):
        raise _unfit(slot, column, given)
    if max(have, want) > 1 and slot.kind in ("values", "binary", "one_hot"):
        return column
    tensor = column.values if isinstance(column, Ragged) else column
    return _with(column, tensor.unsqueeze(-1) if missing else tensor.squeeze(-1))


def _with(column: Column, tensor: Tensor) -> Column:
    return column.with_values(tensor) if isinstance(column, Ragged) else tensor


def check_shapes(demands: Demands, columns: Mapping[str, Column], given: Given) -> None:
    """Hold the shapes of inputs and targets against what is declared, and against each other.

    Raises TrainingError: E1010 for a shape that does not fit, E1017 for numbers of steps that do not, E1018 for sizes
    that the layers cannot take.
    """
    fixed, differing = _symbols(demands, columns, given)
    if not differing:
        _check_conditions(demands, fixed, None, given)
        for slot in demands.targets:
            if slot.name in columns and slot.kind not in LOOSE:
                _check_target(slot, columns[slot.name], fixed, given)
        return
    names = list(differing)
    lengths, rows_of = torch.unique(torch.stack([differing[name] for name in names], 1), dim=0, return_inverse=True)
    for number, case in enumerate(lengths.tolist()):
        sizes = {**fixed, **dict(zip(names, case, strict=True))}
        rows = rows_of == number
        padded = {name: max(size, 1) for name, size in sizes.items()}
        _check_conditions(demands, padded, int(rows.int().argmax()), given)
        for slot in demands.targets:
            if slot.name in columns and slot.kind not in LOOSE:
                _check_target(slot, columns[slot.name], sizes, given, rows)


def _symbols(demands: Demands, columns: Mapping[str, Column], given: Given) -> tuple[dict[str, int], dict[str, Tensor]]:
    """Return the values of the inputs' symbols: those of all samples, and those that differ."""
    declared = {slot.name: slot.shape for slot in demands.inputs}
    try:
        axes = solve_axes(declared)
    except Unsolvable:  # the model itself checks such sizes
        return {}, {}
    actual: dict[str, Sizes] = {slot.name: columns[slot.name].shape[1:] for slot in demands.inputs}
    fixed: dict[str, int] = {}
    differing: dict[str, Tensor] = {}
    for binding in axes.bindings:
        slot = next(slot for slot in demands.inputs if slot.name == binding.input)
        size, column = actual[binding.input][binding.axis], columns[binding.input]
        if size is not None:
            fixed[binding.symbol] = (size - binding.offset) // binding.scale
        elif isinstance(column, Ragged):
            if (binding.scale, binding.offset) != (1, 0):
                message = f"{given.name(slot.name)} has differing numbers of steps, and {slot.called} takes multiples"
                raise TrainingError("E1017", message, "pad the sequences to one length")
            differing[binding.symbol] = column.lengths
    for slot in demands.inputs:
        column = columns[slot.name]
        for declared_size, have in zip(slot.shape, column.shape[1:], strict=True):
            if isinstance(column, Ragged) and have is None:
                _check_steps(slot, declared_size, column, differing, given)
            elif not isinstance(declared_size, Dim) or declared_size.symbols() <= fixed.keys():
                if evaluate(declared_size, fixed) != have:
                    raise _unfit(slot, column, given, fixed)
            elif declared_size.symbols() & differing.keys():
                raise _unfit(slot, column, given, fixed)
    return fixed, differing


def _check_steps(slot: Slot, size: Size, column: Ragged, differing: Mapping[str, Tensor], given: Given) -> None:
    if not isinstance(size, Dim):
        message = f"{given.name(slot.name)} has differing numbers of steps, and {slot.called} takes {size}"
        raise TrainingError("E1017", message, f"declare the input with a symbol: `input {slot.name}: (T, …)`")
    for symbol in size.symbols() & differing.keys():
        unequal = (column.lengths != differing[symbol]).nonzero()
        if len(unequal):
            row = int(unequal[0])
            message = f"row {given.row(row)} of {given.name(slot.name)} has {int(column.lengths[row])} steps, and "
            message += f"`{symbol}` is {int(differing[symbol][row])} in another input"
            raise TrainingError("E1017", message, "sequences that share a symbol have equally many steps")


def _check_target(
    slot: Slot, column: Column, sizes: Mapping[str, int], given: Given, rows: Tensor | None = None
) -> None:
    """Check a target for values of the symbols; ``rows`` says which samples have them."""
    have = column.shape[1:]
    want: Sequence[Size] = slot.shape
    if len(have) < len(want):
        want = want[:-1]
    for axis, (size, actual) in enumerate(zip((*want, 1), have, strict=False)):
        try:
            expected = evaluate(size, sizes)
        except SizeUnknown:
            continue
        if actual is None:
            assert isinstance(column, Ragged)
            chosen = torch.ones(len(column), dtype=torch.bool) if rows is None else rows
            wrong = (chosen & (column.lengths != expected)).nonzero()
            if len(wrong):
                row = int(wrong[0])
                message = f"row {given.row(row)} of {given.name(slot.name)} has {int(column.lengths[row])} steps, "
                message += f"and {slot.called} gives {expected}"
                raise TrainingError("E1017", message, "a target has a value for each step that the output has")
        elif actual != expected:
            if rows is not None and axis == 0 and isinstance(size, Dim):
                message = f"{given.name(slot.name)} has {actual} steps in each row, and {slot.called} "
                message += f"gives {expected} in row {given.row(int(rows.int().argmax()))}"
                raise TrainingError("E1017", message, "give the targets as sequences, too")
            raise _unfit(slot, column, given, sizes)


def _check_conditions(demands: Demands, sizes: Mapping[str, int], row: int | None, given: Given) -> None:
    where = "" if row is None else f" in row {given.row(row)}"
    for condition in demands.conditions:
        try:
            value = evaluate(condition.size, sizes)
        except SizeUnknown:
            continue
        if not condition.holds(value):
            message = f"the sizes are {_written(sizes)}{where}, and {condition.origin} needs {condition.text()}"
            raise TrainingError("E1018", message, "leave such samples out, or pad them")
    for left, right, origin in demands.equalities:
        try:
            equal = evaluate(left, sizes) == evaluate(right, sizes)
        except SizeUnknown:
            continue
        if not equal:
            message = f"the sizes are {_written(sizes)}{where}, and {origin} needs {left} to be {right}"
            raise TrainingError("E1018", message, "leave such samples out, or pad them")


def _written(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{name} = {size}" for name, size in sizes.items())


def _unfit(slot: Slot, column: Column, given: Given, sizes: Mapping[str, int] | None = None) -> TrainingError:
    message = f"{given.name(slot.name)} has {_said(column.shape[1:])} for each sample, and {slot.called} takes "
    if slot.kind != "classes" or slot.loss == "Circle":
        message += _said(slot.shape)
    else:
        message += f"numbers of classes in {_said(slot.shape)}" if slot.shape else "the number of a class"
    used = {name for size in slot.shape if isinstance(size, Dim) for name in size.symbols()}
    shown = {name: size for name, size in (sizes or {}).items() if name in used}
    if shown:
        message += f" where {_written(shown)}"
    return TrainingError("E1010", message, _help(slot, column))


def _said(shape: Sequence[Size | None]) -> str:
    return f"the shape {written(shape)}" if shape else "one number"


def _help(slot: Slot, column: Column) -> str:
    have, want = column.shape[1:], slot.shape
    if slot.kind == "classes" and len(have) == len(want) + 1 and have[-1] == slot.limit:
        return (
            f"these are one-hot labels, and `{slot.loss}` takes numbers of classes: "
            "use `CategoricalCrossentropy`, or give `labels.argmax(-1)`"
        )
    if slot.kind == "one_hot" and (len(have) == len(want) - 1 or (len(have) == len(want) and have[-1] == 1)):
        help = f"these are numbers of classes, and `{slot.loss}` takes a share for each"
        return help + ": use `SparseCategoricalCrossentropy`"
    sizes = [size for size in have if size is not None]
    if slot.is_input:
        shape = ", ".join("T" if size is None else str(size) for size in have)
        return f"declare the input as `({shape})`, or reshape the data"
    if not want or have[-1:] == (1,) or len(sizes) < len(have):
        return "a target has the shape of its output"
    return f"a target has the shape of its output: give the last layer {sizes[-1]} units, or other targets"


def written(shape: Sequence[Size | None]) -> str:
    """Return the shape of a sample as it is declared."""
    return "(" + ", ".join("T" if size is None else str(size) for size in shape) + ")"
