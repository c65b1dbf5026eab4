"""Keras's layers that move values without changing them: Flatten, Reshape, padding, cropping, …"""

from __future__ import annotations

from typing import Any

from nndsl.arguments import ArgumentError, Kind, argument, describe, integer
from nndsl.arguments import DataFormat as DataFormatKind
from nndsl.arguments import Shape as ShapeKind
from nndsl.code import Code, code
from nndsl.dims import Dim, Size, exact_div
from nndsl.layers.base import (
    Call,
    Layer,
    LayerError,
    Order,
    Shape,
    Sizes,
    TensorType,
    layer,
    spatial_axes,
)
from nndsl.layers.refusals import need_rank, shown


class Permutation(Kind):
    """The axes from 1 on, each once, in a new order."""

    description = "a tuple that holds each axis from 1 on once, such as `(2, 1)`"

    def read(self, value: object) -> tuple[int, ...]:
        """Return the tuple."""
        if not isinstance(value, (tuple, list)) or any(type(item) is not int for item in map(_plain, value)):
            raise self.refuse(value)
        if sorted(value) != list(range(1, len(value) + 1)):
            raise self.refuse(value, "E0303")
        return tuple(value)


def _plain(value: object) -> object:
    """Return an int of any kind but bool as an int, so that its type tells."""
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value


@layer
class Flatten(Layer):
    """Lay all axes but the batch out in one, row by row: (N, …) -> (N, size).

    With ``data_format="channels_first"`` the channels still vary fastest, as in Keras.
    """

    data_format: str | None = argument(DataFormatKind(), default=None)

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …) -> (N, size)."""
        (x,) = inputs
        return x.with_shape(x.shape[0], _product(x.shape[1:]))

    def forward(self, call: Call) -> Code:
        """x.flatten(1)."""
        rank = call.types[0].rank
        if rank == 1:
            return code("{}.unsqueeze(1)", call.inputs[0])
        return code("{}.flatten(1)", call.inputs[0]) if rank > 2 else call.inputs[0]

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Channels last, wherever the file has them."""
        rank = inputs[0].rank
        if self.data_format == "channels_first" and rank > 2:
            return (0, *range(2, rank), 1)
        return tuple(range(rank))


@layer
class Reshape(Layer):
    """Lay the values of each sample out in another shape, row by row; one size may be -1, which is inferred."""

    target_shape: Shape = argument(ShapeKind(inferred=True))

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …) -> (N, *target_shape)."""
        (x,) = inputs
        return x.with_shape(x.shape[0], *self._resolved(sizes, x))

    def _resolved(self, sizes: Sizes, x: TensorType) -> Shape:
        given = x.shape[1:]
        known = tuple(size for size in self.target_shape if not _is_inferred(size))
        for size in known:
            sizes.require(size, 1, self._refusal(x, f"a size of {size}"))
        if len(known) == len(self.target_shape):
            if not sizes.same(_product(given), _product(known)):
                why = f"{_product(given)} values do not fit into {shown(known)}, which has {_product(known)}"
                raise self._refusal(x, why)
            return known
        rest = exact_div(given, known)
        if rest is None:
            why = f"{_product(given)} values are no multiple of {_product(known)}, so that nothing fits the -1"
            raise self._refusal(x, why)
        return tuple(rest if _is_inferred(size) else size for size in self.target_shape)

    def _refusal(self, x: TensorType, why: str) -> LayerError:
        return LayerError("E0404", f"`Reshape` of {shown(x.shape)}: {why}", argument="target_shape")

    def forward(self, call: Call) -> Code:
        """x.reshape(-1, …) if only the batch is unknown, else with the batch's own size."""
        target = call.outputs[0].shape[1:]
        symbolic = sum(isinstance(size, Dim) for size in target)
        if not symbolic:
            return code("{}.reshape({}, {})", call.inputs[0], "-1", _several(target))
        one = [Code("-1") if isinstance(size, Dim) and symbolic == 1 else size for size in target]
        return code("{}.reshape({}, {})", call.inputs[0], call.size(0), _several(one))


def _several(sizes: tuple[Size, ...] | list[Code | Size]) -> Code:
    return code(", ".join("{}" for _ in sizes), *sizes)


def _product(sizes: tuple[Size, ...]) -> Size:
    total: Size = 1
    for size in sizes:
        total = total * size
    return total


def _is_inferred(size: Size) -> bool:
    return isinstance(size, int) and size == -1


@layer
class Permute(Layer):
    """Put the axes into another order; ``dims`` counts from 1, without the batch."""

    dims: tuple[int, ...] = argument(Permutation())

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, a, b, …) -> (N, …) in the order of ``dims``."""
        (x,) = inputs
        if x.rank != len(self.dims) + 1:
            raise LayerError(
                "E0401",
                f"`Permute` of {len(self.dims)} axes cannot take {shown(x.shape)}, which has {x.rank - 1}",
                argument="dims",
            )
        return x.with_shape(x.shape[0], *(x.shape[axis] for axis in self.dims))

    def forward(self, call: Call) -> Code:
        """x.permute(0, …)."""
        return code("{}.permute({})", call.inputs[0], ", ".join(map(str, (0, *self.dims))))


@layer
class RepeatVector(Layer):
    """Repeat a vector ``n`` times: (N, features) -> (N, n, features)."""

    n: int = integer()

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, features) -> (N, n, features)."""
        (x,) = inputs
        need_rank(self, x, ("features",))
        return x.with_shape(x.shape[0], self.n, x.shape[1])

    def forward(self, call: Call) -> Code:
        """A view that reads the vector n times."""
        return code("{}.unsqueeze(1).expand(-1, {}, -1)", call.inputs[0], self.n)


class Borders(Kind):
    """What is put on or cut off at the borders: for each axis a pair, or one number for both sides; or one for all."""

    def __init__(self, axes: int) -> None:
        self.axes = axes
        many = "one or two numbers" if axes == 1 else "a pair of them, or a pair of pairs"
        self.description = f"an integer of at least 0, or {many}"

    def read(self, value: object) -> tuple[tuple[int, int], ...]:
        """Return a pair of numbers for each axis."""
        if isinstance(value, (tuple, list)):
            if self.axes == 1:
                return (self._pair(value, value),)
            if len(value) != self.axes:
                raise self.refuse(value)
            return tuple(self._pair(item, value) for item in value)
        return (self._pair(value, value),) * self.axes

    def _pair(self, item: object, whole: object) -> tuple[int, int]:
        pair = tuple(item) if isinstance(item, (tuple, list)) else (item, item)
        if len(pair) != 2 or any(isinstance(size, bool) or not isinstance(size, int) for size in pair):
            raise self.refuse(whole)
        before, behind = pair
        if min(before, behind) < 0 or max(before, behind) > 2**31 - 1:
            raise ArgumentError("E0303", f"must be {self.description}, not {describe(whole)}")
        return before, behind


class Bordered(Layer):
    """What padding and cropping share: a pair of numbers for each spatial axis."""

    __slots__ = ()

    data_format: str | None

    @property
    def place(self) -> str:
        """Where the channels are."""
        return self.data_format or "channels_last"

    def pairs(self, rank: int) -> dict[int, tuple[int, int]]:
        """Return the pair of each spatial axis of the input, by its logical place."""
        raise NotImplementedError

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None


def _need_image(layer: Bordered, x: TensorType) -> None:
    first = layer.place == "channels_first"
    need_rank(layer, x, ("channels", "height", "width") if first else ("height", "width", "channels"))


class Padding(Bordered):
    """What ZeroPadding1D and ZeroPadding2D share."""

    __slots__ = ()

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """The spatial axes grow by what is put before and behind."""
        (x,) = inputs
        if x.rank == 4:
            _need_image(self, x)
        pairs = self.pairs(x.rank)
        return x.with_shape(*(size + sum(pairs.get(axis, ())) for axis, size in enumerate(x.shape)))

    def forward(self, call: Call) -> Code:
        """F.pad, the last physical axis first."""
        placed = {call.axis(axis): pair for axis, pair in self.pairs(call.types[0].rank).items()}
        if not any(map(any, placed.values())):
            return call.inputs[0]
        flat: list[int] = []
        for axis in range(call.types[0].rank - 1, min(placed) - 1, -1):
            flat += placed.get(axis, (0, 0))
        return code("F.pad({}, {})", call.inputs[0], tuple(flat))


class Cropping(Bordered):
    """What Cropping1D and Cropping2D share."""

    __slots__ = ()

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """The spatial axes shrink by what is cut off before and behind; E0409 if nothing is left."""
        (x,) = inputs
        pairs = self.pairs(x.rank)
        shape: list[Size] = []
        for axis, size in enumerate(x.shape):
            cut = sum(pairs.get(axis, ()))
            if cut:
                message = f"`{type(self).__name__}` cuts {cut} off axis {axis}, which has {size}"
                sizes.require(size, cut + 1, LayerError("E0409", message, argument="cropping"))
            shape.append(size - cut)
        return x.with_shape(*shape)

    def forward(self, call: Call) -> Code:
        """Slices."""
        placed = {call.axis(axis): pair for axis, pair in self.pairs(call.types[0].rank).items()}
        if not any(map(any, placed.values())):
            return call.inputs[0]
        slices: list[Code] = []
        for axis in range(max(axis for axis, pair in placed.items() if any(pair)) + 1):
            before, behind = placed.get(axis, (0, 0))
            slices.append(code("{}:{}", before if before else "", -behind if behind else ""))
        return code("{}[{}]", call.inputs[0], code(", ".join("{}" for _ in slices), *slices))


@layer
class ZeroPadding1D(Padding):
    """Put zeros before and behind the steps: (N, steps, features) -> (N, more steps, features)."""

    padding: tuple[tuple[int, int], ...] = argument(Borders(1), default=((1, 1),))
    data_format: str | None = argument(DataFormatKind(), default=None)

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, steps, features) -> (N, steps + before + behind, features)."""
        first = self.place == "channels_first"
        need_rank(self, inputs[0], ("features", "steps") if first else ("steps", "features"))
        return Padding.infer(self, sizes, *inputs, **keywords)

    def pairs(self, rank: int) -> dict[int, tuple[int, int]]:
        """The steps'."""
        return {2 if self.place == "channels_first" else 1: self.padding[0]}


@layer
class ZeroPadding2D(Padding):
    """Put zeros round images: ``padding`` is ((top, bottom), (left, right)), (vertical, horizontal) or one number."""

    padding: tuple[tuple[int, int], ...] = argument(Borders(2), default=((1, 1), (1, 1)))
    data_format: str | None = argument(DataFormatKind(), default=None)

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, height, width, channels) -> (N, taller, wider, channels)."""
        _need_image(self, inputs[0])
        return Padding.infer(self, sizes, *inputs, **keywords)

    def pairs(self, rank: int) -> dict[int, tuple[int, int]]:
        """Those of height and width."""
        return dict(zip(spatial_axes(rank, self.place), self.padding, strict=True))


@layer
class Cropping1D(Cropping):
    """Cut steps off at the beginning and the end: (N, steps, features) -> (N, fewer steps, features)."""

    cropping: tuple[tuple[int, int], ...] = argument(Borders(1), default=((1, 1),))

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, steps, features) -> (N, steps - before - behind, features)."""
        need_rank(self, inputs[0], ("steps", "features"))
        return Cropping.infer(self, sizes, *inputs, **keywords)

    def pairs(self, rank: int) -> dict[int, tuple[int, int]]:
        """The steps'."""
        return {1: self.cropping[0]}


@layer
class Cropping2D(Cropping):
    """Cut the border off images: ``cropping`` is ((top, bottom), (left, right)), (vertical, horizontal) or a number."""

    cropping: tuple[tuple[int, int], ...] = argument(Borders(2), default=((0, 0), (0, 0)))
    data_format: str | None = argument(DataFormatKind(), default=None)

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, height, width, channels) -> (N, lower, narrower, channels)."""
        _need_image(self, inputs[0])
        return Cropping.infer(self, sizes, *inputs, **keywords)

    def pairs(self, rank: int) -> dict[int, tuple[int, int]]:
        """Those of height and width."""
        return dict(zip(spatial_axes(rank, self.place), self.cropping, strict=True))
