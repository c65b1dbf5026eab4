"""Keras's preprocessing of numbers: Rescaling and Normalization."""

from __future__ import annotations

import math
import struct
from typing import Any, ClassVar, TypeAlias

from nndsl.arguments import ArgumentError, Axes, Kind, argument, flag
from nndsl.code import Code, code, literal
from nndsl.layers.base import Build, Call, Layer, LayerError, MaskRule, Order, Sizes, TensorType, Weight, layer
from nndsl.layers.casting import cast
from nndsl.layers.normalization import placed_axes
from nndsl.layers.refusals import shown
from nndsl.recipes.initializers import Ones, Zeros

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


class Statistic(Kind):
    """None, or numbers that broadcast along the axes of a Normalization; ``least`` is the smallest that may be."""

    description = "a number, a list of numbers or `none`"

    def __init__(self, least: float = -math.inf) -> None:
        self.least = least

    def read(self, value: object) -> Factors | None:
        """Return the number, the tuple of what the list holds, or None."""
        if value is None:
            return None
        read = NumberOrNumbers().read(value)
        if _least(read) < self.least:
            raise ArgumentError("E0303", f"must be at least {self.least:g}, not {_least(read):g}")
        return read


def _least(value: Factors) -> float:
    return min(map(_least, value)) if isinstance(value, tuple) else value


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


@layer
class Normalization(Layer):
    """Subtract a mean and divide by the root of a variance, both kept along ``axis``; ``invert`` undoes that.

    Takes numbers of any shape, and gives floats of the same. ``axis=none`` keeps one mean of all values. Given ``mean``
    and ``variance`` broadcast along the axes. Without them they are buffers, 0 and 1 until the module's
    ``adapt(data)`` takes them from data, or a checkpoint brings them.
    """

    can_hold_weights: ClassVar[bool] = True
    casts_weights: ClassVar[bool] = True
    masks: ClassVar[MaskRule] = "passes"

    axis: int | tuple[int, ...] | None = argument(Axes(several=True, optional=True), default=-1)
    mean: Factors | None = argument(Statistic(), default=None)
    variance: Factors | None = argument(Statistic(least=0), default=None)
    invert: bool = flag(False)

    def check(self) -> None:
        """Mean and variance both or neither, of one shape, with no more axes than ``axis`` has."""
        if (self.mean is None) != (self.variance is None):
            missing = "mean" if self.mean is None else "variance"
            message, help = "`Normalization` takes `mean` and `variance` together", f"give `{missing}` too"
            raise LayerError("E0305", message, help=help, argument="variance" if missing == "mean" else "mean")
        if self.mean is None or self.variance is None:
            return
        if _shape(self.mean) != _shape(self.variance):
            shapes = f"{shown(_shape(self.mean))} and {shown(_shape(self.variance))}"
            message = f"`mean` and `variance` must have the same shape, not {shapes}"
            raise LayerError("E0305", message, argument="variance")
        axes = 0 if self.axis is None else len(self.axis) if isinstance(self.axis, tuple) else 1
        if len(_shape(self.mean)) > axes:
            message = f"`mean` of shape {shown(_shape(self.mean))} has more axes than `axis` names"
            raise LayerError("E0305", message, help="a number, or `axis=…`", argument="mean")

    def kept(self, x: TensorType) -> tuple[int, ...]:
        """Return the axes that have a mean for each place, counted from the front, in order."""
        return () if self.axis in (None, ()) else placed_axes(self, self.axis, x)

    def given_rank(self, x: TensorType) -> int:
        """Return how many axes the numbers have that are given: from their first axis on, those between count."""
        kept, given = self.kept(x), () if self.mean is None else _shape(self.mean)
        return x.rank - min(kept[len(kept) - len(given) :], default=x.rank)

    def extents(self, x: TensorType) -> tuple[int, ...]:
        """Return the sizes along the axes of a checked input."""
        return tuple(size for size in (x.shape[axis] for axis in self.kept(x)) if isinstance(size, int))

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …) -> (N, …), floats."""
        (x,) = inputs
        kept = self.kept(x)
        for axis in kept if self.mean is None or _shape(self.mean) else ():
            sizes.fixed(x.shape[axis], f"`Normalization` needs a fixed size along axis {axis}")
        given = _shape(self.mean) if self.mean is not None else ()
        along = tuple(x.shape[axis] for axis in kept[len(kept) - len(given) :])
        if any(length not in (1, size) for length, size in zip(given, along, strict=True)):
            message = f"`mean` of shape {shown(given)} does not broadcast to {shown(along)}, the sizes along `axis`"
            raise LayerError("E0403", message, argument="mean")
        return x if x.is_float else x.with_dtype(self.compute_dtype)

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        """mean and variance along the axes, and count, unless they are given."""
        if self.mean is not None:
            return ()
        shape = self.extents(inputs[0])
        axes = " ".join("abcdefgh"[: len(shape)])
        return (
            Weight("mean", "mean", shape, f"{axes} -> {axes}", Zeros(), trainable=False),
            Weight("variance", "variance", shape, f"{axes} -> {axes}", Ones(), trainable=False),
            Weight("count", "count", (), " -> ", Zeros(), trainable=False),
        )

    def build(self, context: Build, *inputs: TensorType) -> Code:
        """The helper that adapts, or the one that holds what is given."""
        (x,) = inputs
        invert = ", invert=True" if self.invert else ""
        if self.mean is None or self.variance is None:
            shape, axes = self.extents(x), literal(self.kept(x)).text
            return code(f"{context.helper('Normalization')}({{}}, {axes}{invert})", shape)
        numbers = (self._spread(x, self.mean), self._spread(x, _roots(self.variance, self.variable_dtype)))
        return code(f"{context.helper('FixedNormalization')}({{}}, {{}}{invert})", *map(literal, numbers))

    def _spread(self, x: TensorType, value: Factors) -> Any:
        """Return numbers as lists that broadcast to the input: with axes of 1 between theirs and behind them."""
        kept, given = self.kept(x), _shape(value)
        along = kept[len(kept) - len(given) :]
        for axis in range(min(along, default=x.rank), x.rank):
            if axis not in along:
                value = _widened(value, axis - along[0])
        return _floats(value)

    def reset(self, module: Code, *inputs: TensorType) -> tuple[Code, ...]:
        """By the module's own method: no data has been seen, or there is what is given."""
        return (code("{}.reset_parameters()", module),)

    def forward(self, call: Call) -> Code:
        """The module."""
        x = call.inputs[0] if call.types[0].is_float else cast(call.inputs[0], self.compute_dtype)
        return code("{}({})", call.module, x)

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any if one number is for all; else the logical one, in which the axes of the numbers are."""
        single = self.axis in (None, ()) or (self.mean is not None and not _shape(self.mean))
        return None if single else Layer.wanted_order(self, *inputs)


def _widened(value: Factors, depth: int) -> Factors:
    """Return nested numbers with an axis of 1 more, so many axes from the outside."""
    return tuple(_widened(item, depth - 1) for item in value) if depth and isinstance(value, tuple) else (value,)


def _roots(value: Factors, dtype: str) -> Factors:
    """Return the root of each number, but 1e-7 at least; float32 is written with no more digits than it holds."""
    if isinstance(value, tuple):
        return tuple(_roots(item, dtype) for item in value)
    root = max(math.sqrt(value), 1e-7)
    return root if dtype == "float64" else _short(root)


def _short(value: float) -> float:
    """Return the number of fewest digits that is the same in float32."""

    def narrow(number: float) -> bytes:
        return struct.pack("f", number)

    return next(short for digits in range(1, 18) if narrow(short := float(f"{value:.{digits}g}")) == narrow(value))
