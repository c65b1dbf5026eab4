"""How often a run saves itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nndsl.recipes import callbacks as recipes
from nndsl.train.callbacks.base import Callback, Logs


class BackupAndRestore(Callback):
    """Asks for checkpoints after each epoch, or after so many steps; without it a run saves itself by time.

    A run without a folder has them in ``backup_dir``, and goes on with those that are there.
    """

    def __init__(self, recipe: recipes.BackupAndRestore) -> None:
        self.recipe = recipe
        self._steps = 0

    @property
    def hears_batches(self) -> bool:
        """Whether it saves after so many steps."""
        return self.recipe.save_freq != "epoch"

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Save, if it is time."""
        assert isinstance(self.recipe.save_freq, int)
        self._steps += 1
        if self._steps >= self.recipe.save_freq:
            self._steps = 0
            self.trainer.save_asked = True

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Save."""
        if self.recipe.save_freq == "epoch":
            self.trainer.save_asked = True

    def state(self) -> dict[str, Any]:
        """Return the steps since the last time."""
        return {"steps": self._steps}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on."""
        self._steps = state["steps"]
