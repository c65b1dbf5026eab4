"""Keras's losses, and ``Value``."""

from __future__ import annotations

from typing import ClassVar

from nndsl.arguments import ArgumentError, Axes, Decimal, argument, flag, integer, number
from nndsl.recipes.base import Recipe, recipe
from nndsl.recipes.fields import Either, Numbers, axis, dtype, fraction, name, positive, reduction


class Loss(Recipe):
    """The base of losses."""

    __slots__ = ()
    kind: ClassVar[str] = "loss"

    name: str | None


@recipe
class Value(Loss):
    """The mean of the output itself is the loss; nothing is compared."""

    name: str | None = name("value")


@recipe
class CrossentropyByShape(Loss):
    """What the strings ``"crossentropy"`` and ``"ce"`` mean: binary for one unit, else sparse or not, by the labels."""

    name: str | None = name("crossentropy")


@recipe
class MeanSquaredError(Loss):
    """(y - p)²."""

    reduction: str | None = reduction()
    name: str | None = name("mean_squared_error")
    dtype: str | None = dtype()


@recipe
class MeanAbsoluteError(Loss):
    """|y - p|."""

    reduction: str | None = reduction()
    name: str | None = name("mean_absolute_error")
    dtype: str | None = dtype()


@recipe
class MeanAbsolutePercentageError(Loss):
    """100 · |y - p| / max(|y|, 1e-7)."""

    reduction: str | None = reduction()
    name: str | None = name("mean_absolute_percentage_error")
    dtype: str | None = dtype()


@recipe
class MeanSquaredLogarithmicError(Loss):
    """(log(y + 1) - log(p + 1))²."""

    reduction: str | None = reduction()
    name: str | None = name("mean_squared_logarithmic_error")
    dtype: str | None = dtype()


@recipe
class CosineSimilarity(Loss):
    """-cos of the angle between y and p."""

    axis: int = axis(-1)
    reduction: str | None = reduction()
    name: str | None = name("cosine_similarity")
    dtype: str | None = dtype()


@recipe
class Huber(Loss):
    """Squared up to ``delta``, linear beyond."""

    delta: float = positive(1.0)
    reduction: str | None = reduction()
    name: str | None = name("huber_loss")
    dtype: str | None = dtype()


@recipe
class LogCosh(Loss):
    """log(cosh(p - y))."""

    reduction: str | None = reduction()
    name: str | None = name("log_cosh")
    dtype: str | None = dtype()


@recipe
class Hinge(Loss):
    """max(1 - y·p, 0)."""

    reduction: str | None = reduction()
    name: str | None = name("hinge")
    dtype: str | None = dtype()


@recipe
class SquaredHinge(Loss):
    """max(1 - y·p, 0)²."""

    reduction: str | None = reduction()
    name: str | None = name("squared_hinge")
    dtype: str | None = dtype()


@recipe
class CategoricalHinge(Loss):
    """max(neg - pos + 1, 0)."""

    reduction: str | None = reduction()
    name: str | None = name("categorical_hinge")
    dtype: str | None = dtype()


@recipe
class KLDivergence(Loss):
    """Σ y · log(y / p)."""

    reduction: str | None = reduction()
    name: str | None = name("kl_divergence")
    dtype: str | None = dtype()


@recipe
class Poisson(Loss):
    """p - y · log(p)."""

    reduction: str | None = reduction()
    name: str | None = name("poisson")
    dtype: str | None = dtype()


@recipe
class BinaryCrossentropy(Loss):
    """Cross-entropy of independent labels of 0 and 1."""

    from_logits: bool = flag(False)
    label_smoothing: float = fraction(0.0)
    axis: int = axis(-1)
    reduction: str | None = reduction()
    name: str | None = name("binary_crossentropy")
    dtype: str | None = dtype()


@recipe
class BinaryFocalCrossentropy(Loss):
    """Binary cross-entropy that weighs easy samples less (Lin et al., 2018)."""

    apply_class_balancing: bool = flag(False)
    alpha: float = fraction(0.25)
    gamma: float = number(2.0, 0)
    from_logits: bool = flag(False)
    label_smoothing: float = fraction(0.0)
    axis: int = axis(-1)
    reduction: str | None = reduction()
    name: str | None = name("binary_focal_crossentropy")
    dtype: str | None = dtype()


@recipe
class CategoricalCrossentropy(Loss):
    """Cross-entropy of one-hot labels."""

    from_logits: bool = flag(False)
    label_smoothing: float = fraction(0.0)
    axis: int = axis(-1)
    reduction: str | None = reduction()
    name: str | None = name("categorical_crossentropy")
    dtype: str | None = dtype()


@recipe
class CategoricalFocalCrossentropy(Loss):
    """Categorical cross-entropy that weighs easy samples less; ``alpha`` may be one for each class."""

    alpha: float | tuple[float, ...] = argument(Either((Decimal(0, 1), Numbers(0, 1))), default=0.25)
    gamma: float = number(2.0, 0)
    from_logits: bool = flag(False)
    label_smoothing: float = fraction(0.0)
    axis: int = axis(-1)
    reduction: str | None = reduction()
    name: str | None = name("categorical_focal_crossentropy")
    dtype: str | None = dtype()


@recipe
class CategoricalGeneralizedCrossEntropy(Loss):
    """(1 - p_y^q) / q, robust to wrong labels (Zhang and Sabuncu, 2018)."""

    q: float = fraction(0.5)
    reduction: str | None = reduction()
    name: str | None = name("categorical_generalized_cross_entropy")
    dtype: str | None = dtype()

    def check(self) -> None:
        """q between 0 and 1, both left out."""
        if self.q in (0, 1):
            raise ArgumentError("E0303", f"`q` must be between 0 and 1, not `{self.q}`")


@recipe
class SparseCategoricalCrossentropy(Loss):
    """Cross-entropy of labels that are the numbers of classes."""

    from_logits: bool = flag(False)
    ignore_class: int | None = integer(None, -(2**31 - 1), optional=True)
    reduction: str | None = reduction()
    axis: int = axis(-1)
    name: str | None = name("sparse_categorical_crossentropy")
    dtype: str | None = dtype()


@recipe
class Dice(Loss):
    """1 - the Dice coefficient."""

    reduction: str | None = reduction()
    name: str | None = name("dice")
    axis: int | tuple[int, ...] | None = argument(Axes(several=True, optional=True), default=None)
    dtype: str | None = dtype()


@recipe
class Tversky(Loss):
    """1 - the Tversky index."""

    alpha: float = number(0.5, 0)
    beta: float = number(0.5, 0)
    reduction: str | None = reduction()
    name: str | None = name("tversky")
    axis: int | tuple[int, ...] | None = argument(Axes(several=True, optional=True), default=None)
    dtype: str | None = dtype()


@recipe
class Circle(Loss):
    """Circle loss of normalized embeddings (Sun et al., 2020)."""

    gamma: float = positive(80.0)
    margin: float = number(0.4)
    remove_diagonal: bool = flag(True)
    reduction: str | None = reduction()
    name: str | None = name("circle")
    dtype: str | None = dtype()


@recipe
class CTC(Loss):
    """Connectionist temporal classification; the output is logits, class 0 the blank."""

    reduction: str | None = reduction()
    name: str | None = name("ctc")
    dtype: str | None = dtype()
