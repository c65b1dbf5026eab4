"""Several processes save a run: all of them bring its state together, and the first one writes it."""

from __future__ import annotations

from pathlib import Path

from nndsl.train.distributed.processes import Processes
from nndsl.train.keeper import PAUSE, WITHIN, FolderKeeper
from nndsl.train.loop import Trainer
from nndsl.train.resume import snapshot_of


class CommonKeeper:
    """A keeper that saves when that of the first process says so."""

    def __init__(self, keeper: FolderKeeper, processes: Processes) -> None:
        self._keeper = keeper
        self._processes = processes

    def path(self, name: str) -> Path:
        """Return the path of a callback's file, which the first process alone may write."""
        return self._keeper.path(name)

    def step(self, trainer: Trainer) -> None:
        """Save, if the last time is long ago."""
        if self._is_due(WITHIN):
            self.save(trainer)

    def epoch(self, trainer: Trainer) -> None:
        """Save after an epoch, unless that was done just now."""
        if self._is_due(PAUSE):
            self.save(trainer)

    def save(self, trainer: Trainer) -> None:
        """Write a checkpoint."""
        if self._processes.is_first:
            self._keeper.save(trainer)
        else:
            trainer.check_weights()
            snapshot_of(trainer)

    def finish(self, trainer: Trainer) -> None:
        """Write the weights that a run ends with."""
        if self._processes.is_first:
            self._keeper.finish(trainer)

    def _is_due(self, pause: float) -> bool:
        mine = self._processes.is_first and self._keeper.is_due(pause)
        return bool(self._processes.largest([int(mine)])[0])
