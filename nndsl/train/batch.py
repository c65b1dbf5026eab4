"""A batch of samples, and the sources that they come from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor


@dataclass(frozen=True, slots=True)
class Batch:
    """Samples for one step, on the device of the model; the tuples follow the inputs and the outputs of the model.

    ``targets`` are None for outputs that the data say nothing about. ``weights`` are (N,) or, for sequences, (N, T).
    ``rows`` are the numbers of the samples in the source, on the CPU, for messages.
    """

    inputs: tuple[Tensor, ...]
    targets: tuple[Tensor | None, ...]
    weights: tuple[Tensor | None, ...]
    rows: Tensor

    def __len__(self) -> int:
        """The number of samples."""
        return len(self.rows)


class Source(Protocol):
    """Where the samples of a run come from: tensors in memory, files, or a loader of the user's."""

    def __len__(self) -> int:
        """The number of samples."""

    def batches(self, size: int, order: int | None, start: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch from number ``start`` on; the last one may be smaller.

        ``order`` is the seed of the shuffle, from which alone the order follows; None keeps that of the source.
        """

    def fingerprint(self) -> str:
        """Return what tells the data from others: sizes, times and hashes of samples of the content."""
