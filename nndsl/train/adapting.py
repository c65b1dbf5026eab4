"""Layers that learn from the data before training: ``Normalization``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from nndsl.train.batch import Source
from nndsl.train.model import TrainedModel

BATCH = 1024


class _Reached(Exception):
    """The layer was reached; what comes behind it is not computed."""


def adapt(model: TrainedModel, data: Source) -> None:
    """Let each normalization that has seen no data take the mean and variance of what it will be given."""
    waiting = [part for part in model.training.modules() if _waits(part)]
    while waiting:
        # Layers behind others are given what these make of the data, so they take their turns in order.
        first = _first(model, data, waiting)
        if first is None:
            return
        first.adapt(_inputs(model, data, first))
        waiting = [part for part in waiting if part is not first]


def _waits(part: nn.Module) -> bool:
    count = getattr(part, "count", None)
    return hasattr(part, "adapt") and isinstance(count, Tensor) and not int(count)


def _first(model: TrainedModel, data: Source, waiting: list[nn.Module]) -> Any:
    """Return the layer that is reached first, or None."""
    reached: list[nn.Module] = []
    handles = [part.register_forward_pre_hook(lambda each, _: reached.append(each)) for part in waiting]
    try:
        with _inference(model):
            model.training(*next(iter(data.batches(1, None))).inputs)
    finally:
        for handle in handles:
            handle.remove()
    return reached[0] if reached else None


def _inputs(model: TrainedModel, data: Source, layer: nn.Module) -> Iterator[Tensor]:
    """Yield what a layer is given, batch by batch."""
    given: list[Tensor] = []

    def note(each: nn.Module, inputs: tuple[Any, ...]) -> None:
        given.append(inputs[0])
        raise _Reached

    handle = layer.register_forward_pre_hook(note)
    try:
        with _inference(model):
            for batch in data.batches(BATCH, None):
                try:
                    model.training(*batch.inputs)
                except _Reached:
                    yield given.pop()
    finally:
        handle.remove()


class _inference:  # noqa: N801
    """The model in inference mode, without gradients."""

    def __init__(self, model: TrainedModel) -> None:
        self._model = model
        self._gradients = torch.no_grad()

    def __enter__(self) -> None:
        self._model.training.eval()
        self._gradients.__enter__()

    def __exit__(self, *reason: Any) -> None:
        self._gradients.__exit__(*reason)
