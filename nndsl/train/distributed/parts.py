"""The part that a process has of each batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nndsl.train.batch import Batch, Source
from nndsl.train.errors import Remark

if TYPE_CHECKING:
    from nndsl.train.distributed.processes import Processes


@dataclass(frozen=True, slots=True)
class Part(Batch):
    """Some samples of a batch of ``whole``. An ``idle`` process has none: it is given one that counts for nothing."""

    whole: int = 0
    idle: bool = False

    def share(self, count: int) -> float:
        """Return what a mean over the part counts for, as the mean of all ``count`` processes is that of the batch."""
        return 0.0 if self.idle else len(self.rows) * count / self.whole


def part_of(batch: Batch, rank: int, count: int) -> Part:
    """Return the part of a process."""
    mine = batch.part(rank, count)
    idle = not len(mine)
    if idle:  # every process calls the model, and waits for the others in it
        mine = batch.part(0, len(batch))
    return Part(mine.inputs, mine.targets, mine.weights, mine.rows, mine.masks, len(batch), idle)


class PartSource:
    """The parts that a process has of the batches of a source, which all processes go through alike."""

    def __init__(self, source: Source, processes: Processes) -> None:
        self._source = source
        self._processes = processes

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What is worth a warning before the first step."""
        return self._source.remarks

    @property
    def categories(self) -> Mapping[str, tuple[str, ...]]:
        """The texts that the data's indices stand for."""
        return self._source.categories

    def __len__(self) -> int:
        """The number of samples of all processes."""
        return len(self._source)

    def steps(self, size: int) -> int:
        """Return the number of batches of an epoch."""
        return self._source.steps(size)

    def batches(self, size: int, order: int | None, start: int = 0) -> Iterator[Batch]:
        """Yield the parts of the batches of an epoch; ``processes.idle`` says of each if it counts for nothing."""
        for batch in self._source.batches(size, order, start):
            part = part_of(batch, self._processes.rank, self._processes.count)
            self._processes.idle = part.idle
            yield part

    def part(self, start: int, stop: int) -> Source:
        """Return the samples from ``start`` to before ``stop``."""
        return PartSource(self._source.part(start, stop), self._processes)

    def fingerprint(self) -> str:
        """Return what tells the data from others."""
        return self._source.fingerprint()
