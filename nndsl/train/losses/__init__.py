"""Keras's losses: a file each, which needs torch alone; functions of recipes.

Values and gradients are Keras's; sums and means over samples are the objective's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

import torch
from torch import Tensor

from nndsl.arguments import parameters
from nndsl.recipes.base import Recipe
from nndsl.recipes.losses import CrossentropyByShape, Value
from nndsl.recipes.strings import snake_case
from nndsl.train.losses.aligned import aligned
from nndsl.train.losses.classes import classes
from nndsl.train.losses.signed import signed

LossFunction = Callable[[Tensor, Tensor], Tensor]
"""Targets and outputs to the values of the loss."""

SPARSE = frozenset(
    {"SparseCategoricalCrossentropy", "CategoricalGeneralizedCrossEntropy", "Circle"}
)
"""The losses whose targets are the numbers of classes, without an axis for them."""

SIGNED = frozenset({"Hinge", "SquaredHinge"})
"""The losses that make -1 and 1 of labels 0 and 1."""

WHOLE = frozenset(
    {
        *("CosineSimilarity", "CategoricalHinge", "KLDivergence", "Dice", "Tversky"),
        *("CategoricalCrossentropy", "CategoricalFocalCrossentropy"),
    }
)
"""The losses that look at an axis as a whole, rather than at one element by another."""

FUSED = frozenset(
    {
        *("SparseCategoricalCrossentropy", "CategoricalCrossentropy", "Huber", "Value"),
        *("BinaryCrossentropy", "MeanSquaredError", "MeanAbsoluteError"),
    }
)
"""The losses that give the mean of all at once."""

COMMON = frozenset({"name", "dtype", "reduction"})
"""The arguments that are not those of the function."""


def function_of(recipe: Recipe) -> Callable[..., Tensor]:
    """Return the function of a loss, which takes its arguments by Keras's names."""
    name = snake_case(type(recipe).__name__)
    found: Callable[..., Tensor] = getattr(
        import_module(f"nndsl.train.losses.{name}"), name
    )
    return found


def loss_of(recipe: Recipe, from_logits: bool = False) -> LossFunction:
    """Return the loss of targets and outputs, per sample (and step), not yet reduced.

    With ``from_logits`` it is given logits, whatever the recipe says. Raises ValueError
    for targets whose shape does not fit that of the output.
    """
    if isinstance(recipe, CrossentropyByShape):
        return _by_shape(partial(loss_of, from_logits=from_logits))
    return _prepared(
        recipe, partial(function_of(recipe), **_given(recipe, from_logits))
    )


def mean_of(recipe: Recipe, from_logits: bool = False) -> LossFunction | None:
    """Return the mean of a loss over all samples as one call, if there is one."""
    if isinstance(recipe, CrossentropyByShape):
        return _by_shape(partial(_mean, from_logits=from_logits))
    name = type(recipe).__name__
    if name not in FUSED or getattr(recipe, "ignore_class", None) is not None:
        return None
    return _mean(recipe, from_logits)


def _mean(recipe: Recipe, from_logits: bool) -> LossFunction:
    given = _given(recipe, from_logits)
    return _prepared(recipe, partial(function_of(recipe), mean=True, **given))


def valid_of(recipe: Recipe) -> LossFunction | None:
    """Return what tells, by targets and values, which values count; None: all do."""
    ignored = getattr(recipe, "ignore_class", None)
    if ignored is not None:
        return lambda target, values: target.reshape(values.shape) != ignored
    if type(recipe).__name__ == "Circle":
        return lambda target, values: values > 0
    return None


def _given(recipe: Recipe, from_logits: bool) -> dict[str, Any]:
    """Return the arguments of the function of a loss."""
    names = [field.name for field in parameters(type(recipe))]
    given = {name: getattr(recipe, name) for name in names if name not in COMMON}
    if from_logits:
        given["from_logits"] = True
    return given


def _by_shape(made: Callable[[Recipe], LossFunction]) -> LossFunction:
    """Return ``"crossentropy"``: binary, sparse or categorical by the shapes."""
    from nndsl.recipes import losses

    binary = made(losses.BinaryCrossentropy())
    sparse = made(losses.SparseCategoricalCrossentropy())
    categorical = made(losses.CategoricalCrossentropy())

    def loss(target: Tensor, output: Tensor) -> Tensor:
        if output.shape[-1] == 1:
            return binary(target, output)
        if target.dim() < output.dim() or target.shape[-1] == 1:
            return sparse(target, output)
        return categorical(target, output)

    return loss


def _prepared(recipe: Recipe, function: Callable[..., Tensor]) -> LossFunction:
    """Return a function that is given targets and outputs as it takes them."""
    name = type(recipe).__name__
    dtype = dtype_of(recipe)
    axis = getattr(recipe, "axis", -1)
    steps = name not in WHOLE and axis == -1

    def valued(target: Tensor | None, output: Tensor) -> Tensor:
        return function(target, output.to(dtype))

    def sparse(target: Tensor, output: Tensor) -> Tensor:
        return function(classes(target, output, axis), output.to(dtype))

    def transcribed(target: Tensor, output: Tensor) -> Tensor:
        if target.dim() != 2 or output.dim() != 3 or len(target) != len(output):
            found, given = tuple(target.shape), tuple(output.shape)
            message = f"labels of shape {found} do not fit outputs of shape {given}"
            raise ValueError(f"{message}: `CTC` takes (N, L) and (N, T, C)")
        return function(target.long(), output.to(dtype))

    def hinged(target: Tensor, output: Tensor) -> Tensor:
        target, output = aligned(target.to(dtype), output.to(dtype))
        return function(signed(target), output)

    def compared(target: Tensor, output: Tensor) -> Tensor:
        target, output = aligned(target.to(dtype), output.to(dtype), steps)
        return function(target, output)

    if isinstance(recipe, Value):
        return valued
    if name == "CTC":
        return transcribed
    return sparse if name in SPARSE else hinged if name in SIGNED else compared


def dtype_of(recipe: Recipe) -> torch.dtype:
    """Return the dtype in which a loss is computed: float32, if it does not say."""
    named = getattr(recipe, "dtype", None) or "float32"
    dtype: torch.dtype = getattr(torch, named.removeprefix("mixed_"))
    return dtype
