"""Keras's layers that put zeros round the spatial axes or cut their borders off, in one to three dimensions."""

from __future__ import annotations

from typing import Any, ClassVar

from nndsl.arguments import ArgumentError, Kind, argument, describe
from nndsl.arguments import DataFormat as DataFormatKind
from nndsl.code import Code, code
from nndsl.layers.base import Call, Layer, LayerError, Order, Sizes, TensorType, layer, spatial_axes
from nndsl.layers.refusals import need_rank
from nndsl.layers.windows import AXES

Pairs = tuple[tuple[int, int], ...]
"""What lies before and behind, for each spatial axis."""


class Borders(Kind):
    """What is put on or cut off at the borders: for each axis a pair, or one number for both sides; or one for all."""

    def __init__(self, axes: int) -> None:
        self.axes = axes
        many = {
            1: "one or two numbers",
            2: "a pair of them, or a pair of pairs",
            3: "a triple of them, or a triple of pairs",
        }[axes]
        self.description = f"an integer of at least 0, or {many}"

    def read(self, value: object) -> Pairs:
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

    dimensions: ClassVar[int]

    data_format: str | None

    @property
    def place(self) -> str:
        """Where the channels are."""
        return self.data_format or "channels_last"

    @property
    def borders(self) -> Pairs:
        """What is put on or cut off, for each spatial axis."""
        raise NotImplementedError

    def need_axes(self, x: TensorType) -> None:
        """Raise E0401 unless the input has these spatial axes and another one."""
        spatial, rest = AXES[self.dimensions], "features" if self.dimensions == 1 else "channels"
        need_rank(self, x, (rest, *spatial) if self.place == "channels_first" else (*spatial, rest))

    def pairs(self, rank: int) -> dict[int, tuple[int, int]]:
        """Return the pair of each spatial axis of the input, by its logical place."""
        return dict(zip(spatial_axes(rank, self.place), self.borders, strict=True))

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None


class Padding(Bordered):
    """What ZeroPadding1D to ZeroPadding3D share."""

    __slots__ = ()

    padding: Pairs

    @property
    def borders(self) -> Pairs:
        """The zeros."""
        return self.padding

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """The spatial axes grow by what is put before and behind."""
        (x,) = inputs
        self.need_axes(x)
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
    """What Cropping1D to Cropping3D share."""

    __slots__ = ()

    cropping: Pairs

    @property
    def borders(self) -> Pairs:
        """What is cut off."""
        return self.cropping

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """The spatial axes shrink by what is cut off before and behind; E0409 if nothing is left."""
        (x,) = inputs
        self.need_axes(x)
        pairs = self.pairs(x.rank)
        shape = list(x.shape)
        for axis, pair in pairs.items():
            cut, size = sum(pair), x.shape[axis]
            if cut:
                message = f"`{type(self).__name__}` cuts {cut} off axis {axis}, which has {size}"
                sizes.require(size, cut + 1, LayerError("E0409", message, argument="cropping"))
            shape[axis] = size - cut
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

    dimensions: ClassVar[int] = 1

    padding: Pairs = argument(Borders(1), default=((1, 1),))
    data_format: str | None = argument(DataFormatKind(), default=None)


@layer
class ZeroPadding2D(Padding):
    """Put zeros round images: ``padding`` is ((top, bottom), (left, right)), (vertical, horizontal) or one number."""

    dimensions: ClassVar[int] = 2

    padding: Pairs = argument(Borders(2), default=((1, 1), (1, 1)))
    data_format: str | None = argument(DataFormatKind(), default=None)


@layer
class ZeroPadding3D(Padding):
    """Put zeros round volumes: ``padding`` is a pair or a number for each axis, or one number."""

    dimensions: ClassVar[int] = 3

    padding: Pairs = argument(Borders(3), default=((1, 1), (1, 1), (1, 1)))
    data_format: str | None = argument(DataFormatKind(), default=None)


@layer
class Cropping1D(Cropping):
    """Cut steps off at the beginning and the end: (N, steps, features) -> (N, fewer steps, features)."""

    dimensions: ClassVar[int] = 1

    cropping: Pairs = argument(Borders(1), default=((1, 1),))

    @property
    def place(self) -> str:
        """Behind the steps."""
        return "channels_last"


@layer
class Cropping2D(Cropping):
    """Cut the border off images: ``cropping`` is ((top, bottom), (left, right)), (vertical, horizontal) or a number."""

    dimensions: ClassVar[int] = 2

    cropping: Pairs = argument(Borders(2), default=((0, 0), (0, 0)))
    data_format: str | None = argument(DataFormatKind(), default=None)


@layer
class Cropping3D(Cropping):
    """Cut the border off volumes: ``cropping`` is a pair or a number for each axis, or one number."""

    dimensions: ClassVar[int] = 3

    cropping: Pairs = argument(Borders(3), default=((1, 1), (1, 1), (1, 1)))
    data_format: str | None = argument(DataFormatKind(), default=None)
