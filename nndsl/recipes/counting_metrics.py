"""Keras's metrics that are made of counts: of true and false positives and negatives, and of overlaps."""

from __future__ import annotations

from dataclasses import MISSING
from typing import Any

from nndsl.arguments import ArgumentError, Decimal, argument, choice, flag, integer
from nndsl.recipes.base import recipe
from nndsl.recipes.fields import Integers, Numbers, axis, dtype, fraction, name, positive
from nndsl.recipes.metrics import Metric

THRESHOLDS = Numbers(0, 1, single=True, optional=True)


@recipe
class _Count(Metric):
    """The arguments of the four counts."""

    thresholds: tuple[float, ...] | None = argument(THRESHOLDS, default=None)
    name: str | None = name(None)
    dtype: str | None = dtype()


@recipe
class TruePositives(_Count):
    """How many positives are predicted so."""


@recipe
class TrueNegatives(_Count):
    """How many negatives are predicted so."""


@recipe
class FalsePositives(_Count):
    """How many negatives are predicted to be positive."""


@recipe
class FalseNegatives(_Count):
    """How many positives are predicted to be negative."""


@recipe
class _Share(Metric):
    """The arguments of Precision and Recall."""

    thresholds: tuple[float, ...] | None = argument(THRESHOLDS, default=None)
    top_k: int | None = integer(None, optional=True)
    class_id: int | None = integer(None, 0, optional=True)
    name: str | None = name(None)
    dtype: str | None = dtype()


@recipe
class Precision(_Share):
    """True positives over all that were predicted to be positive."""


@recipe
class Recall(_Share):
    """True positives over all that are positive."""


@recipe
class PrecisionAtRecall(Metric):
    """The best precision at a recall of at least ``recall``."""

    recall: float = fraction()
    num_thresholds: int = integer(200)
    class_id: int | None = integer(None, 0, optional=True)
    name: str | None = name(None)
    dtype: str | None = dtype()


@recipe
class RecallAtPrecision(Metric):
    """The best recall at a precision of at least ``precision``."""

    precision: float = fraction()
    num_thresholds: int = integer(200)
    class_id: int | None = integer(None, 0, optional=True)
    name: str | None = name(None)
    dtype: str | None = dtype()


@recipe
class SensitivityAtSpecificity(Metric):
    """The best sensitivity at a specificity of at least ``specificity``."""

    specificity: float = fraction()
    num_thresholds: int = integer(200)
    class_id: int | None = integer(None, 0, optional=True)
    name: str | None = name(None)
    dtype: str | None = dtype()


@recipe
class SpecificityAtSensitivity(Metric):
    """The best specificity at a sensitivity of at least ``sensitivity``."""

    sensitivity: float = fraction()
    num_thresholds: int = integer(200)
    class_id: int | None = integer(None, 0, optional=True)
    name: str | None = name(None)
    dtype: str | None = dtype()


@recipe
class AUC(Metric):
    """The area under the curve of ROC, PR or PR-gain over thresholds."""

    num_thresholds: int = integer(200, 2)
    curve: str = choice("ROC", "PR", "PRGAIN", "roc", "pr", "prgain", default="ROC")
    summation_method: str = choice("interpolation", "majoring", "minoring", default="interpolation")
    name: str | None = name(None)
    dtype: str | None = dtype()
    thresholds: tuple[float, ...] | None = argument(Numbers(0, 1, optional=True), default=None)
    multi_label: bool = flag(False)
    num_labels: int | None = integer(None, optional=True)
    label_weights: tuple[float, ...] | None = argument(Numbers(optional=True), default=None)
    from_logits: bool = flag(False)

    def check(self) -> None:
        """Labels are counted and weighted only where there are several."""
        if self.num_labels is not None and not self.multi_label:
            raise ArgumentError("E0305", "`num_labels` is for `multi_label=true` alone", "write `multi_label=true`")


@recipe
class FBetaScore(Metric):
    """The weighted harmonic mean of precision and recall."""

    average: str | None = choice("micro", "macro", "weighted", None, default=None)
    beta: float = positive(1.0)
    threshold: float | None = argument(Decimal(0, 1, open_least=True, optional=True), default=None)
    name: str | None = name("fbeta_score")
    dtype: str | None = dtype()


@recipe
class F1Score(Metric):
    """The harmonic mean of precision and recall."""

    average: str | None = choice("micro", "macro", "weighted", None, default=None)
    threshold: float | None = argument(Decimal(0, 1, open_least=True, optional=True), default=None)
    name: str | None = name("f1_score")
    dtype: str | None = dtype()


def _targets(default: Any = MISSING) -> Any:
    """Declare the classes that count."""
    return argument(Integers(single=True), default)


def _check_targets(targets: tuple[int, ...], classes: int) -> None:
    if max(targets) >= classes:
        raise ArgumentError(
            "E0305",
            f"`target_class_ids` has the class {max(targets)}, and there are {classes} classes",
            f"classes are numbered from 0 to {classes - 1}",
        )


@recipe
class IoU(Metric):
    """The mean intersection over union of some classes."""

    num_classes: int = integer()
    target_class_ids: tuple[int, ...] = _targets()
    name: str | None = name(None)
    dtype: str | None = dtype()
    ignore_class: int | None = integer(None, -(2**31 - 1), optional=True)
    sparse_y_true: bool = flag(True)
    sparse_y_pred: bool = flag(True)
    axis: int = axis(-1)

    def check(self) -> None:
        """Targets among the classes."""
        _check_targets(self.target_class_ids, self.num_classes)


@recipe
class BinaryIoU(Metric):
    """The mean intersection over union of the classes 0 and 1, or one of them."""

    target_class_ids: tuple[int, ...] = _targets((0, 1))
    threshold: float = fraction(0.5)
    name: str | None = name(None)
    dtype: str | None = dtype()

    def check(self) -> None:
        """Targets among 0 and 1."""
        _check_targets(self.target_class_ids, 2)


@recipe
class MeanIoU(Metric):
    """The mean intersection over union of all classes."""

    num_classes: int = integer()
    name: str | None = name(None)
    dtype: str | None = dtype()
    ignore_class: int | None = integer(None, -(2**31 - 1), optional=True)
    sparse_y_true: bool = flag(True)
    sparse_y_pred: bool = flag(True)
    axis: int = axis(-1)


@recipe
class OneHotIoU(Metric):
    """IoU of one-hot labels."""

    num_classes: int = integer()
    target_class_ids: tuple[int, ...] = _targets()
    name: str | None = name(None)
    dtype: str | None = dtype()
    ignore_class: int | None = integer(None, -(2**31 - 1), optional=True)
    sparse_y_pred: bool = flag(False)
    axis: int = axis(-1)

    def check(self) -> None:
        """Targets among the classes."""
        _check_targets(self.target_class_ids, self.num_classes)


@recipe
class OneHotMeanIoU(Metric):
    """MeanIoU of one-hot labels."""

    num_classes: int = integer()
    name: str | None = name(None)
    dtype: str | None = dtype()
    ignore_class: int | None = integer(None, -(2**31 - 1), optional=True)
    sparse_y_pred: bool = flag(False)
    axis: int = axis(-1)
