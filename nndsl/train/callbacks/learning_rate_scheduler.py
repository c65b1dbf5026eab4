"""A learning rate for each epoch."""

from __future__ import annotations

from nndsl.recipes import callbacks as recipes
from nndsl.train.callbacks.base import Callback, Logs, refuse_schedule
from nndsl.train.schedules import schedule


class LearningRateScheduler(Callback):
    """Sets the learning rate of each epoch by a schedule, whose step is then the epoch."""

    def __init__(self, recipe: recipes.LearningRateScheduler) -> None:
        self.recipe = recipe
        self._schedule = schedule(recipe.schedule)

    def check(self) -> None:
        """Raise TrainingError (E1206)."""
        refuse_schedule(self)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Set the rate."""
        self.trainer.learning_rate = self._schedule(epoch)
        if self.recipe.verbose:
            self.trainer.say(f"epoch {epoch + 1}: the learning rate is {self.trainer.learning_rate:g}")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Log the rate."""
        if logs is not None:
            logs["learning_rate"] = self.trainer.learning_rate
