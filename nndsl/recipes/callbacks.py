"""Keras's callbacks. Their paths lie in the folder of the run."""

from __future__ import annotations

from typing import ClassVar

from nndsl.arguments import ArgumentError, Choice, Integer, argument, choice, flag, integer, number
from nndsl.recipes.base import Recipe, RecipeKind, recipe
from nndsl.recipes.fields import Either, RelativePath, fraction, path, save_frequency, switch, text


class Callback(Recipe):
    """The base of callbacks."""

    __slots__ = ()
    kind: ClassVar[str] = "callback"


@recipe
class EarlyStopping(Callback):
    """Stops when ``monitor`` has not improved for ``patience`` epochs."""

    monitor: str = text("val_loss")
    min_delta: float = number(0)
    patience: int = integer(0, 0)
    verbose: int = switch(False)
    mode: str = choice("auto", "min", "max", default="auto")
    baseline: float | None = number(None, optional=True)
    restore_best_weights: bool = flag(False)
    start_from_epoch: int = integer(0, 0)


@recipe
class ModelCheckpoint(Callback):
    """Saves the model after each epoch, or after so many batches, or only where it is the best."""

    filepath: str = path()
    monitor: str = text("val_loss")
    verbose: int = switch(False)
    save_best_only: bool = flag(False)
    save_weights_only: bool = flag(False)
    mode: str = choice("auto", "min", "max", default="auto")
    save_freq: str | int = save_frequency()
    initial_value_threshold: float | None = number(None, optional=True)


@recipe
class ReduceLROnPlateau(Callback):
    """Multiplies the learning rate by ``factor`` when ``monitor`` has not improved for ``patience`` epochs."""

    monitor: str = text("val_loss")
    factor: float = fraction(0.1)
    patience: int = integer(10, 0)
    verbose: int = switch(False)
    mode: str = choice("auto", "min", "max", default="auto")
    min_delta: float = number(1e-4)
    cooldown: int = integer(0, 0)
    min_lr: float = number(0.0, 0)

    def check(self) -> None:
        """A factor that lowers the rate."""
        if self.factor == 1:
            raise ArgumentError("E0303", "`factor` must be below 1, not `1`", "a factor of 1 leaves the rate as it is")


@recipe
class LearningRateScheduler(Callback):
    """Sets the learning rate of each epoch by a schedule, whose step is then the epoch."""

    schedule: Recipe = argument(RecipeKind("schedule"))
    verbose: int = switch(False)


@recipe
class TerminateOnNaN(Callback):
    """Stops when the loss is not finite."""

    raise_error: bool = flag(False)


@recipe
class CSVLogger(Callback):
    """Writes a row of losses and metrics for each epoch."""

    filename: str = path()
    separator: str = text(",")
    append: bool = flag(False)


@recipe
class TensorBoard(Callback):
    """Writes losses and metrics for TensorBoard."""

    log_dir: str = path("logs")
    histogram_freq: int = integer(0, 0)
    write_graph: bool = flag(True)
    write_images: bool = flag(False)
    write_steps_per_second: bool = flag(False)
    update_freq: str | int = argument(Either((Integer(1), Choice(("epoch", "batch")))), default="epoch")
    profile_batch: int = argument(Integer(0, 0), default=0)
    embeddings_freq: int = integer(0, 0)
    embeddings_metadata: str | None = argument(RelativePath(optional=True), default=None)


@recipe
class SwapEMAWeights(Callback):
    """Evaluates and saves with the averaged weights of an optimizer with ``use_ema=true``."""

    swap_on_epoch: bool = flag(False)


@recipe
class BackupAndRestore(Callback):
    """Goes on where an interrupted run stopped."""

    backup_dir: str = path()
    save_freq: str | int = save_frequency()
    double_checkpoint: bool = flag(False)
    delete_checkpoint: bool = flag(True)
