"""The model in a file of its own, after each epoch or where it is the best."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from nndsl.recipes import callbacks as recipes
from nndsl.train.callbacks.base import Logs
from nndsl.train.callbacks.monitored import Monitored
from nndsl.train.errors import TrainingError

SUFFIX = ".safetensors"
_FIELD = re.compile(r"\{(\w+)(?::(0?\d?\d?(?:\.\d{1,2})?[defg]?))?\}")
"""``{epoch:02d}``: of Python's formats those that neither look into objects nor fill the memory."""


class ModelCheckpoint(Monitored):
    """Saves the weights after each epoch, or after so many batches, or only where they are the best."""

    def __init__(self, recipe: recipes.ModelCheckpoint) -> None:
        super().__init__(recipe.monitor, recipe.mode)
        self.recipe = recipe
        self.best = recipe.initial_value_threshold
        self._batches = 0

    def check(self) -> None:
        """Raise TrainingError: E1203 for what is watched, E1211 for the path."""
        if self.recipe.save_best_only:
            super().check()
        path = self.recipe.filepath
        if not path.endswith(SUFFIX):
            stem = re.sub(r"(\.weights)?\.(h5|keras)$", "", path)
            message = f"`ModelCheckpoint` writes safetensors, and its path is `{path}`"
            raise TrainingError("E1211", message, f"write `{stem}{SUFFIX}`")
        self.trainer.path(path)
        bare = _FIELD.sub("", path)
        unknown = [name for name, _ in _FIELD.findall(path) if name not in ("epoch", "batch", *self.trainer.names)]
        if "{" in bare or "}" in bare or unknown:
            names = ", ".join(f"`{{{name}}}`" for name in ("epoch", *self.trainer.names))
            message = f"`ModelCheckpoint` has the path `{path}`, which cannot be filled in"
            raise TrainingError("E1211", message, f"it may have {names}, and formats such as `{{epoch:02d}}`")

    @property
    def hears_batches(self) -> bool:
        """Whether it saves after so many batches."""
        return self.recipe.save_freq != "epoch"

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Save, if it is time."""
        assert isinstance(self.recipe.save_freq, int)
        self._batches += 1
        if self._batches >= self.recipe.save_freq:
            self._batches = 0
            self._save(self.trainer.epoch, {"batch": batch + 1, **(logs or {})})

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Save, if it is better."""
        if self.recipe.save_freq == "epoch":
            self._save(epoch, logs or {})

    def _save(self, epoch: int, logs: Logs) -> None:
        if self.recipe.save_best_only:
            current = self.watched(logs)
            if not self.is_improvement(current, self.best):
                return
            self.best = current
        path = self.trainer.path(_filled(self.recipe.filepath, {"epoch": epoch + 1, **logs}))
        self.trainer.write_weights(path)
        if self.recipe.verbose:
            self.trainer.say(f"epoch {epoch + 1}: the weights are saved in {path}")

    def state(self) -> dict[str, Any]:
        """Return the best value, and the batches since the last time."""
        return {"best": self.best, "batches": self._batches}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on."""
        self.best, self._batches = state["best"], state["batches"]


def _filled(path: str, values: Mapping[str, Any]) -> str:
    def fill(found: re.Match[str]) -> str:
        name, format = found.groups()
        if name not in values:
            raise TrainingError("E1211", f"`ModelCheckpoint` has no `{name}` to fill in after an epoch", "leave it out")
        try:
            return str(values[name].__format__(format or ""))
        except (TypeError, ValueError):
            message = f"`ModelCheckpoint` cannot write `{name}` as `{format}`"
            help = "`d` is for `epoch` and `batch`, `f` for losses and metrics"
            raise TrainingError("E1211", message, help) from None

    return _FIELD.sub(fill, path)
