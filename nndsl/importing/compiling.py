"""What ``compile`` was given, as far as a file can say it; the rest is left out, with a remark."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

from nndsl import recipes
from nndsl.importing.recorded import ImportRefused, Recorded, Value
from nndsl.importing.values import value_of

_SETTINGS = ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics")
_KINDS = {"optimizer": "optimizer", "loss": "loss", "metrics": "metric", "weighted_metrics": "metric"}
_OPTIMIZERS = {"LossScaleOptimizer": "inner_optimizer"}


def compile_settings(given: Any) -> tuple[dict[str, Value], tuple[str, ...]]:
    """Return the settings of a ``compile_config``, and remarks on what could not be taken over."""
    if not isinstance(given, Mapping):
        return {}, ()
    settings: dict[str, Value] = {}
    remarks: list[str] = []
    for name in _SETTINGS:
        written = given.get(name)
        if written is None:
            continue
        try:
            value = value_of(written, f"`{name}`")
            settings[name] = _known(value, _KINDS.get(name, ""))
        except ImportRefused as refused:
            remarks.append(f"{name} is left out: {refused.message}")
    return settings, tuple(remarks)


def by_outputs(settings: Mapping[str, Value], theirs: Sequence[str], ours: Sequence[str | None]) -> dict[str, Value]:
    """Return settings whose dicts are by the names of outputs: by ours, or lists where those have none."""
    found = dict(settings)
    for name, value in settings.items():
        if not isinstance(value, dict) or not set(value) <= set(theirs):
            continue
        if len(theirs) == 1:
            found[name] = value.get(theirs[0])
        elif all(own is not None for own, other in zip(ours, theirs, strict=True) if other in value):
            found[name] = {str(own): value[other] for own, other in zip(ours, theirs, strict=True) if other in value}
        else:
            found[name] = tuple(value.get(other) for other in theirs)
    return found


def _known(value: Value, kind: str) -> Value:
    """Return a setting, or refuse it if it holds a recipe that the language has not."""
    if isinstance(value, tuple):
        return tuple(_known(item, kind) for item in value)
    if isinstance(value, dict):
        return {name: _known(item, kind) for name, item in value.items()}
    if not isinstance(value, Recorded):
        return value
    if value.name in _OPTIMIZERS:
        inner = value.arguments[_OPTIMIZERS[value.name]]
        return _known(inner, kind)
    if not kind or recipes.find(kind, value.name) is None:
        raise ImportRefused(f"`{value.name}` is no {kind or 'weight'} of the language")
    return Recorded(value.name, {name: _plain(name, item) for name, item in value.arguments.items()})


def _plain(name: str, value: Value) -> Value:
    if name == "learning_rate" and isinstance(value, float):
        return _shortest(value)
    if isinstance(value, Recorded):
        return Recorded(value.name, {key: _plain(key, item) for key, item in value.arguments.items()})
    return value


def _shortest(value: float) -> float:
    """Return the shortest decimal that is the same number in 32 bits, in which Keras keeps a learning rate."""
    try:
        exact = struct.pack("f", value)
    except OverflowError:
        return value
    tried = (float(f"{value:.{digits}g}") for digits in range(1, 17))
    return next((each for each in tried if struct.pack("f", each) == exact), value)
