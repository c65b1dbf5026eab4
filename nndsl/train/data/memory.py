"""Samples that are tensors on the device: an epoch is a permutation, a batch a selection of rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import torch
from torch import Tensor

from nndsl.train.batch import Batch
from nndsl.train.data.checks import Fitted, fit_columns, remarks_on
from nndsl.train.data.columns import Categories, Column, Given, Ragged
from nndsl.train.data.demands import Demands
from nndsl.train.data.orders import by_length, rows_of
from nndsl.train.errors import Remark

HASHED = 2**30
"""The bytes of a tensor that are hashed whole; of a larger one its ends are, and parts between."""
_PIECE = 2**20

Columns = tuple[Column | None, ...]
Tensors = tuple[Tensor | None, ...]


class Memory:
    """A source in memory, checked before it was made; ``first`` is the number of its first sample in the data."""

    def __init__(self, fitted: Fitted, demands: Demands, categories: Categories, first: int = 0) -> None:
        self.categories = categories
        self._fitted = fitted
        self._demands = demands
        self._first = first
        self._sequences = [column.lengths for column in fitted.columns if isinstance(column, Ragged)]
        # What is converted batch by batch: bytes, which would take four times as much as floats.
        self._casts = [
            (place, getattr(torch, slot.dtype))
            for place, (slot, column) in enumerate(zip(demands.inputs, fitted.inputs, strict=True))
            if isinstance(column, Tensor) and column.dtype != getattr(torch, slot.dtype)
        ]

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What is suspicious of the data."""
        return remarks_on(self._fitted, self._demands)

    def __len__(self) -> int:
        return len(self._fitted.inputs[0])

    @property
    def lengths(self) -> Tensor | None:
        """The numbers of steps of the samples, if they are sequences of differing lengths: the longest of each."""
        return torch.stack(self._sequences).amax(0) if self._sequences else None

    def steps(self, size: int) -> int:
        """Return the number of batches."""
        return -(-len(self) // size)

    def batches(self, size: int, order: int | None, start: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch; in the order of the source they are views, and nothing is copied."""
        if self._sequences:
            batches = self._padded(size, order, start)
        elif order is None:
            batches = self._views(size, start)
        else:
            batches = self._selected(size, order, start)
        return map(self._cast, batches) if self._casts else batches

    def _selected(self, size: int, order: int, start: int) -> Iterator[Batch]:
        rows = rows_of(len(self), order)
        device = self._fitted.columns[0].device
        numbers = rows + self._first if self._first else rows
        select = torch.index_select
        inputs, targets, weights = (_tensors(columns) for columns in self._fitted)
        for chosen, places in zip(
            torch.split(numbers, size)[start:], torch.split(rows.to(device), size)[start:], strict=True
        ):
            yield Batch(
                tuple([select(each, 0, places) for each in inputs if each is not None]),
                tuple([each if each is None else select(each, 0, places) for each in targets]),
                tuple([each if each is None else select(each, 0, places) for each in weights]),
                chosen,
            )

    def _views(self, size: int, start: int) -> Iterator[Batch]:
        numbers = torch.arange(self._first, self._first + len(self))
        inputs, targets, weights = (_tensors(columns) for columns in self._fitted)
        for begin in range(start * size, len(self), size):
            cut = slice(begin, begin + size)
            yield Batch(
                tuple([each[cut] for each in inputs if each is not None]),
                tuple([each if each is None else each[cut] for each in targets]),
                tuple([each if each is None else each[cut] for each in weights]),
                numbers[cut],
            )

    def _padded(self, size: int, order: int | None, start: int) -> Iterator[Batch]:
        rows, lengths = rows_of(len(self), order), self.lengths
        if order is not None and lengths is not None:
            rows = by_length(rows, lengths, size, order)
        numbers = torch.arange(self._first, self._first + len(self))
        for chosen in torch.split(rows, size)[start:]:
            yield picked_batch(self._fitted, chosen, numbers, self._fitted.columns[0].device)

    def _cast(self, batch: Batch) -> Batch:
        inputs = list(batch.inputs)
        for place, dtype in self._casts:
            inputs[place] = inputs[place].to(dtype)
        return Batch(tuple(inputs), batch.targets, batch.weights, batch.rows, batch.masks)

    def part(self, start: int, stop: int) -> Memory:
        """Return some of the samples; the tensors are views."""

        def cut(column: Column) -> Column:
            return column.part(start, stop) if isinstance(column, Ragged) else column[start:stop]

        return Memory(self._fitted.mapped(cut), self._demands, self.categories, self._first + start)

    def fingerprint(self) -> str:
        """Return a hash of the tensors: of all of them, or samples of very large ones."""
        whole = hashlib.sha256(f"{self._first}:{len(self)}".encode())
        for columns in self._fitted:
            for column in columns:
                tensors: Tensors = (column.values, column.lengths) if isinstance(column, Ragged) else (column,)
                for tensor in tensors:
                    if tensor is not None:
                        whole.update(f"{tensor.dtype}:{tuple(tensor.shape)}".encode())
                        _hash(whole, tensor)
        return whole.hexdigest()


def memory_of(given: Given, demands: Demands, device: torch.device, targets: bool = True) -> Memory:
    """Return the columns of a source as tensors on a device. Raises TrainingError for what the model cannot take."""

    def placed(column: Column) -> Column:
        # Rows that lie one behind the other are quickly selected.
        return column.to(device) if isinstance(column, Ragged) else column.to(device).contiguous()

    fitted = fit_columns(given, demands, targets)
    return Memory(fitted.mapped(placed), demands, given.categories)


def picked_batch(fitted: Fitted, chosen: Tensor, numbers: Tensor, device: torch.device) -> Batch:
    """Return some rows as a batch on a device, sequences padded; ``numbers`` are those of all rows in the data."""
    (inputs, _), (targets, masks), (weights, _) = (_picked(columns, chosen) for columns in fitted)

    def there(tensors: Tensors) -> Tensors:
        return tuple(None if each is None else each.to(device) for each in tensors)

    taken = tuple(each.to(device) for each in inputs if each is not None)
    padded = there(masks) if any(mask is not None for mask in masks) else ()
    return Batch(taken, there(targets), there(weights), numbers[chosen], padded)


def _tensors(columns: Columns) -> Tensors:
    return tuple(each if isinstance(each, Tensor) else None for each in columns)


def _picked(columns: Columns, rows: Tensor) -> tuple[Tensors, Tensors]:
    """Return some rows of columns, sequences padded, and the masks of these."""
    found: list[tuple[Tensor | None, Tensor | None]] = []
    for column in columns:
        if column is None:
            found.append((None, None))
        elif isinstance(column, Ragged):
            found.append(column.picked(rows))
        else:
            found.append((column.index_select(0, rows.to(column.device)), None))
    return tuple(tensor for tensor, _ in found), tuple(mask for _, mask in found)


def _hash(whole: hashlib._Hash, tensor: Tensor) -> None:
    flat = tensor.detach().contiguous().flatten().view(torch.uint8)
    if len(flat) <= HASHED:
        pieces = torch.split(flat, 64 * _PIECE)
    else:
        begins = [*range(0, len(flat) - _PIECE, len(flat) // 256), len(flat) - _PIECE]
        pieces = tuple(flat[begin : begin + _PIECE] for begin in begins)
    for piece in pieces:
        whole.update(piece.cpu().numpy().data)
