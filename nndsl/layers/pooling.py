"""Keras's pooling over windows: their largest value, or their mean."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from nndsl.arguments import DataFormat as DataFormatKind
from nndsl.arguments import argument, choice, sizes
from nndsl.code import Code, Part, call, code
from nndsl.dims import Size
from nndsl.layers.base import (
    Call,
    Layer,
    Order,
    Sizes,
    TensorType,
    channel_axis,
    channels_first,
    layer,
)
from nndsl.layers.casting import in_float32
from nndsl.layers.windows import (
    Pads,
    constant_pads,
    need_spatial,
    packed,
    pads,
    spatial_sizes,
    window_shape,
    with_spatial,
)


class Pooling(Layer):
    """What pooling over windows shares; ``strides`` are the pool size unless given.

    ``padding="same"`` leaves what is outside out: of the maximum as of the mean, which PyTorch's own padding does too.
    """

    __slots__ = ()

    dimensions: ClassVar[int]
    average: ClassVar[bool]

    pool_size: tuple[int, ...]
    strides: tuple[int, ...] | None
    padding: str
    data_format: str | None

    @property
    def place(self) -> str:
        """Where the channels are."""
        return self.data_format or "channels_last"

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …, channels) -> (N, …, channels), or the same with the channels first."""
        (x,) = inputs
        need_spatial(self, x, self.dimensions, self.place)
        step = self.strides or self.pool_size
        spatial = window_shape(sizes, self, x, self.pool_size, step, self.padding, self.place, "pool_size")
        return with_spatial(x, x.shape[channel_axis(self.place)], spatial, self.place)

    def forward(self, call: Call) -> Code:
        """F.max_pool2d or its like."""
        if self.average and self.dimensions == 3:
            return in_float32(partial(self._pooled, call), call.inputs[0], call.types[0].dtype)
        return self._pooled(call, call.inputs[0])

    def _pooled(self, call: Call, x: Code) -> Code:
        step, sizes = self.strides or self.pool_size, spatial_sizes(call.types[0], self.place)
        function = f"F.{'avg' if self.average else 'max'}_pool{self.dimensions}d"
        if function == "F.max_pool1d" and not isinstance(sizes[0], int):
            function = call.helper("max_pool1d")
        if self.padding == "valid":
            return self._pool(function, x, {})
        found: list[Pads] = []
        for size, window, stride in zip(sizes, self.pool_size, step, strict=True):
            here = pads(size, window, stride) if isinstance(size, int) else constant_pads(window, stride)
            if here is None or self._is_refused(size, window):
                return self._at_run_time(function, call, x)
            found.append(here)
        return self._same(function, x, found)

    def _is_refused(self, size: Size, window: int) -> bool:
        """Return whether PyTorch may say that the window is too large: in three dimensions it forgets the padding."""
        return self.average and self.dimensions == 3 and not (isinstance(size, int) and size >= window) and window > 1

    def _pool(self, function: str, x: Code, keywords: dict[str, Part]) -> Code:
        positional: list[Part] = [packed(self.pool_size)]
        if self.strides is not None and self.strides != self.pool_size:
            positional.append(packed(self.strides))
        return call(function, x, *positional, **keywords)

    def _same(self, function: str, x: Code, found: list[Pads]) -> Code:
        """Leave the padding to PyTorch, which pads both sides alike and knows what is outside.

        What the end has more than the beginning is a last window that is not whole (``ceil_mode``); with a stride of 1
        all windows are, so there the beginning gets one cell too many and its first window is dropped.
        """
        keywords: dict[str, Part] = {}
        padding: list[int] = []
        dropped: list[bool] = []
        for (before, behind), stride in zip(found, self.strides or self.pool_size, strict=True):
            shifted = behind > before and stride == 1
            padding.append(behind if shifted else before)
            dropped.append(shifted)
            if behind > before and not shifted:
                keywords["ceil_mode"] = True
        if any(padding):
            keywords = {"padding": packed(tuple(padding)), **keywords}
        if self.average and any(behind for _, behind in found):
            keywords["count_include_pad"] = False
        pooled = self._pool(function, x, keywords)
        if not any(dropped):
            return pooled
        while not dropped[-1]:
            dropped.pop()
        return code("{}[{}]", pooled, ", ".join([":", ":", *("1:" if drop else ":" for drop in dropped)]))

    def _at_run_time(self, function: str, call: Call, x: Code) -> Code:
        step = self.strides or self.pool_size
        if self.average:
            return code(call.helper("average_pool_same") + "({}, {}, {})", x, self.pool_size, step)
        outside = code('float("-inf")')
        x = code(call.helper("pad_same") + "({}, {}, {}, {})", x, self.pool_size, step, outside)
        return self._pool(function, x, {})

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Channels first, as PyTorch pools."""
        return channels_first(inputs[0].rank, self.place)


@layer
class MaxPooling1D(Pooling):
    """The largest value of each window: (N, steps, channels) -> (N, new steps, channels)."""

    dimensions: ClassVar[int] = 1
    average: ClassVar[bool] = False

    pool_size: tuple[int, ...] = sizes(1, (2,))
    strides: tuple[int, ...] | None = sizes(1, None, optional=True)
    padding: str = choice("valid", "same", default="valid")
    data_format: str | None = argument(DataFormatKind(), default=None)


@layer
class MaxPooling2D(Pooling):
    """The largest value of each window: (N, height, width, channels) -> (N, new height, new width, channels)."""

    dimensions: ClassVar[int] = 2
    average: ClassVar[bool] = False

    pool_size: tuple[int, ...] = sizes(2, (2, 2))
    strides: tuple[int, ...] | None = sizes(2, None, optional=True)
    padding: str = choice("valid", "same", default="valid")
    data_format: str | None = argument(DataFormatKind(), default=None)


@layer
class MaxPooling3D(Pooling):
    """The largest value of each window: (N, depth, height, width, channels) -> (N, …, channels)."""

    dimensions: ClassVar[int] = 3
    average: ClassVar[bool] = False

    pool_size: tuple[int, ...] = sizes(3, (2, 2, 2))
    strides: tuple[int, ...] | None = sizes(3, None, optional=True)
    padding: str = choice("valid", "same", default="valid")
    data_format: str | None = argument(DataFormatKind(), default=None)


@layer
class AveragePooling1D(Pooling):
    """The mean of each window: (N, steps, channels) -> (N, new steps, channels)."""

    dimensions: ClassVar[int] = 1
    average: ClassVar[bool] = True

    pool_size: tuple[int, ...] = sizes(1)
    strides: tuple[int, ...] | None = sizes(1, None, optional=True)
    padding: str = choice("valid", "same", default="valid")
    data_format: str | None = argument(DataFormatKind(), default=None)


@layer
class AveragePooling2D(Pooling):
    """The mean of each window: (N, height, width, channels) -> (N, new height, new width, channels)."""

    dimensions: ClassVar[int] = 2
    average: ClassVar[bool] = True

    pool_size: tuple[int, ...] = sizes(2)
    strides: tuple[int, ...] | None = sizes(2, None, optional=True)
    padding: str = choice("valid", "same", default="valid")
    data_format: str | None = argument(DataFormatKind(), default=None)


@layer
class AveragePooling3D(Pooling):
    """The mean of each window: (N, depth, height, width, channels) -> (N, …, channels)."""

    dimensions: ClassVar[int] = 3
    average: ClassVar[bool] = True

    pool_size: tuple[int, ...] = sizes(3)
    strides: tuple[int, ...] | None = sizes(3, None, optional=True)
    padding: str = choice("valid", "same", default="valid")
    data_format: str | None = argument(DataFormatKind(), default=None)
