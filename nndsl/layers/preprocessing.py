"""Keras's preprocessing layers that are part of a model: Rescaling."""

from __future__ import annotations

import math
from typing import Any, ClassVar, TypeAlias

from nndsl.arguments import ArgumentError, Kind, argument
from nndsl.code import Code, code, literal
from nndsl.layers.base import Call, Layer, LayerError, MaskRule, Sizes, TensorType, layer
from nndsl.layers.casting import cast
from nndsl.layers.refusals import shown

Factors: TypeAlias = "int | float | tuple[Factors, ...]"


class NumberOrNumbers(Kind):
    """A number, or a list of numbers (or of lists), one for each place of the last axes."""

    description = "a number or a list of numbers"

    def read(self, value: object) -> Factors:
        """Return the number, or a tuple of what the list holds."""
        if isinstance(value, (tuple, list)) and value:
            read = tuple(self.read(item) for item in value)
            if len({_shape(item) for item in read}) > 1:
                raise ArgumentError("E0303", "must be lists of equal length")
            return read
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.refuse(value)
        if not math.isfinite(value):
            raise self.refuse(value, "E0303")
        return value


def _shape(value: Factors) -> tuple[int, ...]:
    return (len(value), *_shape(value[0])) if isinstance(value, tuple) else ()


@layer
class Rescaling(Layer):
    """``x * scale + offset``; takes integers too, and gives floats of the same shape."""

    masks: ClassVar[MaskRule] = "passes"

    scale: Factors = argument(NumberOrNumbers())
    offset: Factors = argument(NumberOrNumbers(), default=0.0)

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …) -> (N, …), floats."""
        (x,) = inputs
        for name, factors in (("scale", self.scale), ("offset", self.offset)):
            shape = _shape(factors)
            last = x.shape[x.rank - len(shape) :]
            if len(shape) >= x.rank or any(length not in (1, size) for length, size in zip(shape, last, strict=True)):
                message = f"`{name}` of shape {shown(shape)} does not broadcast to {shown(x.shape)}"
                raise LayerError("E0403", message, argument=name)
        return x if x.is_float else x.with_dtype(self.compute_dtype)

    def forward(self, call: Call) -> Code:
        """x * scale + offset."""
        x = call.inputs[0]
        dtype = self.compute_dtype
        if not call.types[0].is_float and dtype != "float32":
            x = cast(x, dtype)
        if isinstance(self.scale, tuple):
            x = code("{} * {}", x, _tensor(self.scale, call.inputs[0], dtype))
        elif self.scale != 1 or not call.types[0].is_float:
            x = code("{} * {}", x, float(self.scale))
        if isinstance(self.offset, tuple):
            return code("{} + {}", x, _tensor(self.offset, call.inputs[0], dtype))
        if self.offset < 0:
            return code("{} - {}", x, -self.offset)
        return code("{} + {}", x, self.offset) if self.offset else x


def _tensor(value: Factors, x: Code, dtype: str) -> Code:
    given = "" if dtype == "float32" else f", dtype=torch.{dtype}"
    return code(f"torch.tensor({{}}{given}, device={{}}.device)", literal(_floats(value)), x)


def _floats(value: Factors) -> Any:
    return [_floats(item) for item in value] if isinstance(value, tuple) else float(value)
