"""Keras's pooling: the largest or the mean of windows, and of whole axes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from nndsl.arguments import DataFormat as DataFormatKind
from nndsl.arguments import argument, choice, flag, sizes
from nndsl.code import Code, Part, call, code
from nndsl.layers.base import (
    Call,
    Layer,
    LayerError,
    MaskRule,
    Masks,
    Order,
    Sizes,
    TensorType,
    channel_axis,
    channels_first,
    layer,
    spatial_axes,
)
from nndsl.layers.masking import beside
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
        step, sizes = self.strides or self.pool_size, spatial_sizes(call.types[0], self.place)
        function = f"F.{'avg' if self.average else 'max'}_pool{self.dimensions}d"
        if function == "F.max_pool1d" and not isinstance(sizes[0], int):
            function = call.helper("max_pool1d")
        if self.padding == "valid":
            return self._pool(function, call.inputs[0], {})
        found: list[Pads] = []
        for size, window, stride in zip(sizes, self.pool_size, step, strict=True):
            here = pads(size, window, stride) if isinstance(size, int) else constant_pads(window, stride)
            if here is None:
                return self._at_run_time(function, call)
            found.append(here)
        return self._same(function, call.inputs[0], found)

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

    def _at_run_time(self, function: str, call: Call) -> Code:
        x, step = call.inputs[0], self.strides or self.pool_size
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


class GlobalPooling(Layer):
    """What pooling over all spatial axes shares; ``keepdims`` leaves them as axes of 1."""

    __slots__ = ()

    dimensions: ClassVar[int]
    method: ClassVar[str]

    data_format: str | None
    keepdims: bool

    @property
    def place(self) -> str:
        """Where the channels are."""
        return self.data_format or "channels_last"

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …, channels) -> (N, channels), or (N, 1, …, channels)."""
        (x,) = inputs
        need_spatial(self, x, self.dimensions, self.place)
        channels = x.shape[channel_axis(self.place)]
        if self.keepdims:
            return with_spatial(x, channels, [1] * self.dimensions, self.place)
        return x.with_shape(x.shape[0], channels)

    def forward(self, call: Call) -> Code:
        """x.mean((1, 2)) or x.amax((1, 2))."""
        axes = sorted(call.axis(axis) for axis in spatial_axes(call.types[0].rank, self.place))
        where = str(axes[0]) if len(axes) == 1 else f"({', '.join(map(str, axes))})"
        return code("{}.{}({}{})", call.inputs[0], self.method, where, ", keepdim=True" if self.keepdims else "")

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None


@layer
class GlobalAveragePooling1D(GlobalPooling):
    """The mean over all steps, of a masked sequence over the valid ones: (N, steps, channels) -> (N, channels)."""

    masks: ClassVar[MaskRule] = "uses"

    dimensions: ClassVar[int] = 1
    method: ClassVar[str] = "mean"

    data_format: str | None = argument(DataFormatKind(), default=None)
    keepdims: bool = flag(False)

    def mask_keywords(self, given: Masks) -> Mapping[str, Any]:
        """The mask."""
        if self.place == "channels_first" and given.masks[0] is not None:
            message = "`GlobalAveragePooling1D` takes no mask with the channels first"
            raise LayerError("E0411", message, help="a mask is of the first axis: `Permute` stops it")
        return GlobalPooling.mask_keywords(self, given)

    def forward(self, call: Call) -> Code:
        """The mean; of a masked sequence the sum of the valid steps by their number."""
        mask = call.keywords.get("mask")
        if mask is None:
            return GlobalPooling.forward(self, call)
        axis, keep = str(call.axis(1)), ", keepdim=True" if self.keepdims else ""
        count = code("{}.sum(1, keepdim=True)" + ".unsqueeze(-1)" * self.keepdims, mask)
        kept = code("{}.where({}, 0)", call.inputs[0], beside(call, mask))
        return code("{}.sum({}{}) / {}", kept, axis, keep, count)


@layer
class GlobalAveragePooling2D(GlobalPooling):
    """The mean over each channel of an image: (N, height, width, channels) -> (N, channels)."""

    dimensions: ClassVar[int] = 2
    method: ClassVar[str] = "mean"

    data_format: str | None = argument(DataFormatKind(), default=None)
    keepdims: bool = flag(False)


@layer
class GlobalMaxPooling1D(GlobalPooling):
    """The largest value over all steps: (N, steps, channels) -> (N, channels)."""

    dimensions: ClassVar[int] = 1
    method: ClassVar[str] = "amax"

    data_format: str | None = argument(DataFormatKind(), default=None)
    keepdims: bool = flag(False)


@layer
class GlobalMaxPooling2D(GlobalPooling):
    """The largest value of each channel of an image: (N, height, width, channels) -> (N, channels)."""

    dimensions: ClassVar[int] = 2
    method: ClassVar[str] = "amax"

    data_format: str | None = argument(DataFormatKind(), default=None)
    keepdims: bool = flag(False)
