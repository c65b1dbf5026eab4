"""Losses and metrics for TensorBoard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nndsl.recipes import callbacks as recipes
from nndsl.train.callbacks.base import Callback, Logs
from nndsl.train.errors import TrainingError


class TensorBoard(Callback):
    """Writes losses and metrics, by Keras's tags, into the folders ``train`` and ``validation`` of ``log_dir``."""

    def __init__(self, recipe: recipes.TensorBoard) -> None:
        self.recipe = recipe
        self._writers: dict[str, Any] = {}

    def check(self) -> None:
        """Raise TrainingError: E1210 for what is not there, E1211 for the folder, E1212 without the package."""
        self.trainer.path(self.recipe.log_dir)
        left = [name for name in ("write_images", "profile_batch", "embeddings_freq") if getattr(self.recipe, name)]
        if left:
            message = f"`TensorBoard` has no `{left[0]}` here"
            raise TrainingError("E1210", message, "leave it out; `torch.profiler` writes profiles")
        try:
            from torch.utils import tensorboard  # noqa: F401
        except ImportError:
            message = "`TensorBoard` needs tensorboard, which is not installed"
            raise TrainingError("E1212", message, "pip install 'nndsl[tensorboard]'") from None

    @property
    def hears_batches(self) -> bool:
        """Whether it writes within epochs."""
        return self.recipe.update_freq != "epoch"

    def _write(self, part: str, tag: str, value: Any, step: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        if part not in self._writers:
            self._writers[part] = SummaryWriter(str(self.trainer.path(self.recipe.log_dir) / part))
        self._writers[part].add_scalar(tag, value, step)

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Write the logs so far, now and then."""
        if not self.trainer.writes:
            return
        every = 1 if self.recipe.update_freq == "batch" else self.recipe.update_freq
        assert isinstance(every, int)
        step = self.trainer.epoch * self.trainer.steps + batch
        if not step % every:
            for name, value in (logs or {}).items():
                if isinstance(value, float):
                    self._write("train", f"batch_{name}", value, step)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write the logs, and now and then how the weights are distributed."""
        if not self.trainer.writes:
            return
        for name, value in (logs or {}).items():
            if isinstance(value, float):
                part = "validation" if name.startswith("val_") else "train"
                self._write(part, f"epoch_{name.removeprefix('val_')}", value, epoch)
        frequency = self.recipe.histogram_freq
        if frequency and not epoch % frequency:
            for key, weight in self.trainer.module.named_parameters():
                self._writers["train"].add_histogram(key, weight.detach(), epoch)
        for writer in self._writers.values():
            writer.flush()

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Close the files."""
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()
