"""Files ``.npy``, and what is in ``.npz``: their headers, judged before anything is allocated. No pickle is read."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy

from nndsl.train.errors import TrainingError

_HEADER = 10_000
"""The characters that a header may have."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a ``.npy`` says of its array; ``start`` is where its numbers begin."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    start: int
    is_fortran: bool

    @property
    def size(self) -> int:
        """The bytes of the array."""
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def row(self) -> int:
        """The bytes of a row."""
        return math.prod(self.shape[1:]) * self.dtype.itemsize


def read_header(handle: BinaryIO, called: str) -> Header:
    """Return the header of an array. Raises TrainingError: E1001 for what is none, E1003 for pickled objects."""
    try:
        version = npy.read_magic(handle)
        if version not in ((1, 0), (2, 0), (3, 0)):
            raise TrainingError("E1001", f"{called} has a version of the `.npy` format that is not known")
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, is_fortran, dtype = read(handle, max_header_size=_HEADER)
    except (ValueError, EOFError, OverflowError) as error:
        reason = str(error).splitlines()[0] if str(error) else "it is cut off"
        help = "`numpy.save` writes such files, `numpy.savez` archives of them"
        raise TrainingError("E1001", f"{called} is no `.npy` file, or a damaged one: {reason}", help) from None
    if dtype.hasobject:
        help = "save numbers or texts: `np.savez(…, y=np.asarray(labels))`, without `dtype=object`"
        raise TrainingError("E1003", f"{called} holds Python objects, which are never unpickled here", help)
    if dtype.kind not in "biufUS":
        raise TrainingError("E1011", f"{called} has the dtype {dtype}, which are no numbers", "save it as numbers")
    return Header(dtype, shape, handle.tell(), is_fortran)


def check_rows(header: Header, size: int, called: str) -> None:
    """Refuse a file of ``size`` bytes whose rows cannot be read one by one.

    Raises TrainingError: E1001 for one that is cut off, or lies column by column, E1010 for a single number, E1011 for
    texts.
    """
    if not header.shape:
        raise TrainingError("E1010", f"{called} is a single number", "the first axis is that of the samples")
    if header.dtype.kind in "US":
        help = "`Csv`, `Parquet` and `Npz` take texts; here save their numbers"
        raise TrainingError("E1011", f"{called} holds texts", help)
    if header.is_fortran and len(header.shape) > 1:
        message = f"{called} lies column by column, so that its rows cannot be read"
        raise TrainingError("E1001", message, "save it with `np.ascontiguousarray`")
    if size != header.start + header.size:
        message = f"{called} says that it has the shape {header.shape}, and its bytes are not as many"
        raise TrainingError("E1001", message, "the file is damaged, or not yet written to the end")


def check_memory(size: int, called: str) -> None:
    """Raise TrainingError (E1004) for what does not go into half of the machine's memory."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if size > total // 2:
        message = f"{called} needs {in_bytes(size)}, which is more than half of this machine's memory"
        help = 'arrays larger than memory are read from `.npy` files: `Npy(x="x.npy", y="y.npy")`'
        raise TrainingError("E1004", message, help)


def in_bytes(size: int) -> str:
    """Return a number of bytes for people."""
    for unit, one in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= one:
            return f"{size / one:,.3g} {unit}"
    return f"{size} bytes"
