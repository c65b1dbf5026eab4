"""Keras's layers that enlarge by whole factors: UpSampling1D to UpSampling3D."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from nndsl.arguments import DataFormat as DataFormatKind
from nndsl.arguments import argument, choice, integer, sizes
from nndsl.code import Code, Part, call, code
from nndsl.layers.base import Call, Layer, Order, Sizes, TensorType, channel_axis, channels_first, layer, spatial_axes
from nndsl.layers.casting import in_float32
from nndsl.layers.refusals import need_rank
from nndsl.layers.windows import need_spatial, packed, spatial_sizes, with_spatial


@layer
class UpSampling1D(Layer):
    """Repeat each step ``size`` times: (N, steps, features) -> (N, size · steps, features)."""

    size: int = integer(2)

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, steps, features) -> (N, size · steps, features)."""
        (x,) = inputs
        need_rank(self, x, ("steps", "features"))
        return x.with_shape(x.shape[0], self.size * x.shape[1], x.shape[2])

    def forward(self, call: Call) -> Code:
        """x.repeat_interleave."""
        return code("{}.repeat_interleave({}, dim={})", call.inputs[0], self.size, str(call.axis(1)))

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None


class Enlarging(Layer):
    """What the layers that enlarge images and volumes share."""

    __slots__ = ()

    dimensions: ClassVar[int]

    size: tuple[int, ...]
    data_format: str | None

    @property
    def place(self) -> str:
        """Where the channels are."""
        return self.data_format or "channels_last"

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …, channels) -> (N, …, channels), or the same with the channels first."""
        (x,) = inputs
        need_spatial(self, x, self.dimensions, self.place)
        spatial = [factor * size for factor, size in zip(self.size, spatial_sizes(x, self.place), strict=True)]
        return with_spatial(x, x.shape[channel_axis(self.place)], spatial, self.place)

    def forward(self, call: Call) -> Code:
        """F.interpolate."""
        return self._repeated(call.inputs[0])

    def _repeated(self, x: Code) -> Code:
        # From 41 on there are factors whose inverse PyTorch rounds down, and then its "nearest" begins a pixel late.
        mode = "nearest" if max(self.size) < 41 else "nearest-exact"
        return self._interpolated(x, mode)

    def _interpolated(self, x: Code, mode: str, **keywords: Part) -> Code:
        return call("F.interpolate", x, scale_factor=packed(self.size), mode=f'"{mode}"', **keywords)

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Channels first, as PyTorch interpolates."""
        return channels_first(inputs[0].rank, self.place)


@layer
class UpSampling2D(Enlarging):
    """Enlarge images by whole factors: (N, height, width, channels) -> (N, taller, wider, channels).

    ``interpolation`` places pixels by their centres. Bicubic is that of Keys with a = -0.5.
    """

    dimensions: ClassVar[int] = 2

    size: tuple[int, ...] = sizes(2, (2, 2))
    data_format: str | None = argument(DataFormatKind(), default=None)
    interpolation: str = choice("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", default="nearest")

    def forward(self, call: Call) -> Code:
        """F.interpolate; PyTorch has a = -0.5 in its kernel against aliasing alone, which is equal when enlarging."""
        x = call.inputs[0]
        if self.interpolation == "nearest":
            return self._repeated(x)
        if self.interpolation == "bilinear":
            return self._interpolated(x, "bilinear")
        return in_float32(partial(self._sharp, call), x, call.types[0].dtype)

    def _sharp(self, call: Call, x: Code) -> Code:
        if self.interpolation == "bicubic":
            return self._interpolated(x, "bicubic", antialias=True)
        size = tuple(
            here * factor if isinstance(here, int) else code("{} * {}", call.size(axis), factor)
            for axis, here, factor in zip(
                spatial_axes(4, self.place), spatial_sizes(call.types[0], self.place), self.size, strict=True
            )
        )
        return code("{}({}, {}, {})", call.helper("resample"), x, size, call.helper(self.interpolation))


@layer
class UpSampling3D(Enlarging):
    """Repeat the values of volumes: (N, depth, height, width, channels) -> (N, deeper, taller, wider, channels)."""

    dimensions: ClassVar[int] = 3

    size: tuple[int, ...] = sizes(3, (2, 2, 2))
    data_format: str | None = argument(DataFormatKind(), default=None)
