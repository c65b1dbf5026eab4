"""Operations that put tensors together, cut them, and repeat or pad them."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

from nndsl.arguments import LARGEST_INTEGER, Axes, Choice, Decimal, Integer, Kind, argument
from nndsl.code import Code, code, join
from nndsl.dims import Size, exact_div
from nndsl.layers.base import Call, LayerError, Order, Sizes, TensorType
from nndsl.layers.refusals import shown
from nndsl.ops.base import Input, Op, op, tensor, tensors
from nndsl.ops.checks import batch_error, in_dtype, inner_axes, inner_axis, product, result_type


def _need_alike(op: Op, sizes: Sizes, inputs: list[TensorType], axis: int | None) -> None:
    """Raise E0403 unless all tensors have equal sizes, but for those of an axis."""
    first = inputs[0]
    for number, x in enumerate(inputs[1:], 1):
        message = f"`{op.called()}` cannot join {shown(first.shape)} and {shown(x.shape)}"
        if x.batched != first.batched:
            help = "`[a, b] -> Concatenate()` gives what has no batch that of the others"
            raise LayerError("E0403", f"{message}: one of them has no batch", help=help, input=number)
        if x.rank != first.rank:
            raise LayerError("E0403", f"{message}: the number of axes differs", input=number)
        for place, (mine, other) in enumerate(zip(first.shape, x.shape, strict=True)):
            if place != axis and not (place == 0 and x.batched) and not sizes.same(mine, other):
                raise LayerError("E0403", f"{message}: axis {place} is {mine} and {other}", input=number)


@op
class Concatenate(Op):
    """Tensors one behind the other along an axis. Keras's default, axis 0, is the batch: give another one."""

    xs: tuple[Input, ...] = tensors()
    axis: int = argument(Axes(), default=0)

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """(N, …, a, …) and (N, …, b, …) -> (N, …, a + b, …)."""
        given = [inputs[each.number] for each in self.xs]
        first = given[0]
        axis = inner_axis(self, self.axis, first, "joins along")
        _need_alike(self, sizes, given, axis)
        total: Size = 0
        for x in given:
            total = total + x.shape[axis]
        shape = (*first.shape[:axis], total, *first.shape[axis + 1 :])
        return TensorType(shape, result_type(*(x.dtype for x in given)), first.batched)

    def forward(self, call: Call) -> Code:
        """torch.cat(…)."""
        parts = join(", ", [call.inputs[each.number] for each in self.xs])
        comma = "," if len(self.xs) == 1 else ""
        return code(f"torch.cat(({{}}{comma}), dim={call.axis(self.axis)})", parts)

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None


@op
class Stack(Op):
    """Tensors of one shape along a new axis. Keras's default, axis 0, would move the batch: give another one."""

    x: tuple[Input, ...] = tensors()
    axis: int = argument(Axes(), default=0)

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """(N, …), n times -> (N, …, n, …)."""
        given = [inputs[each.number] for each in self.x]
        first = given[0]
        axis = inner_axis(self, self.axis, first, "moves", "axis", first.rank + 1)
        _need_alike(self, sizes, given, None)
        shape = (*first.shape[:axis], len(given), *first.shape[axis:])
        return TensorType(shape, result_type(*(x.dtype for x in given)), first.batched)

    def forward(self, call: Call) -> Code:
        """torch.stack(…)."""
        dtype = call.outputs[0].dtype
        parts = [in_dtype(call.inputs[each.number], call.types[each.number].dtype, dtype) for each in self.x]
        comma = "," if len(parts) == 1 else ""
        return code(f"torch.stack(({{}}{comma}), dim={self.axis})", join(", ", parts))


class Sections(Kind):
    """A number of parts, or where the tensor is cut."""

    description = "a positive integer, or a list of ascending places"

    def read(self, value: object) -> int | tuple[int, ...]:
        """Return the int or the tuple."""
        if not isinstance(value, (tuple, list)):
            return Integer().read(value)  # type: ignore[return-value]
        if not value or any(isinstance(item, bool) or not isinstance(item, int) for item in value):
            raise self.refuse(value)
        if value[0] < 1 or any(first >= second for first, second in pairwise(value)):
            raise self.refuse(value, "E0303")
        return tuple(value)


@op
class Split(Op):
    """A list of parts along an axis: so many equal ones, or cut at the places of a list.

    Keras's default, axis 0, is the batch: give another one.
    """

    gives_list: ClassVar[bool] = True

    x: Input = tensor()
    indices_or_sections: int | tuple[int, ...] = argument(Sections())
    axis: int = argument(Axes(), default=0)

    def infer(self, sizes: Sizes, *inputs: TensorType) -> tuple[TensorType, ...]:
        """(N, …, a + b, …) -> (N, …, a, …), (N, …, b, …)."""
        (x,) = inputs
        axis = inner_axis(self, self.axis, x, "splits")
        whole = x.shape[axis]
        if isinstance(self.indices_or_sections, int):
            part = exact_div((whole,), (self.indices_or_sections,))
            if part is None:
                message = f"`{self.called()}` makes {self.indices_or_sections} equal parts, and axis {axis} has {whole}"
                raise LayerError("E0404", message, argument="indices_or_sections")
            parts: list[Size] = [part] * self.indices_or_sections
        else:
            cuts = self.indices_or_sections
            message = f"`{self.called()}` cuts at {cuts[-1]}, and axis {axis} has {whole}"
            sizes.require(whole, cuts[-1] + 1, LayerError("E0409", message, argument="indices_or_sections"))
            parts = [behind - before for before, behind in pairwise((0, *cuts))]
            parts.append(whole - cuts[-1])
        return tuple(x.with_shape(*x.shape[:axis], part, *x.shape[axis + 1 :]) for part in parts)

    def forward(self, call: Call) -> Code | tuple[Code, ...]:
        """x.chunk(…), or x.tensor_split(…) at places."""
        axis = call.axis(self.axis)
        if isinstance(self.indices_or_sections, int):
            if self.indices_or_sections == 1:
                return (call.inputs[0],)
            return code(f"{{}}.chunk({self.indices_or_sections}, dim={axis})", call.inputs[0])
        return code(f"{{}}.tensor_split({{}}, dim={axis})", call.inputs[0], self.indices_or_sections)

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None


class Repeats(Kind):
    """How often to repeat: a number, or one for each place."""

    description = "a positive integer, or a list of them"

    def read(self, value: object) -> int | tuple[int, ...]:
        """Return the int or the tuple."""
        if isinstance(value, (tuple, list)):
            if not value:
                raise self.refuse(value)
            return tuple(Integer().read(item) for item in value)  # type: ignore[misc]
        return Integer().read(value)  # type: ignore[return-value]


@op
class Repeat(Op):
    """Each value so many times in a row along an axis; without one, of the values laid out in a row."""

    x: Input = tensor()
    repeats: int | tuple[int, ...] = argument(Repeats())
    axis: int | None = argument(Axes(optional=True), default=None)

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """(N, …, n, …) -> (N, …, n * repeats, …)."""
        (x,) = inputs
        axes = inner_axes(self, self.axis, x, "repeats")
        whole = product(x.shape) if self.axis is None else x.shape[axes[0]]
        if isinstance(self.repeats, int):
            size = whole * self.repeats
        else:
            if not sizes.same(whole, len(self.repeats)):
                message = f"`{self.called()}` is given {len(self.repeats)} numbers for {whole} places"
                raise LayerError("E0403", message, argument="repeats")
            size = sum(self.repeats)
        return x.with_shape(size) if self.axis is None else x.with_shape(
            *x.shape[: axes[0]], size, *x.shape[axes[0] + 1 :]
        )  # fmt: skip

    def forward(self, call: Call) -> Code:
        """x.repeat_interleave(…)."""
        x = call.inputs[0]
        axis = "" if self.axis is None else f", dim={call.axis(self.axis)}"
        if isinstance(self.repeats, int):
            return code(f"{{}}.repeat_interleave({{}}{axis})", x, self.repeats)
        counts = code("torch.tensor({}, device={}.device)", self.repeats, x)
        return code(f"{{}}.repeat_interleave({{}}{axis})", x, counts)

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any, but for values in a row."""
        return None if self.axis is not None else tuple(range(inputs[0].rank))


@op
class Tile(Op):
    """The whole tensor so many times along each axis; the batch once: ``ops.tile(x, (1, 2, 1))``."""

    x: Input = tensor()
    repeats: int | tuple[int, ...] = argument(Repeats())

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """(N, a, b) -> (N, a * repeats[1], b * repeats[2])."""
        (x,) = inputs
        given = self.repeats if isinstance(self.repeats, tuple) else (self.repeats,)
        if x.batched and (len(given) > x.rank or (len(given) == x.rank and given[0] != 1)):
            help = "the first number is the batch's, 1"
            raise batch_error(self, "repeats the batch or moves it", help, "repeats")
        rank = max(len(given), x.rank)
        counts = (1,) * (rank - len(given)) + given
        shape = (1,) * (rank - x.rank) + x.shape
        return x.with_shape(*(size * count for size, count in zip(shape, counts, strict=True)))

    def forward(self, call: Call) -> Code:
        """x.tile(…)."""
        given = self.repeats if isinstance(self.repeats, tuple) else (self.repeats,)
        return code("{}.tile({})", call.inputs[0], given)


class PadWidth(Kind):
    """What is put before and behind: a pair for each axis, one pair for all, or a number."""

    description = "a pair of integers of at least 0 for each axis, one such pair in a tuple, or an integer"

    def read(self, value: object) -> tuple[tuple[int, int], ...]:
        """Return a pair for each axis, or one for all."""
        if isinstance(value, int):
            return (self._pair((value, value), value),)
        if not isinstance(value, (tuple, list)) or not value:
            raise self.refuse(value)
        if len(value) == 1 and isinstance(value[0], int):
            return (self._pair((value[0], value[0]), value),)
        return tuple(self._pair(item, value) for item in value)

    def _pair(self, item: object, whole: object) -> tuple[int, int]:
        if not isinstance(item, (tuple, list)) or len(item) != 2:
            raise self.refuse(whole)
        if any(isinstance(size, bool) or not isinstance(size, int) for size in item):
            raise self.refuse(whole)
        if not 0 <= min(item) <= max(item) <= LARGEST_INTEGER:
            raise self.refuse(whole, "E0303")
        return item[0], item[1]


@op
class Pad(Op):
    """Values put before and behind along axes: ``constant_values`` (0), the values mirrored, or those at the edge.

    The batch gets none: ``ops.pad(x, ((0, 0), (1, 2)))``.
    """

    x: Input = tensor()
    pad_width: tuple[tuple[int, int], ...] = argument(PadWidth())
    mode: str = argument(Choice(("constant", "reflect", "edge")), default="constant")
    constant_values: float | int | None = argument(Decimal(optional=True), default=None)

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """Each axis longer by its pair."""
        (x,) = inputs
        if self.constant_values is not None and self.mode != "constant":
            message = f'`constant_values` is for `mode="constant"`, and this is `"{self.mode}"`'
            raise LayerError("E0305", message, argument="constant_values")
        pairs = self._pairs(x)
        if x.batched and any(pairs[0]):
            rest = ", ".join(["(0, 0)", *["(1, 1)"] * (x.rank - 1)])
            raise batch_error(self, "pads the batch", f"give it none: `pad_width=({rest})`", "pad_width")
        for axis, (size, pair) in enumerate(zip(x.shape, pairs, strict=True)):
            if self.mode == "reflect" and any(pair):
                message = f"`{self.called()}` mirrors {max(pair)} values of axis {axis}, which has {size}"
                sizes.require(size, max(pair) + 1, LayerError("E0409", message, argument="pad_width"))
        return x.with_shape(*(size + sum(pair) for size, pair in zip(x.shape, pairs, strict=True)))

    def _pairs(self, x: TensorType) -> tuple[tuple[int, int], ...]:
        if len(self.pad_width) == 1:
            return self.pad_width * x.rank
        if len(self.pad_width) != x.rank:
            message = f"`pad_width` has {len(self.pad_width)} pairs for the {x.rank} axes of {shown(x.shape)}"
            raise LayerError("E0303", message, argument="pad_width")
        return self.pad_width

    def forward(self, call: Call) -> Code:
        """F.pad, the last physical axis first; what it cannot mirror is put together."""
        (x,) = call.types
        placed = {call.axis(axis) % x.rank: pair for axis, pair in enumerate(self._pairs(x))}
        padded = [axis for axis, pair in placed.items() if any(pair)]
        if not padded:
            return call.inputs[0]
        flat: list[int] = []
        for axis in range(x.rank - 1, min(padded) - 1, -1):
            flat += placed[axis]
        if self.mode == "constant":
            value = self.constant_values
            rest = code(", value={}", value) if value else Code("")
            return code("F.pad({}, {}{})", call.inputs[0], tuple(flat), rest)
        if x.is_float and 2 <= x.rank <= 5 and min(padded) >= min(2, x.rank - 1):
            mode = "replicate" if self.mode == "edge" else self.mode
            return code(f'F.pad({{}}, {{}}, mode="{mode}")', call.inputs[0], tuple(flat))
        widths = tuple((axis, *placed[axis]) for axis in sorted(padded))
        return code(f"{call.helper('pad_' + self.mode)}({{}}, {{}})", call.inputs[0], widths)

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None
