"""Keras's augmentation of images, active in training alone; each sample draws for itself, but for RandomCrop.

As with Dropout, ``seed`` chooses nothing: what is drawn comes from PyTorch's own generator, which its ``manual_seed``
sets. A generator of the layer's own, started anew in each pass, would treat every batch alike.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from nndsl.arguments import ArgumentError, Decimal, Kind, argument, choice, integer, number
from nndsl.arguments import DataFormat as DataFormatKind
from nndsl.code import Code, code
from nndsl.layers.base import Call, Layer, Order, Sizes, TensorType, channel_axis, channels_first, layer, spatial_axes
from nndsl.layers.casting import cast
from nndsl.layers.refusals import need_numbers, need_rank
from nndsl.layers.windows import AXES, with_spatial

Pair = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Factor(Kind):
    """A number f for a range from -f to f, or the two ends of a range; the field holds the ends, the lower one first.

    A number lies from ``least`` to ``most``, and what it says of the lower end is cut off at ``least``. A range must
    reach into that, or lie ``inside`` of it. With ``positive`` zooming to nothing, at -1, is not a factor.
    """

    least: float = -1
    inside: bool = False
    positive: bool = False
    optional: bool = False

    @property
    def description(self) -> str:  # type: ignore[override]
        """What the argument takes."""
        lower = f"above {self.least:g} and up to" if self.positive else f"from {self.least:g} to"
        return f"a number {lower} 1, or a pair of such numbers" + (" or `none`" if self.optional else "")

    def read(self, value: object) -> Pair | None:
        """Return the ends."""
        if value is None and self.optional:
            return None
        if isinstance(value, (tuple, list)):
            if len(value) != 2:
                raise self.refuse(value)
            lower, upper = sorted(self._number(item) for item in value)
            beyond = max(abs(lower), abs(upper)) > 1 if self.inside else lower > 1 or upper < self.least
            if beyond or (self.positive and lower == -1) or (self.least == 0 and lower < 0):
                raise self.refuse(value, "E0303")
            return lower, upper
        factor = self._number(value)
        if not self.least <= factor <= 1 or (self.positive and factor == -1):
            raise self.refuse(value, "E0303")
        return max(-abs(factor), self.least), abs(factor)

    def _number(self, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.refuse(value)
        if not math.isfinite(value):
            raise self.refuse(value, "E0303")
        return value


class ValueRange(Kind):
    """The least and the largest value of images."""

    description = "a pair of numbers, the lower one first"

    def read(self, value: object) -> Pair:
        """Return the pair."""
        if not isinstance(value, (tuple, list)) or len(value) != 2:
            raise self.refuse(value)
        low, high = (Decimal().read(item) for item in value)
        if low is None or high is None or low >= high:
            raise ArgumentError("E0303", f"must be {self.description}")
        return low, high


class Augmentation(Layer):
    """What these layers share: images of any numbers, (N, height, width, channels), which become floats."""

    __slots__ = ()

    data_format: str | None

    @property
    def place(self) -> str:
        """Where the channels are."""
        return self.data_format or "channels_last"

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, height, width, channels) -> the same, floats."""
        (x,) = inputs
        need_rank(self, x, ("channels", *AXES[2]) if self.place == "channels_first" else (*AXES[2], "channels"))
        need_numbers(self, x)
        return x if x.is_float else x.with_dtype(self.compute_dtype)

    def floats(self, call: Call) -> Code:
        """Return the images as floats."""
        return call.inputs[0] if call.types[0].is_float else cast(call.inputs[0], self.compute_dtype)

    def spatial(self, call: Call) -> tuple[str, str]:
        """Return where height and width physically are."""
        down, across = (str(call.axis(axis)) for axis in spatial_axes(4, self.place))
        return down, across

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None


@layer
class RandomFlip(Augmentation):
    """Flip half of the images while training: left to right, top to bottom, or both at once.

    Takes (N, height, width, channels), and keeps it.
    """

    mode: str = choice("horizontal", "vertical", "horizontal_and_vertical", default="horizontal_and_vertical")
    seed: int | None = integer(None, 0, optional=True)
    data_format: str | None = argument(DataFormatKind(), default=None)

    def forward(self, call: Call) -> Code:
        """The helper."""
        down, across = self.spatial(call)
        axes = {"horizontal": f"({across},)", "vertical": f"({down},)"}.get(self.mode, f"({down}, {across})")
        return code(f"{call.helper('random_flip')}({{}}, {axes}, self.training)", self.floats(call))


class Warping(Augmentation):
    """What the layers share that move pixels: how to fill what comes from outside, and to look between pixels."""

    __slots__ = ()

    fill_mode: str
    interpolation: str
    fill_value: float

    def warped(self, call: Call, helper: str, *factors: Pair | None) -> Code:
        """Return the helper's call; what is the usual is left out."""
        given = "".join(
            f', {name}="{value}"'
            for name, value, usual in (
                ("fill_mode", self.fill_mode, "reflect"),
                ("interpolation", self.interpolation, "bilinear"),
            )
            if value != usual
        )
        fills = self.fill_mode == "constant" and self.fill_value
        value = code(", fill_value={}", self.fill_value) if fills else code("")
        ranges = ", ".join("{}" for _ in factors)
        template = f"{call.helper(helper)}({{}}, {ranges}{given}{{}}, training=self.training)"
        return code(template, self.floats(call), *factors, value)

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Channels first, as PyTorch samples images."""
        return channels_first(inputs[0].rank, self.place)


def fill_mode() -> Any:
    """Declare what lies outside of an image."""
    return choice("reflect", "wrap", "constant", "nearest", default="reflect")


def interpolation() -> Any:
    """Declare what lies between pixels."""
    return choice("nearest", "bilinear", default="bilinear")


@layer
class RandomRotation(Warping):
    """Rotate each image about its middle while training, by a part of a full turn that is drawn from ``factor``.

    Takes (N, height, width, channels), and keeps it. ``fill_mode`` says what lies beyond the edges: of a b c d the mode
    ``"reflect"`` makes d c b a | a b c d | d c b a, ``"wrap"`` a b c d | a b c d | a b c d, ``"nearest"``
    a a a a | a b c d | d d d d, and ``"constant"`` puts ``fill_value`` there.
    """

    factor: Pair = argument(Factor())
    fill_mode: str = fill_mode()
    interpolation: str = interpolation()
    seed: int | None = integer(None, 0, optional=True)
    fill_value: float = number(0.0)
    data_format: str | None = argument(DataFormatKind(), default=None)

    def forward(self, call: Call) -> Code:
        """The helper."""
        return self.warped(call, "random_rotation", self.factor)


@layer
class RandomZoom(Warping):
    """Zoom each image about its middle while training: out by factors above 0, in by those below.

    Takes (N, height, width, channels), and keeps it. Without ``width_factor`` the proportions stay. ``fill_mode`` is
    that of RandomRotation.
    """

    height_factor: Pair = argument(Factor(inside=True, positive=True))
    width_factor: Pair | None = argument(Factor(inside=True, positive=True, optional=True), default=None)
    fill_mode: str = fill_mode()
    interpolation: str = interpolation()
    seed: int | None = integer(None, 0, optional=True)
    fill_value: float = number(0.0)
    data_format: str | None = argument(DataFormatKind(), default=None)

    def forward(self, call: Call) -> Code:
        """The helper."""
        return self.warped(call, "random_zoom", self.height_factor, self.width_factor)


@layer
class RandomTranslation(Warping):
    """Shift each image while training, by parts of its height (down above 0) and width (to the right above 0).

    Takes (N, height, width, channels), and keeps it. ``fill_mode`` is that of RandomRotation.
    """

    height_factor: Pair = argument(Factor(inside=True))
    width_factor: Pair = argument(Factor(inside=True))
    fill_mode: str = fill_mode()
    interpolation: str = interpolation()
    seed: int | None = integer(None, 0, optional=True)
    fill_value: float = number(0.0)
    data_format: str | None = argument(DataFormatKind(), default=None)

    def forward(self, call: Call) -> Code:
        """The helper."""
        return self.warped(call, "random_translation", self.height_factor, self.width_factor)


@layer
class RandomCrop(Augmentation):
    """Cut a window out of images: (N, any height, any width, channels) -> (N, height, width, channels).

    A batch draws its window in training. Afterwards the largest window in the middle that has the proportions is
    resized, bilinearly; so are the windows of images that are no larger than the window wanted.
    """

    height: int = integer()
    width: int = integer()
    seed: int | None = integer(None, 0, optional=True)
    data_format: str | None = argument(DataFormatKind(), default=None)

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, any height, any width, channels) -> (N, height, width, channels), floats."""
        x = Augmentation.infer(self, sizes, *inputs, **keywords)
        return with_spatial(x, x.shape[channel_axis(self.place)], [self.height, self.width], self.place)

    def forward(self, call: Call) -> Code:
        """The helper."""
        template = "{}({}, {}, self.training)"
        return code(template, call.helper("random_crop"), self.floats(call), (self.height, self.width))

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Channels first, as PyTorch interpolates."""
        return channels_first(inputs[0].rank, self.place)


@layer
class RandomContrast(Augmentation):
    """Multiply the distance from the mean of each channel of an image while training, and clip to ``value_range``.

    Takes (N, height, width, channels), and keeps it. A pair is the most that is taken from 1, and added to it; a number
    is the most that is added, and nothing is taken, as in Keras.
    """

    factor: Pair = argument(Factor(least=0))
    value_range: Pair = argument(ValueRange(), default=(0, 255))
    seed: int | None = integer(None, 0, optional=True)
    data_format: str | None = argument(DataFormatKind(), default=None)

    def forward(self, call: Call) -> Code:
        """The helper."""
        down, across = self.spatial(call)
        lower, upper = self.factor
        factors, given = (1 - lower, 1 + upper), f"({down}, {across}), self.training"
        helper = call.helper("random_contrast")
        return code(f"{{}}({{}}, {{}}, {{}}, {given})", helper, self.floats(call), factors, self.value_range)


@layer
class RandomBrightness(Augmentation):
    """Add to all values of an image while training, a part of the width of ``value_range``, and clip to that.

    Takes (N, height, width, channels), and keeps it.
    """

    factor: Pair = argument(Factor())
    value_range: Pair = argument(ValueRange(), default=(0, 255))
    seed: int | None = integer(None, 0, optional=True)
    data_format: str | None = argument(DataFormatKind(), default=None)

    def forward(self, call: Call) -> Code:
        """The helper."""
        helper = call.helper("random_brightness")
        return code("{}({}, {}, {}, self.training)", helper, self.floats(call), self.factor, self.value_range)
