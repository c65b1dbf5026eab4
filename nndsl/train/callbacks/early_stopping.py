"""Stopping when nothing improves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from nndsl.recipes import callbacks as recipes
from nndsl.train.callbacks.base import Logs
from nndsl.train.callbacks.monitored import Monitored


class EarlyStopping(Monitored):
    """Stops when ``monitor`` has not improved for ``patience`` epochs."""

    def __init__(self, recipe: recipes.EarlyStopping) -> None:
        super().__init__(recipe.monitor, recipe.mode, recipe.min_delta)
        self.recipe = recipe
        self._forget()

    def _forget(self) -> None:
        self.best = None
        self.wait = 0
        self.stopped_epoch = 0
        self.best_epoch = 0
        self.best_weights: dict[str, Tensor] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Begin anew."""
        self._forget()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Stop, or wait."""
        recipe, current = self.recipe, self.watched(logs)
        if epoch < recipe.start_from_epoch:
            return
        if recipe.restore_best_weights and self.best_weights is None:
            self._keep(epoch)
        self.wait += 1
        if self.is_improvement(current, self.best):
            self.best = current
            self.best_epoch = epoch
            if recipe.restore_best_weights:
                self._keep(epoch)
            if recipe.baseline is None or self.is_improvement(current, recipe.baseline):
                self.wait = 0
            return
        if self.wait >= recipe.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.trainer.stop_training = True

    def _keep(self, epoch: int) -> None:
        self.best_weights = self.trainer.weights()
        self.best_epoch = epoch

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Put the best weights back."""
        if self.stopped_epoch and self.recipe.verbose:
            self.trainer.say(f"epoch {self.stopped_epoch + 1}: `{self.monitor}` no longer improves, so training ends")
        if self.best_weights is not None:
            if self.recipe.verbose:
                self.trainer.say(f"the weights are those of epoch {self.best_epoch + 1}, the best one")
            self.trainer.put(self.best_weights)

    def state(self) -> dict[str, Any]:
        """Return the counters and the best weights."""
        weights = {f"weights.{key}": value for key, value in (self.best_weights or {}).items()}
        return {
            "best": self.best,
            "wait": self.wait,
            "stopped_epoch": self.stopped_epoch,
            "best_epoch": self.best_epoch,
            **weights,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on."""
        self.best, self.wait = state["best"], state["wait"]
        self.stopped_epoch, self.best_epoch = state["stopped_epoch"], state["best_epoch"]
        weights = {key.removeprefix("weights."): value for key, value in state.items() if key.startswith("weights.")}
        self.best_weights = weights or None
