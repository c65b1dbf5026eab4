"""Keras's metrics; those of classification by counts, of thresholds and of overlap are in files of their own."""

from __future__ import annotations

from typing import ClassVar

from nndsl.arguments import choice, flag, integer
from nndsl.recipes.base import Recipe, recipe
from nndsl.recipes.fields import axis, dtype, fraction, name


class Metric(Recipe):
    """The base of metrics."""

    __slots__ = ()
    kind: ClassVar[str] = "metric"

    name: str | None


@recipe
class AccuracyByShape(Metric):
    """What the strings ``"accuracy"`` and ``"acc"`` mean: binary for one unit, else sparse or not, by the labels."""

    name: str | None = name("accuracy")


@recipe
class Accuracy(Metric):
    """The share of predictions that equal their labels exactly."""

    name: str | None = name("accuracy")
    dtype: str | None = dtype()


@recipe
class CategoricalAccuracy(Metric):
    """The share of rows whose largest prediction is at the one-hot label."""

    name: str | None = name("categorical_accuracy")
    dtype: str | None = dtype()


@recipe
class SparseCategoricalAccuracy(Metric):
    """The share of rows whose largest prediction is at the label."""

    name: str | None = name("sparse_categorical_accuracy")
    dtype: str | None = dtype()


@recipe
class CategoricalHinge(Metric):
    """The mean of the loss of that name."""

    name: str | None = name("categorical_hinge")
    dtype: str | None = dtype()


@recipe
class Hinge(Metric):
    """The mean of the loss of that name."""

    name: str | None = name("hinge")
    dtype: str | None = dtype()


@recipe
class SquaredHinge(Metric):
    """The mean of the loss of that name."""

    name: str | None = name("squared_hinge")
    dtype: str | None = dtype()


@recipe
class KLDivergence(Metric):
    """The mean of the loss of that name."""

    name: str | None = name("kl_divergence")
    dtype: str | None = dtype()


@recipe
class Poisson(Metric):
    """The mean of the loss of that name."""

    name: str | None = name("poisson")
    dtype: str | None = dtype()


@recipe
class LogCoshError(Metric):
    """The mean of log(cosh(p - y))."""

    name: str | None = name("logcosh")
    dtype: str | None = dtype()


@recipe
class MeanAbsoluteError(Metric):
    """The mean of the loss of that name."""

    name: str | None = name("mean_absolute_error")
    dtype: str | None = dtype()


@recipe
class MeanAbsolutePercentageError(Metric):
    """The mean of the loss of that name."""

    name: str | None = name("mean_absolute_percentage_error")
    dtype: str | None = dtype()


@recipe
class MeanSquaredError(Metric):
    """The mean of the loss of that name."""

    name: str | None = name("mean_squared_error")
    dtype: str | None = dtype()


@recipe
class MeanSquaredLogarithmicError(Metric):
    """The mean of the loss of that name."""

    name: str | None = name("mean_squared_logarithmic_error")
    dtype: str | None = dtype()


@recipe
class RootMeanSquaredError(Metric):
    """The root of the mean squared error of all samples together."""

    name: str | None = name("root_mean_squared_error")
    dtype: str | None = dtype()


@recipe
class Mean(Metric):
    """The weighted mean of a value."""

    name: str | None = name("mean")
    dtype: str | None = dtype()


@recipe
class Sum(Metric):
    """The weighted sum of a value."""

    name: str | None = name("sum")
    dtype: str | None = dtype()


@recipe
class BinaryAccuracy(Metric):
    """The share of predictions on the right side of ``threshold``."""

    name: str | None = name("binary_accuracy")
    dtype: str | None = dtype()
    threshold: float = fraction(0.5)


@recipe
class TopKCategoricalAccuracy(Metric):
    """The share of rows whose one-hot label is among the ``k`` largest predictions."""

    k: int = integer(5)
    name: str | None = name("top_k_categorical_accuracy")
    dtype: str | None = dtype()


@recipe
class SparseTopKCategoricalAccuracy(Metric):
    """The share of rows whose label is among the ``k`` largest predictions."""

    k: int = integer(5)
    name: str | None = name("sparse_top_k_categorical_accuracy")
    dtype: str | None = dtype()
    from_sorted_ids: bool = flag(False)


@recipe
class BinaryCrossentropy(Metric):
    """The mean of the loss of that name."""

    name: str | None = name("binary_crossentropy")
    dtype: str | None = dtype()
    from_logits: bool = flag(False)
    label_smoothing: float = fraction(0)


@recipe
class CategoricalCrossentropy(Metric):
    """The mean of the loss of that name."""

    name: str | None = name("categorical_crossentropy")
    dtype: str | None = dtype()
    from_logits: bool = flag(False)
    label_smoothing: float = fraction(0)
    axis: int = axis(-1)


@recipe
class SparseCategoricalCrossentropy(Metric):
    """The mean of the loss of that name."""

    name: str | None = name("sparse_categorical_crossentropy")
    dtype: str | None = dtype()
    from_logits: bool = flag(False)
    ignore_class: int | None = integer(None, -(2**31 - 1), optional=True)
    axis: int = axis(-1)


@recipe
class CosineSimilarity(Metric):
    """The mean cosine of the angle between labels and predictions."""

    name: str | None = name("cosine_similarity")
    dtype: str | None = dtype()
    axis: int = axis(-1)


@recipe
class ConcordanceCorrelation(Metric):
    """Lin's concordance correlation coefficient."""

    name: str | None = name("concordance_correlation")
    dtype: str | None = dtype()
    axis: int = axis(-1)


@recipe
class PearsonCorrelation(Metric):
    """Pearson's correlation coefficient."""

    name: str | None = name("pearson_correlation")
    dtype: str | None = dtype()
    axis: int = axis(-1)


@recipe
class R2Score(Metric):
    """The coefficient of determination, adjusted for ``num_regressors``."""

    class_aggregation: str | None = choice(
        "uniform_average", "variance_weighted_average", None, default="uniform_average"
    )
    num_regressors: int = integer(0, 0)
    name: str | None = name("r2_score")
    dtype: str | None = dtype()
