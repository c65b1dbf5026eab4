"""What a source holds, before it is known to fit a model: tensors, and sequences of differing lengths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from nndsl.suggestions import suggest
from nndsl.train.data.places import shown
from nndsl.train.errors import TrainingError

Categories: TypeAlias = Mapping[str, tuple[str, ...]]
"""The texts that indices stand for, sorted, by the name of an input or output (``x.sex`` for one column of several)."""
_NATIVE = frozenset(("b1", "u1", "i1", "i2", "i4", "i8", "f2", "f4", "f8"))
"""The dtypes of NumPy that PyTorch has, without their byte order."""


@dataclass(frozen=True, slots=True)
class Ragged:
    """Sequences: the steps of sample ``i`` are ``lengths[i]`` rows of ``values`` from ``starts[i]`` on.

    ``lengths`` is on the CPU, where the longest of a batch is looked up without waiting for a device.
    """

    values: Tensor
    starts: Tensor
    lengths: Tensor

    @classmethod
    def joined(cls, values: Tensor, lengths: Tensor) -> Ragged:
        """Return sequences that lie one behind the other."""
        return cls(values, lengths.cumsum(0) - lengths, lengths)

    @classmethod
    def padded(cls, values: Tensor, lengths: Tensor) -> Ragged:
        """Return sequences that lie padded in a tensor (N, T, …)."""
        return cls(values.flatten(0, 1), torch.arange(len(values)) * values.shape[1], lengths)

    @property
    def shape(self) -> tuple[int | None, ...]:
        """The shape of a batch: None for what differs."""
        return (len(self.lengths), None, *self.values.shape[1:])

    @property
    def device(self) -> torch.device:
        """Where the values are."""
        return self.values.device

    def __len__(self) -> int:
        return len(self.lengths)

    def with_values(self, values: Tensor) -> Ragged:
        """Return the same sequences of other values."""
        return replace(self, values=values)

    def part(self, start: int, stop: int) -> Ragged:
        """Return the sequences from ``start`` to before ``stop``."""
        return Ragged(self.values, self.starts[start:stop], self.lengths[start:stop])

    def to(self, device: torch.device) -> Ragged:
        """Return the sequences on a device."""
        return Ragged(self.values.to(device), self.starts.to(device), self.lengths)

    def picked(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return some sequences, padded with zeros to the longest of them, and where they are real: (n, T) bools."""
        lengths = self.lengths[rows]
        steps = torch.arange(max(int(lengths.max()), 1) if len(rows) else 1, device=self.values.device)
        real = steps < lengths.to(steps.device)[:, None]
        places = torch.where(real, self.starts[rows.to(steps.device)][:, None] + steps, 0)
        padded = self.values.index_select(0, places.flatten()).reshape(*places.shape, *self.values.shape[1:])
        return padded.masked_fill_(~real.reshape(*real.shape, *(1,) * (padded.dim() - 2)), 0), real

    def row_of(self, place: int) -> int:
        """Return the number of the sample that a row of ``values`` belongs to."""
        inside = (self.starts <= place) & (place < self.starts + self.lengths.to(self.starts.device))
        return int(inside.int().argmax())


Column: TypeAlias = Tensor | Ragged


@dataclass(frozen=True, slots=True)
class Given:
    """The columns of a source by the names of inputs and outputs.

    ``weights`` are those of samples, by output, or for all under ``""``. ``called`` says what messages call a column;
    ``rows`` are the numbers of the samples, if these are not all of the source.
    """

    columns: Mapping[str, Column]
    weights: Mapping[str, Tensor] = field(default_factory=dict)
    lengths: Tensor | None = None
    categories: Categories = field(default_factory=dict)
    origin: str = "the data"
    called: Mapping[str, str] = field(default_factory=dict)
    rows: Tensor | None = None

    def name(self, name: str) -> str:
        """Return what messages call a column."""
        return self.called.get(name, f"`{name}`")

    def row(self, place: int) -> int:
        """Return the number of a sample in the whole source."""
        return place if self.rows is None else int(self.rows[place])


def tensor_of(value: Any, called: str) -> Tensor:
    """Return numbers as a tensor, in its own dtype. Raises TrainingError (E1011) for what are no numbers."""
    if isinstance(value, Tensor):
        return value.detach()
    try:
        array = np.asarray(value)
    except ValueError:
        message = f"{called} has samples of differing shapes"
        help = "give sequences as a list of arrays, which differ in their first axis"
        raise TrainingError("E1011", message, help) from None
    if array.dtype.kind not in "biuf":
        raise TrainingError("E1011", f"{called} has the dtype {array.dtype}, which are no numbers", _help(array))
    if array.dtype.str[1:] not in _NATIVE:
        array = array.astype(np.float64 if array.dtype.kind == "f" else np.int64)
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    # PyTorch shares the memory of an array, which it may do neither read-only nor backwards.
    shares = array.flags.writeable and not any(stride < 0 for stride in array.strides)
    return torch.from_numpy(array if shares else array.copy())


def _help(array: np.ndarray[Any, Any]) -> str:
    if array.dtype.kind == "O":
        return "convert it to numbers first, or give one array for each column"
    return "dates and complex numbers have to be converted to numbers first"


def is_text(value: Any) -> bool:
    """Return whether a column is of texts."""
    if isinstance(value, Tensor):
        return False
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "US"
    return isinstance(value, (list, tuple)) and bool(value) and all(isinstance(item, str) for item in value)


def indices_of(texts: Any, called: str, known: tuple[str, ...] | None) -> tuple[Tensor, tuple[str, ...]]:
    """Return for each text its place among all of them, sorted, or among those that are ``known``.

    Raises TrainingError (E1016) for one that is not known.
    """
    array = np.asarray(texts)
    if array.dtype.kind == "S":
        array = np.char.decode(array, "utf-8", "replace")
    found, indices = np.unique(array, return_inverse=True)
    names = tuple(str(name) for name in found)
    places = torch.from_numpy(indices.reshape(array.shape).astype(np.int64))
    if known is None:
        return places, names
    place = {name: index for index, name in enumerate(known)}
    for index, name in enumerate(names):
        if name not in place:
            row = int((places == index).nonzero()[0][0])
            message = f"row {row} of {called} is {shown(name)}, which training has not seen"
            help = suggest(name, known, "value") or f"it has seen {listed(known)}"
            raise TrainingError("E1016", message, help)
    return torch.tensor([place[name] for name in names])[places], known


def listed(names: Any, most: int = 12) -> str:
    """Return names for a message, the first of many."""
    names = list(names)
    parts = [shown(name) for name in names[:most]]
    if len(names) > most:
        parts.append(f"{len(names) - most:,} more")
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]
