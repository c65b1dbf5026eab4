"""What training minimizes: the losses of the outputs as Keras weighs and reduces them, and the penalties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from nndsl.compiler import Compiled
from nndsl.graph import Graph
from nndsl.passes.logits import with_logits
from nndsl.recipes.base import Recipe
from nndsl.recipes.losses import Value
from nndsl.train.batch import Batch
from nndsl.train.losses import LossFunction, loss_of, mean_of, valid_of
from nndsl.train.losses.class_weights import class_weights
from nndsl.train.losses.labels_of import labels_of
from nndsl.train.losses.reduced import reduced


@dataclass(frozen=True, slots=True)
class Losses:
    """The loss of a batch; ``parts`` are those of several outputs, unweighted, by Keras's names (``a_loss``)."""

    total: Tensor
    parts: dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class _Part:
    """The loss of an output: ``values`` per sample, ``mean`` of all at once if there is such a function."""

    output: str
    index: int
    weight: float | None
    reduction: str | None
    takes_target: bool
    values: LossFunction
    mean: LossFunction | None
    exact: tuple[LossFunction, LossFunction | None] | None
    """``values`` and ``mean`` of logits, if cross-entropy can be computed from these."""
    valid: LossFunction | None


def training_graph(compiled: Compiled) -> Graph:
    """Return the model's graph with the logits of outputs among its extras, where the losses are exact with them.

    ``dataclasses.replace(compiled, model=training_graph(compiled)).module()`` has the keys of ``compiled.module()``.
    """
    return with_logits(compiled.model, _recipes(compiled))[0]


def _recipes(compiled: Compiled) -> tuple[Recipe | None, ...]:
    return compiled.compile.losses if compiled.compile is not None else (None,) * len(compiled.model.outputs)


class Objective:
    """The loss of a model as its ``compile`` and ``fit`` blocks have it.

    ``losses`` are functions of Python for some outputs, in place of what the file says: of a target and an output, as
    given, to the losses of the samples, or to one number. ``names`` are what it gives, the first ``"loss"``.
    ``remarks`` say which losses are computed from logits, and why others are not.
    """

    def __init__(self, compiled: Compiled, losses: Mapping[str, LossFunction] = {}) -> None:
        names = [name for name, _ in compiled.model.outputs]
        unknown = [name for name in losses if name not in names]
        if unknown:
            raise ValueError(f"there is no output {unknown[0]!r}: the outputs are {', '.join(map(repr, names))}")
        recipes = [None if name in losses else recipe for name, recipe in zip(names, _recipes(compiled), strict=True)]
        self.remarks = (*with_logits(compiled.model, recipes)[1], *_unmasked(compiled.model, recipes))
        weights = compiled.compile.loss_weights if compiled.compile is not None else ()
        self._parts = tuple(
            _custom(name, index, weight, losses[name]) if recipe is None else _part(name, index, weight, recipe)
            for index, (name, recipe, weight) in enumerate(
                zip(names, recipes, weights or (None,) * len(names), strict=True)
            )
            if recipe is not None or name in losses
        )
        several = len(self._parts) > 1
        self.names = ("loss", *(f"{part.output}_loss" for part in self._parts if several))
        fit = compiled.fit
        self._class_weights = class_weights(fit.class_weight) if fit is not None and fit.class_weight else None

    def __call__(
        self, module: nn.Module, outputs: Tensor | tuple[Tensor, ...], extras: Mapping[str, Tensor], batch: Batch
    ) -> Losses:
        """Return the loss of a batch, penalties included; nothing is read from the device.

        ``module`` is the model itself (no wrapper), ``outputs`` and ``extras`` are what its ``forward_with_extras``
        gives (or ``forward``, and nothing). Class weights count in training alone, as in Keras. Half precision is for
        the model: call it outside of ``torch.autocast``. Raises ValueError for targets and weights that do not fit.
        """
        given = (outputs,) if isinstance(outputs, Tensor) else outputs
        total: Tensor | None = None
        parts: dict[str, Tensor] = {}
        for part in self._parts:
            loss = self._loss(part, module, given[part.index], extras, batch)
            if len(self._parts) > 1:
                parts[f"{part.output}_loss"] = loss.detach()
            if part.weight is not None:
                loss = loss * part.weight
            total = loss if total is None else total + loss
        penalty = getattr(module, "regularization_loss", None)
        activity = extras.get("activity_loss")
        for extra in (
            penalty() if penalty is not None else None,
            self._mean(activity, batch) if activity is not None else None,
        ):
            if extra is not None:
                total = extra if total is None else total + extra
        return Losses(given[0].new_zeros(()) if total is None else total, parts)

    def _loss(
        self, part: _Part, module: nn.Module, output: Tensor, extras: Mapping[str, Tensor], batch: Batch
    ) -> Tensor:
        target, weight = batch.targets[part.index], batch.weights[part.index]
        if target is None:
            if part.takes_target:
                raise ValueError(f"the data have no targets for the output `{part.output}`, which has a loss")
            target = output
        if self._class_weights is not None and module.training:
            if weight is not None:
                raise ValueError("samples are weighed by `class_weight` or by `sample_weight`, not by both")
            self._class_weights = self._class_weights.to(output.device)
            weight = self._class_weights[labels_of(target, output, len(self._class_weights))]
        values, mean = part.values, part.mean
        if part.exact is not None:
            logits = extras.get(f"{part.output}_logits")
            if logits is not None:
                output = logits
                values, mean = part.exact
        mask = batch.mask(part.index, extras.get(f"{part.output}_mask"))
        if mean is not None and weight is None and mask is None:
            return self._mean(mean(target, output), batch)
        each = values(target, output)
        valid = part.valid(target, each) if part.valid is not None else None
        return self._reduced(each, weight, mask, valid, part.reduction, batch)

    def _mean(self, loss: Tensor, batch: Batch) -> Tensor:
        """Return what a mean over the samples of a batch counts for."""
        return loss

    def _reduced(
        self,
        values: Tensor,
        weight: Tensor | None,
        mask: Tensor | None,
        valid: Tensor | None,
        reduction: str | None,
        batch: Batch,
    ) -> Tensor:
        """Return the loss of a batch from those of its samples."""
        return reduced(values, weight, mask, valid, reduction)


def _unmasked(graph: Graph, recipes: Sequence[Recipe | None]) -> tuple[str, ...]:
    """Return a remark on each mask that means nothing for the loss of its output, which has no steps."""
    masked = {name for name, _ in graph.extras}
    return tuple(
        f"the mask of `{name}` means nothing for `{type(recipe).__name__}`, which takes sequences whole"
        for (name, _), recipe in zip(graph.outputs, recipes, strict=True)
        if f"{name}_mask" in masked and (type(recipe).__name__ == "CTC" or getattr(recipe, "axis", -1) is None)
    )


def _part(name: str, index: int, weight: float | None, recipe: Recipe) -> _Part:
    exact = None
    if getattr(recipe, "from_logits", True) is False or type(recipe).__name__ == "CrossentropyByShape":
        exact = (loss_of(recipe, True), mean_of(recipe, True))
    reduction = getattr(recipe, "reduction", "sum_over_batch_size")
    averages = reduction in ("sum_over_batch_size", "mean", "mean_with_sample_weight")
    if not averages and exact is not None:
        exact = (exact[0], None)
    mean = mean_of(recipe) if averages else None
    takes_target = not isinstance(recipe, Value)
    return _Part(name, index, weight, reduction, takes_target, loss_of(recipe), mean, exact, valid_of(recipe))


def _custom(name: str, index: int, weight: float | None, loss: LossFunction) -> _Part:
    return _Part(name, index, weight, "sum_over_batch_size", True, loss, None, None, None)
