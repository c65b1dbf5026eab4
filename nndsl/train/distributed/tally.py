"""The losses and metrics of all processes, brought together when they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy

import torch
from torch import Tensor

from nndsl.train.batch import Batch
from nndsl.train.distributed.parts import Part
from nndsl.train.distributed.processes import Processes
from nndsl.train.metrics import Metrics
from nndsl.train.tally import Tally


class CommonTally(Tally):
    """A tally of parts: all processes read it after the same steps, and read the same."""

    def __init__(self, names: Sequence[str], metrics: Metrics, processes: Processes) -> None:
        self._processes = processes
        super().__init__(names, CommonMetrics(metrics, processes))

    def _size(self, batch: Batch) -> int:
        assert isinstance(batch, Part)
        return batch.whole

    def _numbers(self) -> list[float]:
        mine = torch.tensor(super()._numbers(), dtype=torch.float64)
        whole: list[float] = self._processes.sum_on_host(mine).div_(self._processes.count).tolist()
        return whole


class CommonMetrics(Metrics):
    """Metrics of parts; their ``state`` and results are those of all processes, ``own_state`` is that of this one."""

    def __init__(self, metrics: Metrics, processes: Processes) -> None:
        vars(self).update(vars(metrics))
        self._processes = processes
        self._whole = deepcopy(metrics)

    def update(
        self,
        outputs: Tensor | tuple[Tensor, ...],
        batch: Batch,
        extras: Mapping[str, Tensor] = {},
        training: bool = True,
    ) -> None:
        """Add a part, if it counts."""
        assert isinstance(batch, Part)
        if not batch.idle:
            super().update(outputs, batch, extras, training)

    def tensors(self) -> dict[str, Tensor]:
        """Return the results of all processes."""
        self._whole.restore(self.state())
        return self._whole.tensors()

    def state(self) -> dict[str, Tensor]:
        """Return the sums over all processes."""
        return {key: self._processes.sum(value.clone()) for key, value in self.own_state().items()}

    def own_state(self) -> dict[str, Tensor]:
        """Return the sums of this process, in the shapes that all have."""
        state = super().state()
        shapes = [size for value in state.values() for size in value.shape]
        sizes = iter(self._processes.largest(shapes))
        found = {}
        for key, value in state.items():
            shape = tuple(next(sizes) for _ in value.shape)
            # Some know their shape from their first samples, which an idle process may never have had.
            found[key] = value if value.shape == shape else value.new_zeros(shape)
        return found
