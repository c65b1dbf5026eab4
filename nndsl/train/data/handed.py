"""What a caller in Python hands over: arrays, tensors, dicts and tuples of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nndsl.train.data.columns import Categories, Given, Ragged
from nndsl.train.data.demands import Demands, Slot
from nndsl.train.data.named import named
from nndsl.train.errors import TrainingError

_ACCEPTED = "give arrays as `(x, y)`, `(x, y, weight)` or a dict by the names of inputs and outputs, a `Dataset`, a "
_ACCEPTED += "`DataLoader`, or a source such as `Npz(…)`"


def given_of(data: Any, demands: Demands, known: Categories, targets: bool = True) -> Given:
    """Return what a caller hands over as columns.

    A dict has arrays by the names of inputs and outputs, ``sample_weight`` and ``lengths``; a tuple is (x, y) or
    (x, y, weight), each an array, a dict, or a list in the order of the inputs or outputs; anything else is x. Raises
    TrainingError: E1005 for what is missing or too much, E1020 for what is no data.
    """
    if isinstance(data, Mapping):
        values = dict(data)
    elif isinstance(data, tuple):
        if not 1 <= len(data) <= 3:
            raise TrainingError("E1020", f"a tuple of {len(data)} is no data", _ACCEPTED)
        x, y, weight = (*data, None, None)[:3]
        values = _by_name(x, demands.inputs, "input")
        if y is not None:
            values |= _by_name(y, demands.targets, "output")
        if weight is not None:
            values["sample_weight"] = weight if len(demands.targets) == 1 else _weights(weight, demands)
    elif _is_array(data) or isinstance(data, list):
        values = _by_name(data, demands.inputs, "input")
    else:
        raise TrainingError("E1020", f"an object of the type `{type(data).__name__}` is no data", _ACCEPTED)
    if not targets:
        inputs = {slot.name for slot in demands.inputs}
        values = {name: value for name, value in values.items() if name in (*inputs, "lengths")}
    return named({name: value for name, value in values.items() if value is not None}, demands, known, "the data")


def _by_name(value: Any, slots: Sequence[Slot], what: str) -> dict[str, Any]:
    """Return arrays by the names of inputs, or of outputs."""
    if isinstance(value, Mapping):
        return dict(value)
    if len(slots) == 1:
        if isinstance(value, (list, tuple)) and len(value) == 1 and _is_array(value[0]) and value[0].ndim > 1:
            value = value[0]
        return {slots[0].name: value}
    if not isinstance(value, (list, tuple)) or len(value) != len(slots):
        have = f"a list of {len(value)}" if isinstance(value, (list, tuple)) else "one array"
        names = ", ".join(f"`{slot.name}`" for slot in slots)
        message = f"the model has {len(slots)} {what}s, {names}, and the data have {have} for them"
        raise TrainingError("E1005", message, f"give a dict by the names of the {what}s, or a list in their order")
    return {slot.name: item for slot, item in zip(slots, value, strict=True)}


def _weights(weight: Any, demands: Demands) -> Any:
    if isinstance(weight, (list, tuple)) and len(weight) == len(demands.targets):
        return {slot.name: item for slot, item in zip(demands.targets, weight, strict=True)}
    return weight


def _is_array(value: Any) -> bool:
    return isinstance(value, Ragged) or hasattr(value, "__array__")
