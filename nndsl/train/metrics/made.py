"""How recipes make metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor

from nndsl.arguments import parameters
from nndsl.recipes.base import Recipe
from nndsl.recipes.losses import LogCosh
from nndsl.recipes.strings import snake_case
from nndsl.train.losses import dtype_of, loss_of, mean_of, valid_of
from nndsl.train.metrics import accuracies, correlations
from nndsl.train.metrics.auc import AUC
from nndsl.train.metrics.average import Average, Values
from nndsl.train.metrics.f_beta_score import FBetaScore
from nndsl.train.metrics.iou import IoU
from nndsl.train.metrics.precision_recall import (
    BestUnder,
    ConfusionCount,
    Precision,
    Recall,
)
from nndsl.train.metrics.r2_score import R2Score
from nndsl.train.metrics.root_mean_squared_error import RootMeanSquaredError
from nndsl.train.metrics.summed import Sum

Device = torch.device | str | None


class Metric(Protocol):
    """What adds up over batches; ``weight`` is (N,) or (N, T).

    Outputs come without gradients. ``state`` is what ``restore`` goes on from. A metric
    that has a true ``masked`` is given the masks of outputs as weights.
    """

    def update(
        self, target: Tensor, output: Tensor, weight: Tensor | None = None
    ) -> None:
        """Add a batch."""

    def result(self) -> Tensor:
        """Return the result so far, of floats, without reading it from the device."""

    def reset(self) -> None:
        """Begin anew."""

    def state(self) -> dict[str, Tensor]:
        """Return what has been added up."""

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a state."""


AT: Mapping[str, tuple[str, str]] = {
    "PrecisionAtRecall": ("precision", "recall"),
    "RecallAtPrecision": ("recall", "precision"),
    "SensitivityAtSpecificity": ("sensitivity", "specificity"),
    "SpecificityAtSensitivity": ("specificity", "sensitivity"),
}
"""The measures of a metric: its best, where the other reaches the value."""

CLASSES: Mapping[str, Callable[..., Metric]] = {
    "AUC": AUC,
    "BinaryIoU": partial(IoU, 2),
    "F1Score": FBetaScore,
    "FBetaScore": FBetaScore,
    "IoU": IoU,
    "MeanIoU": IoU,
    "OneHotIoU": partial(IoU, sparse_y_true=False),
    "OneHotMeanIoU": partial(IoU, sparse_y_true=False),
    "Precision": Precision,
    "R2Score": R2Score,
    "Recall": Recall,
    "RootMeanSquaredError": RootMeanSquaredError,
    "Sum": Sum,
    **{
        name: partial(ConfusionCount, snake_case(name))
        for name in (
            *("TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives"),
        )
    },
}
"""What makes each metric that is no mean of values; it takes Keras's arguments."""

VALUES: Mapping[str, Callable[..., Tensor]] = {
    "AccuracyByShape": accuracies.accuracy_by_shape,
    "Accuracy": accuracies.accuracy,
    "BinaryAccuracy": accuracies.binary_accuracy,
    "CategoricalAccuracy": accuracies.categorical_accuracy,
    "ConcordanceCorrelation": correlations.concordance_correlation,
    "PearsonCorrelation": correlations.pearson_correlation,
    "SparseCategoricalAccuracy": accuracies.sparse_categorical_accuracy,
    "SparseTopKCategoricalAccuracy": accuracies.sparse_top_k_categorical_accuracy,
    "TopKCategoricalAccuracy": accuracies.top_k_categorical_accuracy,
}
"""The values of each metric that is a mean of them; the others are means of losses."""


def metric_of(recipe: Recipe, device: Device = None) -> Metric:
    """Return the metric of a recipe, with nothing added up yet."""
    name = type(recipe).__name__
    if name in AT:
        best, other = AT[name]
        given = arguments(recipe)
        value = given.pop(other)
        return BestUnder(best, other, value, device=device, **given)
    if name in CLASSES:
        given = arguments(recipe)
        if "IoU" in name:
            given["whole"] = not _is_float(recipe)
        given.pop("num_labels", None)  # the outputs tell
        return CLASSES[name](device=device, **given)
    if name in VALUES:
        values = partial(VALUES[name], **arguments(recipe))
        return Average(_in_dtype(values, recipe), device=device)
    if name == "Mean":
        return Average(_in_dtype(lambda target, output: output, recipe), device=device)
    if name == "CosineSimilarity":
        loss = loss_of(recipe)
        return Average(lambda target, output: -loss(target, output), device=device)
    if name == "LogCoshError":
        recipe = LogCosh(dtype=getattr(recipe, "dtype", None))
    return Average(loss_of(recipe), mean_of(recipe), valid_of(recipe), device)


def takes_target(recipe: Recipe) -> bool:
    """Return whether a metric compares outputs with targets."""
    return type(recipe).__name__ not in ("Mean", "Sum")


def arguments(recipe: Recipe) -> dict[str, Any]:
    """Return what a recipe says, by Keras's names, but for its name and dtype."""
    names = [field.name for field in parameters(type(recipe))]
    return {
        name: getattr(recipe, name) for name in names if name not in ("name", "dtype")
    }


def _in_dtype(values: Values, recipe: Recipe) -> Values:
    """Return values of outputs in the dtype of a recipe, float32 if it has none."""
    dtype = dtype_of(recipe)
    return lambda target, output: values(target, output.to(dtype))


def _is_float(recipe: Recipe) -> bool:
    return getattr(recipe, "dtype", None) is not None
