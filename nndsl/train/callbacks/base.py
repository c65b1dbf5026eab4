"""What a callback is: hooks by Keras's names, and a state that checkpoints hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from nndsl.train.errors import TrainingError

if TYPE_CHECKING:
    from nndsl.train.loop import Trainer

Logs: TypeAlias = dict[str, Any]
"""Losses and metrics by Keras's names; what a callback adds at the end of an epoch gets into the history."""


class Callback:
    """The base of callbacks, of the user's too; ``trainer`` is set before the first hook.

    Hooks have Keras's names, order and arguments. The logs of a batch are read from the device when a hook looks at
    them. Checkpoints hold ``state()``, and a run that goes on calls ``restore`` after ``on_train_begin``.
    """

    trainer: Trainer
    is_own = False
    """Whether each run in a folder has the callback, without anyone asking for it."""

    def check(self) -> None:
        """Raise TrainingError, before the first step, if the callback cannot do what it is for."""

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Before the first epoch, or before the rest of a run."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """When training is over, not where it is interrupted."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Before an epoch, counted from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """After an epoch and its validation."""

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """After a step, counted from 0 in each epoch."""

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Before a validation."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """After a validation."""

    def on_not_finite(self, message: str) -> bool:
        """Where the loss is not finite, as ``message`` says: return whether training ends well nevertheless."""
        return False

    def on_save(self) -> None:
        """Before a checkpoint is written."""

    def state(self) -> dict[str, Any]:
        """Return what a run that goes on needs: tensors, and what JSON can hold, by name."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""

    @property
    def hears_batches(self) -> bool:
        """Whether the class has a hook for batches."""
        return type(self).on_train_batch_end is not Callback.on_train_batch_end


def refuse_schedule(callback: Callback) -> None:
    """Raise TrainingError (E1206) if a schedule rules the learning rate that a callback is to set."""
    schedule = callback.trainer.updater.recipe.learning_rate
    if not isinstance(schedule, float | int):
        name = type(callback).__name__
        message = f"`{name}` sets the learning rate, which `{type(schedule).__name__}` of the optimizer computes"
        raise TrainingError("E1206", message, "give the optimizer a number as its rate, or leave one of them out")
