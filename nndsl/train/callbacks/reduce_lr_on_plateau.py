"""A lower learning rate when nothing improves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nndsl.recipes import callbacks as recipes
from nndsl.train.callbacks.base import Logs, refuse_schedule
from nndsl.train.callbacks.monitored import Monitored


class ReduceLROnPlateau(Monitored):
    """Multiplies the learning rate by ``factor`` when ``monitor`` has not improved for ``patience`` epochs."""

    def __init__(self, recipe: recipes.ReduceLROnPlateau) -> None:
        super().__init__(recipe.monitor, recipe.mode, recipe.min_delta)
        self.recipe = recipe
        self.wait = 0
        self.cooldown = 0

    def check(self) -> None:
        """Raise TrainingError (E1203, E1206)."""
        super().check()
        refuse_schedule(self)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Begin anew."""
        self.best, self.wait, self.cooldown = None, 0, 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Lower the rate, or wait."""
        logs = {} if logs is None else logs
        logs["learning_rate"] = self.trainer.learning_rate
        current = self.watched(logs)
        if self.cooldown:
            self.cooldown -= 1
            self.wait = 0
        if self.is_improvement(current, self.best):
            self.best = current
            self.wait = 0
        elif not self.cooldown:
            self.wait += 1
            if self.wait >= self.recipe.patience and self._reduce(epoch):
                self.cooldown = self.recipe.cooldown
                self.wait = 0

    def _reduce(self, epoch: int) -> bool:
        rate = float(np.float32(self.trainer.learning_rate))
        if rate <= float(np.float32(self.recipe.min_lr)):
            return False
        self.trainer.learning_rate = max(rate * self.recipe.factor, self.recipe.min_lr)
        if self.recipe.verbose:
            self.trainer.say(f"epoch {epoch + 1}: the learning rate is lowered to {self.trainer.learning_rate:g}")
        return True

    def state(self) -> dict[str, Any]:
        """Return the counters."""
        return {"best": self.best, "wait": self.wait, "cooldown": self.cooldown}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on."""
        self.best, self.wait, self.cooldown = state["best"], state["wait"], state["cooldown"]
