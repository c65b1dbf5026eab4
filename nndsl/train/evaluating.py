"""``nndsl.evaluate``: the loss and the metrics of a trained model on data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from nndsl.compiler import Compiled
from nndsl.train.batch import Source
from nndsl.train.errors import TrainingError
from nndsl.train.losses import LossFunction
from nndsl.train.measuring import losses_by_output, measured_of
from nndsl.train.metrics import Result, metrics_of
from nndsl.train.model import trained_model
from nndsl.train.objective import Objective
from nndsl.train.ready import Model, Ready, inference, ready, samples
from nndsl.train.tally import Tally


def evaluate(
    model: Model,
    data: Any = None,
    *,
    weights: str | Path | None = None,
    best: bool = False,
    batch_size: int | None = None,
    losses: LossFunction | Mapping[str, LossFunction] | None = None,
    metrics: Sequence[Any] | Mapping[str, Sequence[Any]] = (),
    device: torch.device | str | None = None,
    allow: Iterable[str] = (),
) -> dict[str, Result]:
    """Return the loss and the metrics of a trained model on data, by the names that ``history`` has.

    ``model`` is the folder of a run or what ``fit`` returned, a module of ``nndsl.load``, or a ``.nn`` file with
    ``weights``; ``best`` takes those of a run's best epoch. ``data`` are as ``fit`` takes them; None for those that the
    run validates on. As in Keras, the loss is the mean over samples (each batch counts by its size), metrics add up
    over all batches, and class weights do not count. ``losses`` and ``metrics`` are of Python, as for ``fit``.

    Raises NNDSLError for a file with errors, and TrainingError for all else that is wrong.
    """
    trained = ready(model, weights, best=best, device=device, allow=allow)
    check_measurable(trained.compiled, losses)
    return measured(trained, samples(trained, data), batch_size, losses, metrics)


def check_measurable(compiled: Compiled, losses: object = None) -> None:
    """Raise TrainingError (E1207) for a model that has no loss."""
    if losses is None and (compiled.compile is None or not any(compiled.compile.losses)):
        message = f"`{compiled.name}` has no loss, so nothing says how good its outputs are"
        raise TrainingError("E1207", message, 'write `compile { loss = … }` into it, such as `loss = "mse"`')


def measured(
    trained: Ready,
    source: Source,
    batch_size: int | None = None,
    losses: LossFunction | Mapping[str, LossFunction] | None = None,
    metrics: Sequence[Any] | Mapping[str, Sequence[Any]] = (),
) -> dict[str, Result]:
    """Return the loss and metrics on a source; nothing is read from the device before the end."""
    compiled = trained.compiled
    model = trained_model(compiled, trained.module)
    objective = Objective(compiled, losses_by_output(compiled, losses))
    tally = Tally(objective.names, metrics_of(compiled, trained.device, measured_of(compiled, metrics)))
    with inference(trained.module, model.training):
        for batch in source.batches(batch_size or trained.fit.batch_size, None):
            outputs, extras = model.forward(*batch.inputs)
            tally.add(objective(model.training, outputs, extras, batch), outputs, batch, extras, False)
    return tally.results()
