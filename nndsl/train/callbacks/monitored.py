"""Callbacks that watch a loss or metric, with Keras's rules of what is better."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nndsl.compiler import Compiled
from nndsl.suggestions import suggest
from nndsl.train.callbacks.base import Callback, Logs
from nndsl.train.errors import TrainingError
from nndsl.train.metrics import named

UP = frozenset(
    {
        *("AUC", "Accuracy", "AccuracyByShape", "BinaryAccuracy", "CategoricalAccuracy", "SparseCategoricalAccuracy"),
        *("TopKCategoricalAccuracy", "SparseTopKCategoricalAccuracy", "BinaryIoU", "IoU", "MeanIoU", "OneHotIoU"),
        *("OneHotMeanIoU", "Precision", "Recall", "PrecisionAtRecall", "RecallAtPrecision", "F1Score", "FBetaScore"),
        *("SensitivityAtSpecificity", "SpecificityAtSensitivity", "ConcordanceCorrelation", "PearsonCorrelation"),
        *("CosineSimilarity", "R2Score"),
    }
)
"""The metrics that are better the larger they are."""

EITHER = frozenset({"FalseNegatives", "FalsePositives", "Mean", "Sum", "TrueNegatives", "TruePositives"})
"""The metrics of which Keras does not say what is better."""


class Monitored(Callback):
    """Watches ``monitor``; ``mode`` is ``"min"``, ``"max"`` or ``"auto"``, ``best`` the value that counts so far."""

    def __init__(self, monitor: str, mode: str, min_delta: float = 0.0) -> None:
        self.monitor = monitor
        self.best: float | None = None
        self._mode = mode
        self._delta = abs(min_delta)

    def check(self) -> None:
        """Raise TrainingError (E1203) for what is not logged, or cannot be known to be better or worse."""
        names = self.trainer.names
        foreign = any(not type(each).__module__.startswith("nndsl.") for each in self.trainer.callbacks)
        if self.monitor not in names and not foreign:
            raise self._unknown(names)
        if self._mode == "auto":
            direction = directions(self.trainer.model.compiled).get(self.monitor.removeprefix("val_"))
            if direction is None:
                message = f"`{type(self).__name__}` watches `{self.monitor}`, which may be better larger or smaller"
                raise TrainingError("E1203", message, 'write `mode="max"` or `mode="min"`')
            self._mode = direction

    def _unknown(self, names: tuple[str, ...]) -> TrainingError:
        message = f"`{type(self).__name__}` watches `{self.monitor}`, which this run does not give"
        if self.monitor.startswith("val_") and self.monitor[4:] in names:
            help = "there are no data to validate on: give `validation_split` or `validation_data`, or watch "
            return TrainingError("E1203", message, f"{help}`{self.monitor[4:]}`")
        help = suggest(self.monitor, names, "value") or "there are " + ", ".join(f"`{name}`" for name in names)
        return TrainingError("E1203", message, help)

    def watched(self, logs: Logs | None) -> float:
        """Return the value that is watched. Raises TrainingError (E1203) if no callback put it into the logs."""
        value: Any = (logs or {}).get(self.monitor)
        if not isinstance(value, int | float):
            raise self._unknown(tuple(logs or ()))
        return float(value)

    def is_improvement(self, value: float, reference: float | None) -> bool:
        """Return whether a value is better, in float32 as in Keras; NaN never is."""
        if reference is None:
            return not math.isnan(value)
        if self._mode == "max":
            return bool(np.float32(value - self._delta) > np.float32(reference))
        return bool(np.float32(value + self._delta) < np.float32(reference))


def directions(compiled: Compiled) -> dict[str, str]:
    """Return for losses and metrics, by their names in logs, the mode that Keras takes: ``"min"`` or ``"max"``."""
    outputs = [name for name, _ in compiled.model.outputs]
    found = dict.fromkeys(("loss", *(f"{output}_loss" for output in outputs)), "min")
    settings = compiled.compile
    if settings is not None:
        for name, _, recipe, _ in named(outputs, settings.metrics, settings.weighted_metrics):
            kind = type(recipe).__name__
            if kind not in EITHER:
                found[name] = "max" if kind in UP else "min"
    return found
