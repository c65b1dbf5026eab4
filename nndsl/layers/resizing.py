"""Keras's layers that give images a fixed size: Resizing and CenterCrop."""

from __future__ import annotations

from functools import partial
from typing import Any

from nndsl.arguments import DataFormat as DataFormatKind
from nndsl.arguments import argument, choice, flag, integer, number
from nndsl.code import Code, code
from nndsl.code import call as written
from nndsl.dims import Size
from nndsl.layers.base import (
    Call,
    Layer,
    LayerError,
    Order,
    Sizes,
    TensorType,
    channel_axis,
    channels_first,
    layer,
    spatial_axes,
)
from nndsl.layers.casting import cast, in_float32
from nndsl.layers.refusals import need_numbers, need_rank
from nndsl.layers.windows import AXES, padded_by, spatial_sizes, with_spatial

RANGES = {"uint8": (0, 255), "int8": (-128, 127), "int16": (-32768, 32767)}
"""The least and the largest value of dtypes that a kernel can overshoot."""
SHARP = ("bicubic", "lanczos3", "lanczos5")
"""The interpolations whose kernels have negative weights, so that values overshoot."""


class OfFixedSize(Layer):
    """What the layers that give images a fixed size share."""

    __slots__ = ()

    height: int
    width: int
    data_format: str | None

    @property
    def place(self) -> str:
        """Where the channels are."""
        return self.data_format or "channels_last"

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the output."""
        return self.height, self.width

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, any height, any width, channels) -> (N, height, width, channels), or with the channels first."""
        (x,) = inputs
        need_rank(self, x, ("channels", *AXES[2]) if self.place == "channels_first" else (*AXES[2], "channels"))
        return with_spatial(x, x.shape[channel_axis(self.place)], list(self.size), self.place)

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Channels first, as PyTorch interpolates."""
        return channels_first(inputs[0].rank, self.place)


def known(sizes: list[Size]) -> tuple[int, int] | None:
    """Return height and width if both are numbers."""
    height, width = sizes
    return (int(height), int(width)) if isinstance(height, int) and isinstance(width, int) else None


def kept(have: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
    """Return height and width of the largest part of an image that has the proportions of a size."""
    (height, width), (rows, columns) = have, size
    return max(min(height, width * rows // columns), 1), max(min(width, height * columns // rows), 1)


def middle(x: Code, have: tuple[int, int], size: tuple[int, int], places: tuple[int, int] = (2, 3)) -> Code:
    """Return the middle of images of known sizes; ``places`` are the physical axes of height and width."""
    slices = [":"] * 4
    for place, total, wanted in zip(places, have, size, strict=True):
        before = (total - wanted) // 2
        if total > wanted:
            slices[place] = f"{before or ''}:{before + wanted}"
    while slices and slices[-1] == ":":
        slices.pop()
    return code("{}[{}]", x, ", ".join(slices)) if slices else x


@layer
class Resizing(OfFixedSize):
    """Resize images: (N, any height, any width, channels) -> (N, height, width, channels); integers are rounded.

    ``interpolation`` places pixels by their centres; bicubic is that of Keys with a = -0.5. ``antialias`` stretches the
    kernel (of all but ``"nearest"``) when images become smaller. The proportions change, unless
    ``crop_to_aspect_ratio`` cuts off what is too much at both sides, or ``pad_to_aspect_ratio`` puts ``fill_value``
    there.
    """

    height: int = integer()
    width: int = integer()
    interpolation: str = choice("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", default="bilinear")
    crop_to_aspect_ratio: bool = flag(False)
    pad_to_aspect_ratio: bool = flag(False)
    fill_mode: str = choice("constant", default="constant")
    fill_value: float = number(0.0)
    antialias: bool = flag(False)
    data_format: str | None = argument(DataFormatKind(), default=None)

    def check(self) -> None:
        """One of cropping and padding at most."""
        if self.crop_to_aspect_ratio and self.pad_to_aspect_ratio:
            raise LayerError(
                "E0305",
                "`Resizing` takes `crop_to_aspect_ratio` or `pad_to_aspect_ratio`, not both",
                argument="pad_to_aspect_ratio",
            )

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, any height, any width, channels) -> (N, height, width, channels)."""
        need_numbers(self, inputs[0])
        return OfFixedSize.infer(self, sizes, *inputs, **keywords)

    def forward(self, call: Call) -> Code:
        """F.interpolate; integers become floats for it, and are rounded behind it."""
        x, dtype = call.inputs[0], call.types[0].dtype
        have = known(spatial_sizes(call.types[0], self.place))
        if have == self.size:
            return x
        if call.types[0].is_float:
            return self._resized(call, x, have)
        x = self._resized(call, cast(x, "float64" if dtype in ("int32", "int64") else "float32"), have)
        return cast(self._rounded(x, dtype), dtype)

    def _resized(self, call: Call, x: Code, have: tuple[int, int] | None) -> Code:
        if self.crop_to_aspect_ratio:
            if have is None:
                x = code("{}({}, {})", call.helper("crop_to_ratio"), x, self.size)
            else:
                have, before = kept(have, self.size), have
                x = middle(x, before, have)
        elif self.pad_to_aspect_ratio:
            if have is None:
                value = code(", {}", self.fill_value) if self.fill_value else code("")
                x = code("{}({}, {}{})", call.helper("pad_to_ratio"), x, self.size, value)
            else:
                have, x = self._padded(x, have)
        if have == self.size:
            return x
        enlarges = have is not None and all(before <= after for before, after in zip(have, self.size, strict=True))
        antialias = self.antialias and not enlarges
        if self.interpolation == "nearest":
            return written("F.interpolate", x, self.size, mode='"nearest-exact"')
        if self.interpolation == "bilinear" and not antialias:
            return written("F.interpolate", x, self.size, mode='"bilinear"')
        return in_float32(partial(self._smooth, call, antialias, enlarges), x, call.types[0].dtype)

    def _padded(self, x: Code, have: tuple[int, int]) -> tuple[tuple[int, int], Code]:
        (height, width), (rows, columns) = have, self.size
        above = max(width * rows // columns - height, 0) // 2
        beside = max(height * columns // rows - width, 0) // 2
        padded = padded_by(x, [(above, above), (beside, beside)], self.fill_value)
        return (height + 2 * above, width + 2 * beside), padded

    def _smooth(self, call: Call, antialias: bool, enlarges: bool, x: Code) -> Code:
        # PyTorch's bicubic has a = -0.5 in its kernel against aliasing alone, which is equal when enlarging.
        if self.interpolation == "bilinear" or (self.interpolation == "bicubic" and (antialias or enlarges)):
            return written("F.interpolate", x, self.size, mode=f'"{self.interpolation}"', antialias=True)
        kernel = call.helper("cubic" if self.interpolation == "bicubic" else self.interpolation)
        smooth = ", antialias=True" if antialias else ""
        return code("{}({}, {}, {}{})", call.helper("resample"), x, self.size, kernel, smooth)

    def _rounded(self, x: Code, dtype: str) -> Code:
        if dtype in RANGES:
            least, most = RANGES[dtype]
            fills = self.pad_to_aspect_ratio and not least <= self.fill_value <= most
            if self.interpolation in SHARP or fills:
                return code("{}.round().clamp({}, {})", x, str(least), str(most))
        return code("{}.round()", x)


@layer
class CenterCrop(OfFixedSize):
    """Cut the middle out of images: (N, any height, any width, channels) -> (N, height, width, channels), floats.

    Of images that are too small the middle in the proportions wanted is enlarged, bilinearly.
    """

    height: int = integer()
    width: int = integer()
    data_format: str | None = argument(DataFormatKind(), default=None)

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, any height, any width, channels) -> (N, height, width, channels)."""
        result = OfFixedSize.infer(self, sizes, *inputs, **keywords)
        return result if result.is_float else result.with_dtype(self.compute_dtype)

    def forward(self, call: Call) -> Code:
        """Slices; F.interpolate for images that are too small."""
        (kind,) = call.types
        x = call.inputs[0] if kind.is_float else cast(call.inputs[0], self.compute_dtype)
        have = known(spatial_sizes(kind, self.place))
        if have is None:
            return code("{}({}, {})", call.helper("center_crop"), x, self.size)
        if self._cuts(kind):
            height, width = spatial_axes(4, self.place)
            return middle(x, have, self.size, (call.axis(height), call.axis(width)))
        x = middle(x, have, kept(have, self.size))
        return written("F.interpolate", x, self.size, mode='"bilinear"')

    def _cuts(self, x: TensorType) -> bool:
        have = known(spatial_sizes(x, self.place))
        return have is not None and have[0] >= self.height and have[1] >= self.width

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any for slices, else channels first, as PyTorch interpolates."""
        return None if self._cuts(inputs[0]) else OfFixedSize.wanted_order(self, *inputs)
