"""Operations that move values without changing them: reshape, transpose, flip, …"""

from __future__ import annotations

from nndsl.arguments import Axes, Kind, argument
from nndsl.arguments import Shape as ShapeKind
from nndsl.code import Code, code
from nndsl.dims import Dim, Size, exact_div
from nndsl.layers.base import Call, LayerError, Order, Shape, Sizes, TensorType
from nndsl.layers.refusals import shown
from nndsl.ops.base import Input, Op, op, tensor
from nndsl.ops.checks import axes_code, axis_of, batch_error, inner_axes, inner_axis, product


@op
class Reshape(Op):
    """The values row by row in another shape; the batch is the first size, -1: ``ops.reshape(x, (-1, 4, 2))``."""

    x: Input = tensor()
    newshape: Shape = argument(ShapeKind(inferred=True))

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """(N, …) -> (N, …) with as many values."""
        (x,) = inputs
        if not x.batched:
            return x.with_shape(*self._resolved(sizes, x, x.shape, self.newshape))
        if not self.newshape or not _is_inferred(self.newshape[0]):
            help = "begin with -1, which stands for the batch, or use `Reshape`, which leaves the batch out"
            raise batch_error(self, "mixes the batch, which is the first size", help, "newshape")
        return x.with_shape(x.shape[0], *self._resolved(sizes, x, x.shape[1:], self.newshape[1:]))

    def _resolved(self, sizes: Sizes, x: TensorType, given: Shape, wanted: Shape) -> Shape:
        known = tuple(size for size in wanted if not _is_inferred(size))
        if len(known) < len(wanted):
            rest = exact_div(given, known)
            if rest is None:
                raise self._refusal(x, f"{product(given)} values are no multiple of {product(known)}")
            return tuple(rest if _is_inferred(size) else size for size in wanted)
        for size in known:
            sizes.require(size, 1, self._refusal(x, f"a size of {size}"))
        if not sizes.same(product(given), product(known)):
            raise self._refusal(x, f"{product(given)} values do not fit into {shown(known)}")
        return known

    def _refusal(self, x: TensorType, why: str) -> LayerError:
        help = "the first size, -1, is the batch: the others hold one sample" if x.batched else ""
        return LayerError("E0404", f"`{self.called()}` of {shown(x.shape)}: {why}", help=help, argument="newshape")

    def forward(self, call: Call) -> Code:
        """x.reshape(…); with a symbolic size, by the batch's own."""
        (x,) = call.types
        target: list[Code | Size] = list(call.outputs[0].shape)
        places = [place for place, size in enumerate(target) if isinstance(size, Dim)]
        if x.batched and len(places) > 1:
            target[0] = call.size(0)
            places = places[1:]
        if len(places) == 1:
            target[places[0]] = Code("-1")
        return code("{}.reshape({})", call.inputs[0], code(", ".join("{}" for _ in target) or "()", *target))


def _is_inferred(size: Size) -> bool:
    return isinstance(size, int) and size == -1


class AxisOrder(Kind):
    """All axes in a new order."""

    description = "a tuple that holds each axis once, or `none`"

    def read(self, value: object) -> tuple[int, ...] | None:
        """Return the tuple."""
        if value is None:
            return None
        if not isinstance(value, (tuple, list)) or any(
            isinstance(item, bool) or not isinstance(item, int) for item in value
        ):
            raise self.refuse(value)
        return tuple(value)


@op
class Transpose(Op):
    """The axes in another order, the batch first: ``ops.transpose(x, (0, 2, 1))``; without ``axes`` reversed."""

    x: Input = tensor()
    axes: tuple[int, ...] | None = argument(AxisOrder(), default=None)

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """(N, a, b, …) -> (N, …) in the order of ``axes``."""
        (x,) = inputs
        return x.with_shape(*(x.shape[axis] for axis in self.order(x)))

    def order(self, x: TensorType) -> tuple[int, ...]:
        """The axes, counted from the front."""
        given = tuple(reversed(range(x.rank))) if self.axes is None else self.axes
        if len(given) != x.rank:
            message = f"`{self.called()}` of {len(given)} axes cannot take {shown(x.shape)}, which has {x.rank}"
            raise LayerError("E0401", message, argument="axes")
        order = tuple(axis_of(self, axis, x, "axes") for axis in given)
        if len(set(order)) < x.rank:
            raise LayerError("E0407", f"`{self.called()}` has an axis twice: {self.axes}", argument="axes")
        if x.batched and order[0] != 0:
            rest = ", ".join(["0", *map(str, reversed(range(1, x.rank)))])
            help = f"leave it in front: `ops.transpose(x, ({rest}))`" if x.rank > 2 else ""
            raise batch_error(self, "moves the batch from the first axis", help, "axes")
        return order

    def forward(self, call: Call) -> Code:
        """x.permute(…)."""
        return code(f"{{}}.permute({', '.join(map(str, self.order(call.types[0])))})", call.inputs[0])


@op
class Swapaxes(Op):
    """Two axes exchanged."""

    x: Input = tensor()
    axis1: int = argument(Axes())
    axis2: int = argument(Axes())

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """The sizes of both exchanged."""
        (x,) = inputs
        first = inner_axis(self, self.axis1, x, "moves", "axis1")
        second = inner_axis(self, self.axis2, x, "moves", "axis2")
        shape = list(x.shape)
        shape[first], shape[second] = shape[second], shape[first]
        return x.with_shape(*shape)

    def forward(self, call: Call) -> Code:
        """x.transpose(…)."""
        return code(f"{{}}.transpose({self.axis1}, {self.axis2})", call.inputs[0])


@op
class ExpandDims(Op):
    """An axis of 1, or several, where ``axis`` says that it is in the result."""

    x: Input = tensor()
    axis: int | tuple[int, ...] = argument(Axes(several=True))

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """(N, …) -> (N, …, 1, …)."""
        (x,) = inputs
        axes = self._axes(x)
        old = iter(x.shape)
        return x.with_shape(*(1 if place in axes else next(old) for place in range(x.rank + len(axes))))

    def _axes(self, x: TensorType) -> list[int]:
        given = self.axis if isinstance(self.axis, tuple) else (self.axis,)
        rank = x.rank + len(given)
        placed = sorted({inner_axis(self, axis, x, "moves", "axis", rank) for axis in given})
        if len(placed) < len(given):
            raise LayerError("E0407", f"`{self.called()}` has an axis twice: {self.axis}", argument="axis")
        return placed

    def forward(self, call: Call) -> Code:
        """x.unsqueeze(…)."""
        if isinstance(self.axis, int):
            return code(f"{{}}.unsqueeze({self.axis})", call.inputs[0])
        return code("{}" + "".join(f".unsqueeze({axis})" for axis in self._axes(call.types[0])), call.inputs[0])


@op
class Squeeze(Op):
    """Without the axes of 1, or those of them that ``axis`` names."""

    x: Input = tensor()
    axis: int | tuple[int, ...] | None = argument(Axes(several=True, optional=True), default=None)

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """(N, …, 1, …) -> (N, …)."""
        (x,) = inputs
        axes = self._axes(x)
        for axis in axes:
            if not sizes.same(x.shape[axis], 1):
                message = f"`{self.called()}` drops axes of 1, and axis {axis} of {shown(x.shape)} is {x.shape[axis]}"
                raise LayerError("E0404", message, argument="axis")
        return x.with_shape(*(size for place, size in enumerate(x.shape) if place not in axes))

    def _axes(self, x: TensorType) -> tuple[int, ...]:
        if self.axis is None:
            return tuple(place for place, size in enumerate(x.shape) if size == 1 and (place or not x.batched))
        return inner_axes(self, self.axis, x, "drops")

    def forward(self, call: Call) -> Code:
        """x.squeeze(…)."""
        axes = self._axes(call.types[0])
        return code(f"{{}}.squeeze({axes_code(axes).text})", call.inputs[0]) if axes else call.inputs[0]


@op
class Flip(Op):
    """The values in reverse along axes; without one, along all."""

    x: Input = tensor()
    axis: int | tuple[int, ...] | None = argument(Axes(several=True, optional=True), default=None)

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """(N, …) -> (N, …)."""
        inner_axes(self, self.axis, inputs[0], "reverses")
        return inputs[0]

    def forward(self, call: Call) -> Code:
        """x.flip(…)."""
        given = self.axis if isinstance(self.axis, tuple) else (self.axis,)
        axes = (
            range(call.types[0].rank) if self.axis is None else [call.axis(axis) for axis in given if axis is not None]
        )
        return code(f"{{}}.flip({axes_code(axes).text})", call.inputs[0])

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None


class Shifts(Kind):
    """By how much to roll."""

    description = "an integer or a tuple of integers"

    def read(self, value: object) -> int | tuple[int, ...]:
        """Return the int or the tuple."""
        return Axes(several=True).read(value)  # type: ignore[return-value]


@op
class Roll(Op):
    """The values shifted along axes; what leaves at the end comes in at the beginning."""

    x: Input = tensor()
    shift: int | tuple[int, ...] = argument(Shifts())
    axis: int | tuple[int, ...] | None = argument(Axes(several=True, optional=True), default=None)

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """(N, …) -> (N, …)."""
        inner_axes(self, self.axis, inputs[0], "moves")
        count = len(self.shift) if isinstance(self.shift, tuple) else 1
        if count != (len(self.axis) if isinstance(self.axis, tuple) else 1):
            raise LayerError("E0303", f"`{self.called()}` takes a shift for each axis", argument="shift")
        return inputs[0]

    def forward(self, call: Call) -> Code:
        """x.roll(…)."""
        if self.axis is None:
            return code("{}.roll({})", call.inputs[0], self.shift)
        if isinstance(self.axis, tuple):
            axes = str(tuple(call.axis(axis) for axis in self.axis))
        else:
            axes = str(call.axis(self.axis))
        return code(f"{{}}.roll({{}}, dims={axes})", call.inputs[0], self.shift)

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any, but for values in a row."""
        return None if self.axis is not None else tuple(range(inputs[0].rank))
