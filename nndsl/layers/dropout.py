"""Keras's dropout: values that are left out at random while training."""

from __future__ import annotations

from typing import Any, ClassVar

from nndsl.arguments import ArgumentError, Integer, Kind, argument, integer, number
from nndsl.arguments import DataFormat as DataFormatKind
from nndsl.code import Code, Part, code
from nndsl.layers.base import Call, Layer, LayerError, MaskRule, Order, Sizes, TensorType, channels_first, layer
from nndsl.layers.refusals import need_floats, need_rank, shown
from nndsl.layers.windows import AXES


class NoiseShape(Kind):
    """The shape of the random mask, batch first; none stands for the input's own size."""

    description = "a tuple of positive integers and `none`, or `none`"

    def read(self, value: object) -> tuple[int | None, ...] | None:
        """Return the tuple."""
        if value is None:
            return None
        if not isinstance(value, (tuple, list)):
            raise self.refuse(value)
        try:
            return tuple(Integer(1, optional=True).read(item) for item in value)
        except ArgumentError as error:
            raise self.refuse(value, error.code) from None


@layer
class Dropout(Layer):
    """Set values to 0 with probability ``rate`` while training, and the others to 1 / (1 - rate) of themselves.

    Axes of 1 in ``noise_shape`` (which counts the batch) share the choice.
    """

    masks: ClassVar[MaskRule] = "passes"

    rate: float = number(least=0, most=1)
    noise_shape: tuple[int | None, ...] | None = argument(NoiseShape(), default=None)
    seed: int | None = integer(None, 0, optional=True)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is dropped."""
        return not self.rate

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …) -> (N, …)."""
        (x,) = inputs
        need_floats(self, x)
        noise = self.noise_shape
        if noise is not None and (
            len(noise) != x.rank
            or any(wanted not in (None, 1) and wanted != size for wanted, size in zip(noise, x.shape, strict=True))
        ):
            message = f"`noise_shape` does not broadcast to {shown(x.shape)}"
            raise LayerError("E0403", message, help="each size is the input's, 1 or `none`", argument="noise_shape")
        return x

    def forward(self, call: Call) -> Code:
        """F.dropout, or the helper whose choice is broadcast."""
        x = call.inputs[0]
        if self.noise_shape is None:
            return code("F.dropout({}, {}, self.training)", x, self.rate)
        shape = shape_of_choice(call, self.noise_shape)
        return code("{}({}, {}, {}, self.training)", call.helper("shared_dropout"), x, self.rate, shape)

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None


def shape_of_choice(call: Call, noise_shape: tuple[int | None, ...]) -> tuple[Part, ...]:
    """Return a noise shape in the order of the input's axes, with the sizes that it leaves open."""
    shape: list[Part] = [1] * len(noise_shape)
    for axis, wanted in enumerate(noise_shape):
        if wanted != 1:
            shape[call.axis(axis)] = call.size(axis)
    return tuple(shape)


class SpatialDropout(Layer):
    """What the layers that drop whole channels share."""

    __slots__ = ()

    masks: ClassVar[MaskRule] = "passes"
    dimensions: ClassVar[int]

    rate: float

    @property
    def place(self) -> str:
        """Where the channels are."""
        return "channels_last"

    @property
    def is_idle(self) -> bool:
        """Whether nothing is dropped."""
        return not self.rate

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …, channels) -> (N, …, channels)."""
        (x,) = inputs
        spatial = AXES[self.dimensions]
        need_rank(self, x, ("channels", *spatial) if self.place == "channels_first" else (*spatial, "channels"))
        need_floats(self, x)
        return x

    def forward(self, call: Call) -> Code:
        """F.dropout1d or its like."""
        return code(f"F.dropout{self.dimensions}d({{}}, {{}}, self.training)", call.inputs[0], self.rate)

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Channels first."""
        return channels_first(inputs[0].rank, self.place)


@layer
class SpatialDropout1D(SpatialDropout):
    """Drop whole features of (N, steps, features) while training."""

    dimensions: ClassVar[int] = 1

    rate: float = number(least=0, most=1)
    seed: int | None = integer(None, 0, optional=True)


@layer
class SpatialDropout2D(SpatialDropout):
    """Drop whole channels of (N, height, width, channels) while training."""

    dimensions: ClassVar[int] = 2

    rate: float = number(least=0, most=1)
    data_format: str | None = argument(DataFormatKind(), default=None)
    seed: int | None = integer(None, 0, optional=True)

    @property
    def place(self) -> str:
        """Where the channels are."""
        return self.data_format or "channels_last"


@layer
class SpatialDropout3D(SpatialDropout):
    """Drop whole channels of (N, depth, height, width, channels) while training."""

    dimensions: ClassVar[int] = 3

    rate: float = number(least=0, most=1)
    data_format: str | None = argument(DataFormatKind(), default=None)
    seed: int | None = integer(None, 0, optional=True)

    @property
    def place(self) -> str:
        """Where the channels are."""
        return self.data_format or "channels_last"
