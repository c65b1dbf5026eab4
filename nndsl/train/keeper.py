"""When a run is saved, and what it leaves in its folder."""

from __future__ import annotations

import time
from pathlib import Path, PurePosixPath

import torch

from nndsl.train.callbacks.base import Callback
from nndsl.train.errors import TrainingError
from nndsl.train.lock import NAME as LOCK
from nndsl.train.loop import Trainer
from nndsl.train.records import IMPORTS
from nndsl.train.resume import snapshot_of
from nndsl.train.run import BEST, CURVES, MODEL, SETTINGS, SOURCE, TABLE, RunFolder

WITHIN = 60.0
"""Seconds after which a run is saved in the middle of an epoch."""
PAUSE = 1.0
"""Seconds between checkpoints, at the ends of epochs, at least."""
OWN = {(name,) for name in (SETTINGS, SOURCE, TABLE, CURVES, MODEL, BEST, LOCK, IMPORTS, "checkpoints")}
"""What a run has in its folder."""
SHARE = 20
"""A checkpoint is written once so many times as long has passed as the last one took."""


class FolderKeeper:
    """Saves a run into its folder, by time: rarely enough that it costs next to nothing."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._last = time.monotonic()
        self._cost = 0.0

    def path(self, name: str) -> Path:
        """Return the path of a callback's file. Raises TrainingError (E1211) for the name of one of the run's own."""
        if PurePosixPath(name).parts[:1] in OWN:
            message = f"a callback is to write `{name}`, which is what the run itself has in its folder"
            raise TrainingError("E1211", message, "give it another name")
        return self._folder.path / name

    def step(self, trainer: Trainer) -> None:
        """Save, if the last time is long ago."""
        if self.is_due(WITHIN):
            self.save(trainer)

    def epoch(self, trainer: Trainer) -> None:
        """Save after an epoch, unless that was done just now."""
        if self.is_due(PAUSE):
            self.save(trainer)

    def is_due(self, pause: float) -> bool:
        """Return whether the last checkpoint is so many seconds ago, or longer if it took long."""
        return time.monotonic() - self._last >= max(pause, SHARE * self._cost)

    def save(self, trainer: Trainer) -> None:
        """Write a checkpoint, and the history so far. Raises TrainingError (E1201) if the weights are not finite."""
        begin = time.monotonic()
        trainer.check_weights()
        for callback in trainer.callbacks:
            callback.on_save()
        self._folder.save(snapshot_of(trainer))
        self._write_history(trainer)
        self._last = time.monotonic()
        self._cost = self._last - begin

    def finish(self, trainer: Trainer) -> None:
        """Write the weights that a run ends with."""
        self._folder.write_weights(trainer.weights(), {"epochs": str(trainer.epoch)})
        self._write_history(trainer)

    def _write_history(self, trainer: Trainer) -> None:
        best = next((each.epoch for each in trainer.callbacks if isinstance(each, BestWeights)), None)
        if trainer.history:
            self._folder.write_history(trainer.history, best)


class BestWeights(Callback):
    """Keeps the weights of the epoch with the lowest ``val_loss``, or ``loss`` without validation, never of NaN."""

    is_own = True

    def __init__(self, folder: RunFolder) -> None:
        self.epoch: int | None = None
        self._folder = folder
        self._value = float("inf")
        self._weights: dict[str, torch.Tensor] | None = None

    def on_epoch_end(self, epoch: int, logs: dict[str, object] | None = None) -> None:
        """Note the weights, if they are better."""
        logs = logs or {}
        value = logs.get("val_loss", logs.get("loss"))
        if isinstance(value, float) and value < self._value:
            self._value, self.epoch = value, epoch
            self._weights = self.trainer.weights()

    def on_save(self) -> None:
        """Write the weights before a checkpoint that counts on them."""
        if self._weights is not None and self.trainer.writes:
            self._folder.write_weights(self._weights, {"epoch": str(self.epoch)}, best=True)
            self._weights = None

    def on_train_end(self, logs: dict[str, object] | None = None) -> None:
        """Write the weights."""
        self.on_save()

    def state(self) -> dict[str, object]:
        """Return the best epoch."""
        return {"epoch": self.epoch, "value": self._value if self.epoch is not None else None}

    def restore(self, state: dict[str, object]) -> None:  # type: ignore[override]
        """Go on."""
        epoch, value = state["epoch"], state["value"]
        if isinstance(epoch, int) and isinstance(value, float):
            self.epoch, self._value = epoch, value
