"""Keras's metrics: files that need torch alone, and those of a model as one object.

Metrics add up on the device; nothing is read from it until results are asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nndsl.compiler import Compiled
from nndsl.recipes.base import Recipe
from nndsl.recipes.strings import snake_case
from nndsl.train.batch import Batch
from nndsl.train.losses.class_weights import class_weights
from nndsl.train.losses.labels_of import labels_of
from nndsl.train.metrics.made import Device, Metric, metric_of, takes_target
from nndsl.train.metrics.weighed import weights_of_steps

Result = float | tuple[float, ...]
"""A result as it is logged: of several classes or thresholds a value for each."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric of the output of number ``index``, by the name that logs have.

    A ``weighted`` one takes the weights of samples and classes. ``takes_target`` says
    whether it needs targets.
    """

    name: str
    index: int
    metric: Metric
    weighted: bool = False
    takes_target: bool = True


class Metrics:
    """The metrics of a model; ``outputs`` are the names of its outputs, in order.

    ``weights_of_classes`` are pairs of a class and its weight: they count in training
    alone.
    """

    def __init__(
        self,
        outputs: Sequence[str],
        measured: Iterable[Measured],
        weights_of_classes: tuple[tuple[int, float], ...] = (),
    ) -> None:
        self.measured = tuple(measured)
        self._masks = [f"{name}_mask" for name in outputs]
        self._class_weights = (
            class_weights(weights_of_classes) if weights_of_classes else None
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the results, in order."""
        return tuple(each.name for each in self.measured)

    @torch.no_grad()
    def update(
        self,
        outputs: Tensor | tuple[Tensor, ...],
        batch: Batch,
        extras: Mapping[str, Tensor] = {},
        training: bool = True,
    ) -> None:
        """Add a batch: what the model gave before its update, and extras (``y_mask``).

        Nothing is read from the device. Raises ValueError for targets and weights that
        do not fit the outputs.
        """
        given = (outputs,) if isinstance(outputs, Tensor) else outputs
        for each in self.measured:
            output, target = given[each.index], batch.targets[each.index]
            if target is None:
                if each.takes_target:
                    raise ValueError(
                        f"the data have no targets for the metric `{each.name}`"
                    )
                target = output
            weight = (
                self._weight(target, output, batch.weights[each.index], training)
                if each.weighted
                else None
            )
            # Padding counts in none, and what the model masks in none that sees masks.
            masked = getattr(each.metric, "masked", False)
            own = extras.get(self._masks[each.index]) if masked else None
            mask = batch.mask(each.index, own)
            if mask is not None:
                weight = weights_of_steps(mask, weight)
            each.metric.update(target, output, weight)

    def _weight(
        self, target: Tensor, output: Tensor, weight: Tensor | None, training: bool
    ) -> Tensor | None:
        if self._class_weights is None or not training:
            return weight
        self._class_weights = self._class_weights.to(output.device)
        return self._class_weights[labels_of(target, output, len(self._class_weights))]

    def tensors(self) -> dict[str, Tensor]:
        """Return the results so far, on the device."""
        return {each.name: each.metric.result() for each in self.measured}

    def results(self) -> dict[str, Result]:
        """Return the results so far; they are read from the device at once."""
        return read(self.tensors())

    def reset(self) -> None:
        """Begin anew, as at the start of an epoch."""
        for each in self.measured:
            each.metric.reset()

    def state(self) -> dict[str, Tensor]:
        """Return what has been added up; the tensors are live.

        Those of several processes add up.
        """
        return {
            f"{each.name}.{key}": value
            for each in self.measured
            for key, value in each.metric.state().items()
        }

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a state. Raises KeyError for that of other metrics."""
        for each in self.measured:
            each.metric.restore(
                {key: state[f"{each.name}.{key}"] for key in each.metric.state()}
            )


def metrics_of(
    compiled: Compiled, device: Device = None, more: Iterable[Measured] = ()
) -> Metrics:
    """Return the metrics of a model's ``compile`` block, and ``more``, of Python."""
    outputs = [name for name, _ in compiled.model.outputs]
    settings, fit = compiled.compile, compiled.fit
    shown = settings.metrics if settings is not None else ()
    weighted = settings.weighted_metrics if settings is not None else ()
    measured = [
        Measured(
            name, index, metric_of(recipe, device), is_weighted, takes_target(recipe)
        )
        for name, index, recipe, is_weighted in named(outputs, shown, weighted)
    ]
    return Metrics(
        outputs, [*measured, *more], fit.class_weight if fit is not None else ()
    )


def named(
    outputs: Sequence[str],
    metrics: Sequence[Sequence[Recipe]],
    weighted: Sequence[Sequence[Recipe]],
) -> list[tuple[str, int, Recipe, bool]]:
    """Return for each metric Keras's name in logs, its output, and if it is weighted.

    Recipes without a name have that of their class, the second ``auc_1``. If there are
    several outputs, their names go before.
    """
    made: Counter[str] = Counter()
    taken: Counter[str] = Counter()
    found = []
    for is_weighted, lists in ((False, metrics), (True, weighted)):
        for index, recipes in enumerate(lists):
            prefix = f"{outputs[index]}_" if len(outputs) > 1 else ""
            for recipe in recipes:
                own = getattr(recipe, "name", None) or _numbered(
                    snake_case(type(recipe).__name__), made
                )
                name = prefix + own
                if is_weighted and name in taken:
                    name = f"{prefix}weighted_{own}"
                found.append((_numbered(name, taken), index, recipe, is_weighted))
    return found


def _numbered(name: str, taken: Counter[str]) -> str:
    """Return a name as it is, or with the next number if it is taken, and take it."""
    numbered = name
    while numbered in taken:
        numbered = f"{name}_{taken[name]}"
        taken[name] += 1
    taken[numbered] = max(taken[numbered], 1)
    return numbered


def read(results: Mapping[str, Tensor]) -> dict[str, Result]:
    """Return results as Python's floats; they are read from the device at once."""
    if not results:
        return {}
    numbers = iter(torch.cat([each.reshape(-1) for each in results.values()]).tolist())
    return {
        name: next(numbers)
        if each.dim() == 0
        else tuple(next(numbers) for _ in range(each.numel()))
        for name, each in results.items()
    }
