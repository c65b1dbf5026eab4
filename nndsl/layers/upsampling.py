"""Keras's layers that enlarge: UpSampling1D and UpSampling2D."""

from __future__ import annotations

from typing import Any

from nndsl.arguments import DataFormat as DataFormatKind
from nndsl.arguments import argument, choice, integer, sizes
from nndsl.code import Code, code
from nndsl.layers.base import Call, Layer, Order, Sizes, TensorType, channel_axis, channels_first, layer
from nndsl.layers.refusals import need_rank
from nndsl.layers.windows import need_spatial, spatial_sizes, with_spatial


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


@layer
class UpSampling2D(Layer):
    """Enlarge images by whole factors: (N, height, width, channels) -> (N, taller, wider, channels).

    ``interpolation`` places pixels by their centres. Bicubic is that of Keys with a = -0.5.
    """

    size: tuple[int, ...] = sizes(2, (2, 2))
    data_format: str | None = argument(DataFormatKind(), default=None)
    interpolation: str = choice("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", default="nearest")

    @property
    def place(self) -> str:
        """Where the channels are."""
        return self.data_format or "channels_last"

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, height, width, channels) -> (N, taller, wider, channels)."""
        (x,) = inputs
        need_spatial(self, x, 2, self.place)
        spatial = [factor * size for factor, size in zip(self.size, spatial_sizes(x, self.place), strict=True)]
        return with_spatial(x, x.shape[channel_axis(self.place)], spatial, self.place)

    def forward(self, call: Call) -> Code:
        """F.interpolate; PyTorch has a = -0.5 in its kernel against aliasing alone, which is equal when enlarging."""
        x = call.inputs[0]
        factor = code("{}", self.size[0] if self.size[0] == self.size[1] else self.size)
        if self.interpolation.startswith("lanczos"):
            return code(call.helper("lanczos") + "({}, {}, {})", x, self.size, int(self.interpolation[-1]))
        template = 'F.interpolate({}, scale_factor={}, mode="' + self.interpolation + '"'
        return code(template + (", antialias=True)" if self.interpolation == "bicubic" else ")"), x, factor)

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Channels first, as PyTorch interpolates."""
        return channels_first(inputs[0].rank, self.place)
