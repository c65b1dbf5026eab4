"""The numbers of a column against what a model takes: whole numbers, ranges, NaN; vectorised, once."""

from __future__ import annotations

import torch
from torch import Tensor

from nndsl.train.data.columns import Column, Given, Ragged
from nndsl.train.data.demands import Slot
from nndsl.train.errors import TrainingError

LARGE = 2**26
"""Bytes that stay bytes in memory, since floats would take four times as much: batches are converted."""
_EXACT = 2**53
"""Whole numbers that float64 has exactly."""


def converted(slot: Slot, column: Column, given: Given) -> Column:
    """Return a column in the dtype of its slot; more than ``LARGE`` bytes for an input of floats stay what they are.

    Raises TrainingError: E1011 for a dtype or number that has no equal in it, E1012 and E1013 for integers out of
    range, E1014 for what is not finite.
    """
    tensor = column.values if isinstance(column, Ragged) else column
    check = _Check(slot, column, given)
    if tensor.is_complex():
        raise TrainingError("E1011", f"{check.subject} is complex, and {slot.called} takes {slot.dtype}")
    dtype: torch.dtype = getattr(torch, slot.dtype)
    if slot.kind == "free":
        dtype = torch.float32 if tensor.is_floating_point() else torch.int64
    if dtype.is_floating_point and slot.is_input and tensor.dtype == torch.uint8 and tensor.numel() > LARGE:
        made = tensor
    elif dtype.is_floating_point:
        made = tensor.to(dtype)
        _check_floats(check, tensor, made)
    else:
        made = _integers(check, tensor, dtype)
    return column.with_values(made) if isinstance(column, Ragged) else made


class _Check:
    """One column: how messages show where a number is that does not fit."""

    def __init__(self, slot: Slot, column: Column, given: Given) -> None:
        self.slot = slot
        self.column = column
        self.given = given
        self.subject = given.name(slot.name)

    def refuse(self, code: str, bad: Tensor, values: Tensor, message: str, help: str) -> None:
        """Raise a TrainingError if any number is bad; ``message`` is put behind the place, with its number for {}."""
        wrong = bad.flatten(1).any(1) if bad.dim() > 1 else bad
        sequences = self.column if isinstance(self.column, Ragged) else None
        if sequences is not None and bool(wrong.any()):
            wrong = wrong & _used(sequences)  # the padding of a file may hold anything
        if not bool(wrong.any()):
            return
        row = place = int(wrong.int().argmax())
        inside = bad[place].nonzero()[0].tolist() if bad.dim() > 1 else []
        value = values[(place, *inside)].item()
        if sequences is not None:
            row = sequences.row_of(place)
            inside = [place - int(sequences.starts[row]), *inside]
        elif bad[0].numel() == 1:
            inside = []
        where = f" at {inside[0] if len(inside) == 1 else tuple(inside)}" if inside else ""
        number = f"{value:.6g}" if isinstance(value, float) else str(value)
        start = f"row {self.given.row(row)} of {self.subject}{where} "
        others, unit = int(wrong.sum()) - 1, "row" if sequences is None else "step"
        more = f" ({others:,} other {unit}{'s' if others > 1 else ''} too)" if others else ""
        raise TrainingError(code, start + message.format(number) + more, help)


def _used(column: Ragged) -> Tensor:
    """Return which rows of the values belong to a sequence."""
    ends = torch.zeros(len(column.values) + 1, dtype=torch.int64, device=column.values.device)
    lengths = column.lengths.to(ends.device)
    one = torch.ones_like(lengths)
    ends.index_add_(0, column.starts, one)
    ends.index_add_(0, column.starts + lengths, -one)
    return ends.cumsum(0)[:-1] > 0


def _check_floats(check: _Check, given: Tensor, made: Tensor) -> None:
    slot = check.slot
    if given.is_floating_point() and not bool(torch.isfinite(made.sum())):
        nan = given.isnan()
        help = "leave such rows out, or put a number in its place, before training"
        check.refuse("E1014", nan, given, "is {}", help)
        check.refuse("E1014", given.isinf(), given, "is {}", help)
        check.refuse("E1014", made.isinf(), given, f"is {{}}, which {slot.dtype} does not hold", "scale the numbers")
    if slot.kind in ("one_hot", "binary"):
        help = f"`{slot.loss}` takes shares from 0 to 1"
        if slot.kind == "binary":
            help += ": labels of two classes are 0 and 1"
        check.refuse("E1012", (made < 0) | (made > 1), given, f"is {{}}, and {slot.called} is a probability", help)


def _integers(check: _Check, tensor: Tensor, dtype: torch.dtype) -> Tensor:
    slot = check.slot
    what = "has the label {}" if not slot.is_input else "is {}"
    if tensor.is_floating_point():
        wrong = (tensor != tensor.round()) | ~tensor.isfinite() | (tensor.abs() > _EXACT)
        help = "numbers of classes are whole numbers from 0"
        if slot.is_input:
            help = f"declare the input as `{slot.name}: (…)` for floats, or give whole numbers"
        check.refuse("E1011", wrong, tensor, f"{what}, and {slot.called} takes whole numbers", help)
    wide = tensor.to(torch.int64)
    if slot.limit is not None:
        bad = (wide < 0) | (wide >= slot.limit)
        if slot.ignored is not None:
            bad &= wide != slot.ignored
        if bool(bad.any()):
            code, message, help = _out_of_range(slot, wide)
            check.refuse(code, bad, wide, f"{what}, {message}", help)
    elif slot.kind in ("classes", "labels"):
        check.refuse("E1012", wide < 0, wide, what, "labels are numbers from 0")
    if dtype != torch.int64:
        bounds = (0, 1) if dtype == torch.bool else (torch.iinfo(dtype).min, torch.iinfo(dtype).max)
        message = f"{what}, which {slot.dtype} does not hold"
        check.refuse(
            "E1011", (wide < bounds[0]) | (wide > bounds[1]), wide, message, f"it holds {bounds[0]} to {bounds[1]}"
        )
    return wide.to(dtype)


def _out_of_range(slot: Slot, values: Tensor) -> tuple[str, str, str]:
    """Return the code, message and help for integers that are not from 0 to below the limit."""
    least, most, limit = int(values.min()), int(values.max()), slot.limit
    assert limit is not None
    if slot.is_input:
        message = f"and the table behind {slot.called} has {limit:,} rows, 0 to {limit - 1:,}"
        help = (
            "numbers of tokens start at 0"
            if least < 0
            else f"the table needs {most + 1:,} rows: `Embedding({most + 1}, …)`"
        )
        return "E1013", message, help
    message = f"and {slot.called} has {limit:,} classes, 0 to {limit - 1:,}"
    if least >= 1 and most == limit:
        help = "labels count from 0: subtract 1 from all of them"
    elif least < 0:
        help = "give such rows the sample weight 0 and a label that exists, or leave them out"
        if slot.loss == "SparseCategoricalCrossentropy":
            help = f"leave such rows out, or write `SparseCategoricalCrossentropy(ignore_class={least})`"
    else:
        help = f"the layer behind the output needs {most + 1:,} units for labels up to {most:,}"
    return "E1012", message, help
