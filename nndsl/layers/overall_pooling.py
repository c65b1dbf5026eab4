"""Keras's pooling over whole axes, to one value (global) or to a given number of them (adaptive)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from nndsl.arguments import DataFormat as DataFormatKind
from nndsl.arguments import argument, flag, sizes
from nndsl.code import Code, call, code
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
from nndsl.layers.windows import need_spatial, packed, with_spatial


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
class GlobalAveragePooling3D(GlobalPooling):
    """The mean over each channel of a volume: (N, depth, height, width, channels) -> (N, channels)."""

    dimensions: ClassVar[int] = 3
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


@layer
class GlobalMaxPooling3D(GlobalPooling):
    """The largest value of each channel of a volume: (N, depth, height, width, channels) -> (N, channels)."""

    dimensions: ClassVar[int] = 3
    method: ClassVar[str] = "amax"

    data_format: str | None = argument(DataFormatKind(), default=None)
    keepdims: bool = flag(False)


class AdaptivePooling(Layer):
    """What pooling to a given size shares.

    Value i of m is of the cells from floor(i · n / m) to ceil((i + 1) · n / m) of n: windows of equal or nearly equal
    size, which overlap where m does not divide n.
    """

    __slots__ = ()

    dimensions: ClassVar[int]
    method: ClassVar[str]

    output_size: tuple[int, ...]
    data_format: str | None

    @property
    def place(self) -> str:
        """Where the channels are."""
        return self.data_format or "channels_last"

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …, channels) -> (N, *output_size, channels), or the same with the channels first."""
        (x,) = inputs
        need_spatial(self, x, self.dimensions, self.place)
        return with_spatial(x, x.shape[channel_axis(self.place)], list(self.output_size), self.place)

    def forward(self, call: Call) -> Code:
        """F.adaptive_avg_pool2d or its like."""
        return self._pool(call.inputs[0])

    def _pool(self, x: Code) -> Code:
        return call(f"F.adaptive_{self.method}_pool{self.dimensions}d", x, packed(self.output_size))

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Channels first, as PyTorch pools."""
        return channels_first(inputs[0].rank, self.place)


@layer
class AdaptiveAveragePooling1D(AdaptivePooling):
    """Means, as many as ``output_size`` says: (N, steps, channels) -> (N, output_size, channels)."""

    dimensions: ClassVar[int] = 1
    method: ClassVar[str] = "avg"

    output_size: tuple[int, ...] = sizes(1)
    data_format: str | None = argument(DataFormatKind(), default=None)


@layer
class AdaptiveAveragePooling2D(AdaptivePooling):
    """Means, as many as ``output_size`` says: (N, height, width, channels) -> (N, *output_size, channels)."""

    dimensions: ClassVar[int] = 2
    method: ClassVar[str] = "avg"

    output_size: tuple[int, ...] = sizes(2)
    data_format: str | None = argument(DataFormatKind(), default=None)


@layer
class AdaptiveAveragePooling3D(AdaptivePooling):
    """Means, as many as ``output_size`` says: (N, depth, height, width, channels) -> (N, …, channels)."""

    dimensions: ClassVar[int] = 3
    method: ClassVar[str] = "avg"

    output_size: tuple[int, ...] = sizes(3)
    data_format: str | None = argument(DataFormatKind(), default=None)


@layer
class AdaptiveMaxPooling1D(AdaptivePooling):
    """Largest values, as many as ``output_size`` says: (N, steps, channels) -> (N, output_size, channels)."""

    dimensions: ClassVar[int] = 1
    method: ClassVar[str] = "max"

    output_size: tuple[int, ...] = sizes(1)
    data_format: str | None = argument(DataFormatKind(), default=None)


@layer
class AdaptiveMaxPooling2D(AdaptivePooling):
    """Largest values, as many as ``output_size`` says: (N, height, width, channels) -> (N, *output_size, channels)."""

    dimensions: ClassVar[int] = 2
    method: ClassVar[str] = "max"

    output_size: tuple[int, ...] = sizes(2)
    data_format: str | None = argument(DataFormatKind(), default=None)


@layer
class AdaptiveMaxPooling3D(AdaptivePooling):
    """Largest values, as many as ``output_size`` says: (N, depth, height, width, channels) -> (N, …, channels)."""

    dimensions: ClassVar[int] = 3
    method: ClassVar[str] = "max"

    output_size: tuple[int, ...] = sizes(3)
    data_format: str | None = argument(DataFormatKind(), default=None)
