"""Averaged weights in the model while it is evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nndsl.recipes import callbacks as recipes
from nndsl.train.callbacks.base import Callback, Logs
from nndsl.train.errors import TrainingError


class SwapEMAWeights(Callback):
    """Evaluates, and with ``swap_on_epoch`` saves, with the averaged weights of an optimizer with ``use_ema=true``."""

    def __init__(self, recipe: recipes.SwapEMAWeights) -> None:
        self.recipe = recipe
        self._swapped = False

    def check(self) -> None:
        """Raise TrainingError (E1206) if the optimizer averages nothing."""
        optimizer = self.trainer.updater.recipe
        if not optimizer.use_ema:
            message = f"`SwapEMAWeights` needs averaged weights, and `{type(optimizer).__name__}` keeps none"
            raise TrainingError("E1206", message, "give the optimizer `use_ema=true`")

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Take the weights back."""
        self._swap(False)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Let the callbacks behind this one see the averages."""
        if self.recipe.swap_on_epoch:
            self._swap(True)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Evaluate the averages."""
        self._swap(True)

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Take the weights back."""
        self._swap(False)

    def on_train_end(self, logs: Logs | None = None) -> None:
        """The averages are in the model by now, and stay there."""
        self._swapped = False

    def _swap(self, to: bool) -> None:
        if self._swapped != to:
            self.trainer.updater.exchange()
            self._swapped = to

    @property
    def is_swapped(self) -> bool:
        """Whether the model has the averages now."""
        return self._swapped

    def state(self) -> dict[str, Any]:
        """Return which weights the model has."""
        return {"swapped": self._swapped}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on."""
        self._swapped = state["swapped"]
