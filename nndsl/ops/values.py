"""Operations that make values: casts, ranges, one-hot vectors, and what is looked up."""

from __future__ import annotations

from math import ceil
from typing import ClassVar

from nndsl.arguments import Axes, Choice, Decimal, Kind, argument, integer
from nndsl.code import Code, code
from nndsl.dims import Dim, Size, ceil_div
from nndsl.layers.base import FLOATS, INTEGERS, Call, LayerError, Order, Sizes, TensorType
from nndsl.ops.base import Input, Op, dtype, op, tensor
from nndsl.ops.checks import axis_of, batch_error, in_dtype, inner_axis, need_integers, product


@op
class Cast(Op):
    """The values in another dtype."""

    x: Input = tensor()
    dtype: str = dtype(optional=False)

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """(N, …) -> (N, …)."""
        return inputs[0].with_dtype(self.dtype)

    def forward(self, call: Call) -> Code:
        """x.to(…)."""
        return in_dtype(call.inputs[0], call.types[0].dtype, self.dtype)

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None


@op
class StopGradient(Op):
    """The values as they are, through which no gradient goes."""

    variable: Input = tensor()

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """(N, …) -> (N, …)."""
        return inputs[0]

    def forward(self, call: Call) -> Code:
        """x.detach()."""
        return code("{}.detach()", call.inputs[0])

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None


@op
class OnesLike(Op):
    """Ones in the shape of x, and of its dtype unless another is given."""

    function: ClassVar[str] = "ones_like"

    x: Input = tensor()
    dtype: str | None = dtype()

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """(N, …) -> (N, …)."""
        return inputs[0].with_dtype(self.dtype or inputs[0].dtype)

    def forward(self, call: Call) -> Code:
        """torch.ones_like(…)."""
        wanted = call.outputs[0].dtype
        rest = "" if wanted == call.types[0].dtype else f", dtype=torch.{wanted}"
        return code(f"torch.{self.function}({{}}{rest})", call.inputs[0])

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None


@op
class ZerosLike(OnesLike):
    """Zeros in the shape of x, and of its dtype unless another is given."""

    function: ClassVar[str] = "zeros_like"


class Bound(Kind):
    """A number, which may be a symbolic size, or none."""

    def __init__(self, optional: bool = False) -> None:
        self.optional = optional
        self.description = "a number or a size" + (" or `none`" if optional else "")

    def read(self, value: object) -> int | float | Dim | None:
        """Return the number."""
        if isinstance(value, Dim) or (value is None and self.optional):
            return value
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.refuse(value)
        return Decimal().read(value)


@op
class Arange(Op):
    """Numbers from ``start`` up to but without ``stop``, by steps; one number alone is the stop. It has no batch."""

    creates: ClassVar[bool] = True

    start: int | float | Dim = argument(Bound())
    stop: int | float | Dim | None = argument(Bound(True), default=None)
    step: int | float | None = argument(Decimal(optional=True), default=None)
    dtype: str | None = argument(Choice((*FLOATS, *(each for each in INTEGERS if each != "bool"), None)), default=None)

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """(length)."""
        start, stop, step = self._bounds()
        if step == 0:
            raise LayerError("E0303", "`step` must not be 0", argument="step", input=None)
        floats = any(isinstance(each, float) for each in (start, stop, step))
        dtype = self.dtype or ("float32" if floats else "int32")
        length: Size
        if isinstance(start, Dim) or isinstance(stop, Dim):
            if floats:
                raise LayerError("E0302", "a symbolic size goes with integers", argument="step", input=None)
            assert isinstance(step, int)
            assert not isinstance(start, float)
            assert not isinstance(stop, float)
            length = ceil_div(stop - start, step) if step > 0 else ceil_div(start - stop, -step)
        else:
            length = ceil((stop - start) / step)
        message = f"`{self.called()}` from {start} to {stop} by {step} has no values"
        sizes.require(length, 1, LayerError("E0303", message, argument="stop", input=None))
        return TensorType((length,), dtype, batched=False)

    def _bounds(self) -> tuple[int | float | Dim, int | float | Dim, int | float]:
        step = 1 if self.step is None else self.step
        return (0, self.start, step) if self.stop is None else (self.start, self.stop, step)

    def forward(self, call: Call) -> Code:
        """torch.arange(…), where the other tensors are."""
        start, stop, step = self._bounds()
        given = code("{}", stop) if step == 1 and isinstance(start, int) and start == 0 else code("{}, {}", start, stop)
        if step != 1:
            given = code("{}, {}", given, step)
        return code(
            f"torch.arange({{}}, dtype=torch.{call.outputs[0].dtype}, device={{}}.device)", given, call.inputs[0]
        )

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None


@op
class OneHot(Op):
    """For each integer a vector with 1 in its place and 0 elsewhere; all 0 for what is not below ``num_classes``."""

    x: Input = tensor()
    num_classes: int = integer()
    axis: int = argument(Axes(), default=-1)
    dtype: str | None = dtype()

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """(N, …) -> (N, …, num_classes), the new axis where ``axis`` says."""
        (x,) = inputs
        need_integers(self, x)
        axis = inner_axis(self, self.axis, x, "moves", "axis", x.rank + 1)
        shape = (*x.shape[:axis], self.num_classes, *x.shape[axis:])
        return TensorType(shape, self.dtype or "float32", x.batched)

    def forward(self, call: Call) -> Code:
        """Whether a class is the one, as a number."""
        (x,) = call.types
        hot, values = call.local("hot"), call.inputs[0]
        comparison = f"{hot} = {{}}.unsqueeze(-1) == torch.arange({{}}, device={{}}.device)"
        call.statement(code(comparison, values, self.num_classes, values))
        moved = "" if self.axis in (-1, x.rank) else f".movedim(-1, {self.axis})"
        return in_dtype(Code(hot + moved), "bool", call.outputs[0].dtype)


class Indices(Kind):
    """Where to take from: an integer, a list of them, or a tensor."""

    description = "an integer, a list of integers or a tensor of them"

    def read(self, value: object) -> Input | int | tuple[int, ...]:
        """Return the place or places."""
        items = value if isinstance(value, (tuple, list)) else (value,)
        if isinstance(value, Input):
            return value
        if not items or any(isinstance(item, bool) or not isinstance(item, int) for item in items):
            raise self.refuse(value)
        return tuple(items) if isinstance(value, (tuple, list)) else items[0]


@op
class Take(Op):
    """The values at ``indices`` along an axis; without one, of the values laid out in a row. Negative ones count back.

    What has a batch is taken from along another axis, by indices without one; a table without a batch by any.
    """

    x: Input = tensor()
    indices: Input | int | tuple[int, ...] = argument(Indices())
    axis: int | None = argument(Axes(optional=True), default=None)

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """(N, …, n, …) and (k) -> (N, …, k, …)."""
        x = inputs[self.x.number]
        if self.axis is None and x.batched:
            raise batch_error(self, "without an `axis` mixes the batch", "give an `axis`, such as `axis=-1`", "axis")
        axis = 0 if self.axis is None else axis_of(self, self.axis, x)
        if x.batched and axis == 0:
            raise batch_error(self, "takes from the batch", "give an `axis` from 1 on", "axis")
        whole = product(x.shape) if self.axis is None else x.shape[axis]
        before, behind = ((), ()) if self.axis is None else (x.shape[:axis], x.shape[axis + 1 :])
        if not isinstance(self.indices, Input):
            places = self.indices if isinstance(self.indices, tuple) else (self.indices,)
            for place in (min(places), max(places)):
                message = f"`{self.called()}` takes from place {place} of axis {axis}, which has {whole}"
                needed = place + 1 if place >= 0 else -place
                sizes.require(whole, needed, LayerError("E0409", message, argument="indices"))
            middle: tuple[Size, ...] = (len(places),) if isinstance(self.indices, tuple) else ()
            return x.with_shape(*before, *middle, *behind)
        indices = inputs[self.indices.number]
        need_integers(self, indices, self.indices.number)
        if indices.batched and (x.batched or axis):
            help = "only a tensor without a batch, such as a `Weight`, is taken from by those of a batch, along axis 0"
            raise batch_error(self, "mixes the batch of its indices with other axes", help, "indices")
        return TensorType((*before, *indices.shape, *behind), x.dtype, x.batched or indices.batched)

    def forward(self, call: Call) -> Code:
        """An index."""
        x = call.inputs[self.x.number]
        if self.axis is None:
            x = code("{}.flatten()", x)
        axis = 0 if self.axis is None else axis_of(self, self.axis, call.types[self.x.number])
        whole = ":, " * axis
        if not isinstance(self.indices, Input):
            places = self.indices
            shown = code("{}", places) if isinstance(places, int) else code("[{}]", code(
                ", ".join("{}" for _ in places), *places))  # fmt: skip
            return code(f"{{}}[{whole}{{}}]", x, shown)
        indices, kind = call.inputs[self.indices.number], call.types[self.indices.number]
        # PyTorch reads bytes as a mask.
        return code(f"{{}}[{whole}{{}}]", x, in_dtype(indices, kind.dtype, _INDICES.get(kind.dtype, "int64")))


_INDICES = {"int32": "int32", "int64": "int64"}
