"""A batch of samples, and the sources that they come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from nndsl.train.errors import Remark


@dataclass(frozen=True, slots=True)
class Batch:
    """Samples for one step, on the device of the model; the tuples follow the inputs and the outputs of the model.

    ``targets`` are None for outputs that the data say nothing about. Those of losses over numbers of classes are int64,
    of the output's shape without the axis of the classes; all others are floats of the output's shape, which a
    sequence may have without a last axis of size 1. ``weights`` are (N,) or, for sequences, (N, T). ``masks`` are
    (N, T), true where a padded target is real; with no padding the tuple is empty. ``rows`` are the numbers of the
    samples in the source, on the CPU, for messages.
    """

    inputs: tuple[Tensor, ...]
    targets: tuple[Tensor | None, ...]
    weights: tuple[Tensor | None, ...]
    rows: Tensor
    masks: tuple[Tensor | None, ...] = ()

    def __len__(self) -> int:
        """The number of samples."""
        return len(self.rows)

    def mask(self, output: int, own: Tensor | None = None) -> Tensor | None:
        """Return which steps of an output count: those of its target that are real, and of its ``own`` mask."""
        real = self.masks[output] if self.masks else None
        return own if real is None else real if own is None else real & own

    def part(self, rank: int, count: int) -> Batch:
        """Return the share of one of ``count`` processes: all have the same global batch; a share may be empty."""

        def mine(tensors: tuple[Tensor | None, ...]) -> tuple[Tensor | None, ...]:
            return tuple(None if each is None else each.tensor_split(count)[rank] for each in tensors)

        inputs = tuple(each.tensor_split(count)[rank] for each in self.inputs)
        rows = self.rows.tensor_split(count)[rank]
        return Batch(inputs, mine(self.targets), mine(self.weights), rows, mine(self.masks))


class Source(Protocol):
    """Where the samples of a run come from: tensors in memory, files, or a loader of the user's."""

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What is worth a warning before the first step."""

    @property
    def categories(self) -> Mapping[str, tuple[str, ...]]:
        """The texts that the data's indices stand for, by the name of an input or output (``x.sex`` for a column)."""

    def __len__(self) -> int:
        """The number of samples."""

    def steps(self, size: int) -> int:
        """Return the number of batches of an epoch; a loader of the user's has a batch size of its own."""

    def batches(self, size: int, order: int | None, start: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch from number ``start`` on; the last one may be smaller.

        ``order`` is the seed of the shuffle, from which alone the order follows; None keeps that of the source.
        Raises TrainingError before a batch that the model cannot take.
        """

    def part(self, start: int, stop: int) -> Source:
        """Return the samples from ``start`` to before ``stop``, in the order of the source, with their numbers."""

    def fingerprint(self) -> str:
        """Return what tells the data from others: sizes, times and hashes of samples of the content."""
