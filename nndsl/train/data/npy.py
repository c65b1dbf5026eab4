"""Files ``.npy`` that may be larger than memory: an epoch reads them in pools, and no page of them is mapped.

A pool is made of pieces of the files, in the order of the file or drawn from all of it; its rows are shuffled. While
batches are cut from one pool, a thread reads the next. So two pools are in memory, whatever the size of the files; a
map would keep what it has read resident, until it is as large as the file.
"""

from __future__ import annotations

import hashlib
import os
import weakref
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nndsl.recipes.data import Npy
from nndsl.train.batch import Batch
from nndsl.train.data.array_files import Header, check_rows, read_header
from nndsl.train.data.checks import Fitted, fit_columns
from nndsl.train.data.columns import Categories, Given
from nndsl.train.data.demands import Demands
from nndsl.train.data.memory import picked_batch
from nndsl.train.data.named import named
from nndsl.train.data.orders import order_of, rows_of
from nndsl.train.data.places import Place, shown
from nndsl.train.errors import Remark, TrainingError

POOL = 24 * 2**20
"""The bytes of a pool, as they are read and as the model takes them, together."""
PIECE = 2**18
"""The bytes of the largest file that are read at once: large enough that a disk reads them as fast as in a row."""
_SAMPLES = 16


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class ArrayFile:
    """An open ``.npy`` file, which is closed when nothing uses it any more."""

    descriptor: int
    header: Header
    called: str

    @classmethod
    def opened(cls, place: Place, path: str) -> ArrayFile:
        """Return a file whose rows can be read. Raises TrainingError."""
        with place.open(path) as handle:
            header = read_header(handle, shown(path))
            check_rows(header, os.fstat(handle.fileno()).st_size, shown(path))
            file = cls(os.dup(handle.fileno()), header, shown(path))
        weakref.finalize(file, os.close, file.descriptor)
        return file

    def read(self, start: int, rows: np.ndarray[Any, Any]) -> None:
        """Fill an array with rows of the file from number ``start`` on. Raises TrainingError (E1001)."""
        view = rows.data.cast("B")
        offset = self.header.start + start * self.header.row
        done = 0
        while done < len(view):
            count = os.preadv(self.descriptor, [view[done:]], offset + done)
            if count <= 0:
                raise TrainingError("E1001", f"{self.called} has become shorter while it was read", "begin again")
            done += count


@dataclass(frozen=True, slots=True)
class Pool:
    """Rows in memory, their numbers in the files, and the order in which batches take them."""

    fitted: Fitted
    rows: Tensor
    order: Tensor

    def __len__(self) -> int:
        return len(self.rows)

    def batch(self, begin: int, end: int, device: torch.device) -> Batch:
        """Return the rows from ``begin`` to before ``end`` in the order, on a device."""
        return picked_batch(self.fitted, self.order[begin:end], self.rows, device)


class NpySource:
    """Rows of ``.npy`` files, from ``start`` to before ``stop``; each batch is checked before it is given."""

    def __init__(
        self,
        files: Mapping[str, ArrayFile],
        demands: Demands,
        device: torch.device,
        targets: bool,
        start: int,
        stop: int,
    ) -> None:
        self.remarks: tuple[Remark, ...] = ()
        self.categories: Categories = {}
        self._files = files
        self._demands = demands
        self._device = device
        self._targets = targets
        self._start = start
        self._count = stop - start
        widest = max(file.header.row for file in files.values())
        self.piece = max(PIECE // max(widest, 1), 1)

    def __len__(self) -> int:
        return self._count

    def steps(self, size: int) -> int:
        """Return the number of batches."""
        return -(-self._count // size)

    def batches(self, size: int, order: int | None, start: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch. Raises TrainingError for rows that the model cannot take, or a cut file."""
        length = self.pool(size)
        pieces = rows_of(-(-self._count // self.piece), order)
        begins = list(range(start * size // length * length, self._count, length))
        skipped = start * size % length
        with ThreadPoolExecutor(1, "nndsl-data") as reader:
            waiting = [reader.submit(self._pool, pieces, begin, length, order) for begin in begins[:1]]
            for begin in begins:
                pool = waiting.pop().result()
                if begin + length < self._count:
                    waiting.append(reader.submit(self._pool, pieces, begin + length, length, order))
                for place in range(skipped, len(pool), size):
                    yield pool.batch(place, place + size, self._device)
                skipped = 0

    def pool(self, size: int) -> int:
        """Return the rows of a pool: whole batches."""
        # A row is held as it is in the file, and as the model takes it: up to eight bytes a number.
        row = sum(file.header.row * (1 + 8 // file.header.dtype.itemsize) for file in self._files.values())
        return max(POOL // max(row, 1) // size, 1) * size

    def _pool(self, pieces: Tensor, begin: int, length: int, order: int | None) -> Pool:
        """Read, check and shuffle ``length`` rows of an epoch that takes the pieces in this order."""
        rows = self._numbers(pieces, begin, min(begin + length, self._count))
        fitted = self._fitted(rows)
        shuffled = rows_of(len(rows), None if order is None else order_of(order, begin))
        return Pool(fitted, rows, shuffled)

    def _numbers(self, pieces: Tensor, begin: int, end: int) -> Tensor:
        """Return the rows from ``begin`` to before ``end`` of those of the pieces, one piece behind the other."""
        last = len(pieces) - 1
        short = (last + 1) * self.piece - self._count  # what the last piece lacks, wherever it comes
        ends = (torch.arange(1, last + 2)) * self.piece
        ends -= short * (torch.arange(last + 1) >= (pieces == last).nonzero()[0])
        first, final = (int(torch.searchsorted(ends, place, right=True)) for place in (begin, end - 1))
        chosen = pieces[first : final + 1, None] * self.piece + torch.arange(self.piece)
        numbers = chosen[chosen < self._count]
        skipped = begin - (int(ends[first - 1]) if first else 0)
        return numbers[skipped : skipped + end - begin] + self._start

    def _fitted(self, rows: Tensor) -> Fitted:
        return fit_columns(self.given(rows), self._demands, self._targets)

    def given(self, rows: Tensor) -> Given:
        """Read rows; what lies in a row in the file is read at once."""
        breaks = ((rows[1:] - rows[:-1]) != 1).nonzero().flatten() + 1
        spans = list(zip([0, *breaks.tolist()], [*breaks.tolist(), len(rows)], strict=True))
        values: dict[str, Any] = {}
        for name, file in self._files.items():
            array = np.empty((len(rows), *file.header.shape[1:]), file.header.dtype)
            for begin, end in spans:
                file.read(int(rows[begin]), array[begin:end])
            values[name] = array
        called = {name: file.called for name, file in self._files.items()}
        return replace(named(values, self._demands, {}, "the data", called), rows=rows)

    def part(self, start: int, stop: int) -> NpySource:
        """Return some of the rows."""
        begin = self._start + start
        return NpySource(self._files, self._demands, self._device, self._targets, begin, begin + stop - start)

    def fingerprint(self) -> str:
        """Return a hash of the sizes and times of the files, and of parts of what they hold."""
        whole = hashlib.sha256(f"{self._start}:{self._count}".encode())
        for name, file in sorted(self._files.items()):
            status = os.fstat(file.descriptor)
            whole.update(
                f"{name}:{file.header.dtype.str}:{file.header.shape}:{status.st_size}:{status.st_mtime_ns}".encode()
            )
            for number in range(_SAMPLES):
                offset = number * max(status.st_size - 2**16, 0) // (_SAMPLES - 1)
                whole.update(os.pread(file.descriptor, 2**16, offset))
        return whole.hexdigest()


def open_npy(recipe: Npy, demands: Demands, place: Place, device: torch.device, targets: bool) -> NpySource:
    """Return the files that a recipe names as a source; the first rows are checked.

    Raises TrainingError: E1001 for a file that is none, E1003 for pickled objects, E1006 for numbers of rows that
    differ, and what a batch may raise.
    """
    inputs = {slot.name for slot in demands.inputs}
    files: dict[str, ArrayFile] = {}
    for name, path in recipe.paths:
        if not targets and name not in (*inputs, "lengths"):
            continue
        files[name] = ArrayFile.opened(place, path)
    if not files:
        raise TrainingError("E1005", "the data have no file for an input of the model", 'name one: `Npy(x="x.npy")`')
    counts = {file.called: file.header.shape[0] for file in files.values()}
    (first, count), *others = counts.items()
    for called, other in others:
        if other != count:
            message = f"{first} has {count:,} rows, and {called} has {other:,}"
            raise TrainingError("E1006", message, "each sample is a row of all of them")
    if not count:
        raise TrainingError("E1007", f"{first} has no rows", "there must be one sample at least")
    source = NpySource(files, demands, device, targets, 0, count)
    next(source.part(0, min(count, 8)).batches(8, None))
    return source
