"""A table of losses and metrics."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from typing import Any

from nndsl.recipes import callbacks as recipes
from nndsl.train.callbacks.base import Callback, Logs


class CSVLogger(Callback):
    """Writes a row of losses and metrics for each epoch, in the folder of the run."""

    def __init__(self, recipe: recipes.CSVLogger) -> None:
        self.recipe = recipe
        self._keys: list[str] | None = None
        self._size = 0
        """The bytes of the file that are rows of this run, or were there before it."""

    def check(self) -> None:
        """Raise TrainingError (E1211) for the name of a file of the run's own."""
        self.trainer.path(self.recipe.filename)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Begin the table, or go on with one that is there."""
        if not self.trainer.writes:
            return
        path = self.trainer.path(self.recipe.filename)
        path.parent.mkdir(parents=True, exist_ok=True)
        keeps = self.recipe.append or self.trainer.resumed
        with path.open("ab" if keeps else "wb") as file:
            self._size = file.tell()
        self._keys = None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write a row."""
        if not self.trainer.writes:
            return
        logs = logs or {}
        header = self._keys is None and not self._size
        if self._keys is None:
            self._keys = sorted(logs)
            if not any(key.startswith("val_") for key in self._keys):
                self._keys += [f"val_{key}" for key in self._keys]
        path = self.trainer.path(self.recipe.filename)
        with path.open("r+b") as file:
            # What a run that was killed wrote behind its last checkpoint is written again.
            file.truncate(self._size)
        with path.open("a", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, delimiter=self.recipe.separator)
            if header:
                rows.writerow(["epoch", *self._keys])
            rows.writerow([epoch, *(_cell(logs.get(key, "NA")) for key in self._keys)])
        self._size = path.stat().st_size

    def state(self) -> dict[str, Any]:
        """Return how far the file goes."""
        return {"keys": self._keys, "size": self._size}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on with the file, or what there is of it."""
        self._keys, self._size = state["keys"], min(state["size"], self._size)


def _cell(value: Any) -> Any:
    return f'"[{", ".join(map(str, value))}]"' if isinstance(value, tuple) else value
