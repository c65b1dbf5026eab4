"""The inputs of a model, and the shapes that a configuration has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nndsl.importing.layers import given_name
from nndsl.importing.recorded import ImportRefused, InputRecord
from nndsl.importing.values import sequence, value_of

_DTYPES = {"string": "turn the strings into numbers before the model"}


def whole_shape(given: object) -> tuple[int | None, ...]:
    """Return a shape with its batch."""
    sizes = sequence(given, "the shape of a tensor")
    if not all(size is None or (type(size) is int and size >= 0) for size in sizes):
        raise ImportRefused(f"the shape {list(sizes)} is none of a tensor")
    return tuple(sizes)


def shape_of(given: object) -> tuple[int | None, ...]:
    """Return a shape without its batch; a fixed batch is free here."""
    whole = whole_shape(given)
    if not whole:
        raise ImportRefused("an input has no batch")
    return whole[1:]


def input_of(config: Mapping[str, Any]) -> InputRecord:
    """Return the input of an InputLayer."""
    dtype = value_of(config.get("dtype") or "float32", "an input")
    if not isinstance(dtype, str) or dtype in _DTYPES:
        raise ImportRefused(f"an input holds {dtype}s, which no tensor does", _DTYPES.get(str(dtype), ""))
    if config.get("sparse") or config.get("ragged"):
        raise ImportRefused("an input is sparse or ragged", "give the model dense tensors")
    shape = config.get("batch_shape", config.get("batch_input_shape"))
    name = config.get("name")
    given = given_name(name, "InputLayer") if isinstance(name, str) else None
    return InputRecord(shape_of(shape), dtype, given)
