"""Losses and metrics of Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any

from nndsl.compiler import Compiled
from nndsl.train.errors import TrainingError
from nndsl.train.losses import LossFunction
from nndsl.train.metrics import Measured
from nndsl.train.metrics.average import Average


def measured_of(compiled: Compiled, metrics: Sequence[Any] | Mapping[str, Sequence[Any]]) -> list[Measured]:
    """Return metrics of Python: of the only output, or a dict of lists by the names of outputs.

    One is a function of targets and outputs, which gives a value for each sample, or an object with ``update``,
    ``result``, ``reset``, ``state`` and ``restore``; it has the name of the function, its ``name``, or that of its
    class. Raises TrainingError (E1210).
    """
    names = [name for name, _ in compiled.model.outputs]
    if not isinstance(metrics, Mapping):
        if metrics and len(names) > 1:
            message = f"`metrics` is a list, and `{compiled.name}` has {len(names)} outputs"
            raise TrainingError("E1210", message, f"give a dict of lists by the names {', '.join(names)}")
        metrics = {names[0]: metrics}
    found = []
    for output, own in metrics.items():
        if output not in names:
            message = f"`metrics` names `{output}`, which is no output of `{compiled.name}`"
            raise TrainingError("E1210", message, f"the outputs are {', '.join(names)}")
        prefix = f"{output}_" if len(names) > 1 else ""
        found += [_measured(each, prefix, names.index(output)) for each in own]
    return found


def losses_by_output(
    compiled: Compiled, losses: LossFunction | Mapping[str, LossFunction] | None
) -> Mapping[str, LossFunction]:
    """Return losses of Python by output: one alone is that of the only output. Raises TrainingError (E1210)."""
    names = [name for name, _ in compiled.model.outputs]
    if losses is None:
        return {}
    given: Iterable[object] = losses.values() if isinstance(losses, Mapping) else (losses,)
    for loss in given:
        if not callable(loss):
            message = f"`losses` takes functions of targets and outputs, not {loss!r}"
            raise TrainingError("E1210", message, "Keras's own losses stand in the `compile` block of the file")
    if isinstance(losses, Mapping):
        unknown = [name for name in losses if name not in names]
        if unknown:
            message = f"`losses` names `{unknown[0]}`, which is no output of `{compiled.name}`"
            raise TrainingError("E1210", message, f"the outputs are {', '.join(names)}")
        return losses
    if len(names) > 1:
        message = f"`losses` is one function, and `{compiled.name}` has {len(names)} outputs"
        raise TrainingError("E1210", message, f"give a dict by the names {', '.join(names)}")
    return {names[0]: losses}


def _measured(metric: Any, prefix: str, index: int) -> Measured:
    name = getattr(metric, "name", None) or getattr(metric, "__name__", None) or type(metric).__name__
    if hasattr(metric, "update"):  # training and validation have one each
        return Measured(prefix + name, index, deepcopy(metric))
    if callable(metric):
        return Measured(prefix + name, index, Average(metric))
    message = f"{metric!r} is no metric"
    raise TrainingError("E1210", message, "a metric is a function of targets and outputs, or has `update` and `result`")
