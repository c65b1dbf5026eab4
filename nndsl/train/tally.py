"""The losses and metrics of an epoch, added up without waiting for the device."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from nndsl.train.batch import Batch
from nndsl.train.metrics import Metrics, Result
from nndsl.train.model import Extras, Outputs
from nndsl.train.objective import Losses


class Tally:
    """Means over the samples so far; ``names`` are those of the losses, the first one is the total's.

    Losses stay on the device until ``read``. They are added one after the other in float64, so that the sums do not
    depend on when they are read.
    """

    def __init__(self, names: Sequence[str], metrics: Metrics) -> None:
        self.names = tuple(names)
        self.metrics = metrics
        self.reset()

    def reset(self) -> None:
        """Begin an epoch."""
        self.samples = 0
        self.steps = 0
        self.failed: int | None = None
        """The first step whose loss was not finite, counted from 0."""
        self._sums = [0.0] * len(self.names)
        self._losses: list[Tensor] = []
        self._counts: list[int] = []
        self.metrics.reset()

    def add(self, losses: Losses, outputs: Outputs, batch: Batch, extras: Extras, training: bool) -> None:
        """Add the losses and outputs of a batch."""
        self._losses.append(losses.total.detach())
        if len(self.names) > 1:
            self._losses += [losses.parts[name] for name in self.names[1:]]
        self._counts.append(self._size(batch))
        if self.metrics.measured:
            self.metrics.update(_detached(outputs), batch, extras, training)

    def read(self) -> None:
        """Take what was added since the last time from the device."""
        if not self._counts:
            return
        numbers = self._numbers()
        width = len(self.names)
        for place, count in enumerate(self._counts):
            row = numbers[place * width : (place + 1) * width]
            if self.failed is None and not math.isfinite(row[0]):
                self.failed = self.steps
            for index, value in enumerate(row):
                self._sums[index] += value * count
            self.samples += count
            self.steps += 1
        self._losses.clear()
        self._counts.clear()

    def _size(self, batch: Batch) -> int:
        """Return the samples that the losses of a batch are the means of."""
        return len(batch.rows)

    def _numbers(self) -> list[float]:
        """Return the losses that were added since the last time."""
        if self._losses[0].device.type == "cpu":
            return [each.item() for each in self._losses]
        numbers: list[float] = torch.stack([each.double() for each in self._losses]).tolist()
        return numbers

    def results(self) -> dict[str, Result]:
        """Return the means so far, by Keras's names."""
        self.read()
        count = max(self.samples, 1)
        means: dict[str, Result] = {name: total / count for name, total in zip(self.names, self._sums, strict=True)}
        return means | self.metrics.results()

    def state(self) -> tuple[dict[str, Tensor], dict[str, object]]:
        """Return tensors and facts that ``restore`` goes on from."""
        self.read()
        return self.metrics.state(), {"samples": self.samples, "steps": self.steps, "sums": list(self._sums)}

    def restore(self, tensors: Mapping[str, Tensor], facts: Mapping[str, object]) -> None:
        """Go on from a state."""
        self.reset()
        self.metrics.restore(tensors)
        samples, steps, sums = facts["samples"], facts["steps"], facts["sums"]
        assert isinstance(samples, int)
        assert isinstance(steps, int)
        assert isinstance(sums, list)
        self.samples, self.steps, self._sums = samples, steps, list(sums)


def _detached(outputs: Outputs) -> Outputs:
    if isinstance(outputs, Tensor):
        return outputs.detach()
    return tuple([each.detach() for each in outputs])
