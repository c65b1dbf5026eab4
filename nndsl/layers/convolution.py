"""Keras's convolutions: Conv1D to Conv3D, and the depthwise and separable ones."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

from nndsl.arguments import DataFormat as DataFormatKind
from nndsl.arguments import argument, choice, flag, integer, sizes
from nndsl.code import Code, Part, call, code, defaulted
from nndsl.dims import Size
from nndsl.layers.activations import activated, activated_type, activation
from nndsl.layers.base import (
    Build,
    Call,
    Layer,
    LayerError,
    Order,
    Sizes,
    TensorType,
    Weight,
    channel_axis,
    channels_first,
    layer,
)
from nndsl.layers.penalties import constraint, regularizer
from nndsl.layers.windows import (
    extents,
    module_padding,
    need_spatial,
    packed,
    padded,
    padded_by,
    window_shape,
    with_spatial,
)
from nndsl.recipes.base import Recipe
from nndsl.recipes.initializers import Initializer, initializer

KERNELS = {1: "w", 2: "h w", 3: "d h w"}
"""The spatial axes of kernels in the notation of ``Weight.axes``, by their number."""


class Windowed(Layer):
    """What all convolutions share: a kernel that slides over ``dimensions`` axes, then an activation."""

    __slots__ = ()

    can_hold_weights: ClassVar[bool] = True
    dimensions: ClassVar[int]

    kernel_size: tuple[int, ...]
    strides: tuple[int, ...]
    padding: str | tuple[int, ...]
    """Keras's, or the number of zeros on both sides of each axis, which the compiler alone puts here."""
    data_format: str | None
    dilation_rate: tuple[int, ...]
    activation: str | None
    use_bias: bool

    @property
    def place(self) -> str:
        """Where the channels are."""
        return self.data_format or "channels_last"

    @property
    def extent(self) -> tuple[int, ...]:
        """What the dilated kernel spans."""
        return extents(self.kernel_size, self.dilation_rate)

    def channels(self, x: TensorType) -> int:
        """Return the number of channels of a checked input."""
        size = x.shape[channel_axis(self.place)]
        assert isinstance(size, int)
        return size

    def out_channels(self, x: TensorType) -> int:
        """Return the number of channels of the output."""
        raise NotImplementedError

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …, in) -> (N, …, out), or the same with the channels first."""
        (x,) = inputs
        need_spatial(self, x, self.dimensions, self.place)
        sizes.fixed(x.shape[channel_axis(self.place)], f"`{type(self).__name__}` needs a fixed number of channels")
        return activated_type(sizes, self.activation, self._output(sizes, x))

    def _output(self, sizes: Sizes | None, x: TensorType) -> TensorType:
        spatial = window_shape(sizes, self, x, self.extent, self.strides, self.padding, self.place, "kernel_size")
        return with_spatial(x, self.out_channels(x), spatial, self.place)

    def module_arguments(self) -> dict[str, Part]:
        """Return the arguments of the PyTorch module behind its stride that differ from their defaults."""
        zeros = module_padding(self.extent, self.strides) if self.padding == "same" else self.padding
        found: dict[str, Part] = {"padding": defaulted(packed(zeros) if isinstance(zeros, tuple) else 0, 0, "padding")}
        if any(rate > 1 for rate in self.dilation_rate):
            found["dilation"] = packed(self.dilation_rate)
        return found

    def step(self) -> Part:
        """Return the stride as an argument."""
        return defaulted(packed(self.strides), 1, "stride")

    def forward(self, call: Call) -> Code:
        """The padding that the module cannot hold, the module, the activation."""
        x = call.inputs[0]
        if self.padding == "causal":
            x = padded_by(x, [(self.extent[0] - 1, 0)])
        elif self.padding == "same" and module_padding(self.extent, self.strides) is None:
            x = padded(call, self.extent, self.strides, self.place)
        return activated(call, self.activation, code("{}({})", call.module, x))

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Channels first, as PyTorch convolves."""
        return channels_first(inputs[0].rank, self.place)

    def positions(self, x: TensorType) -> Size:
        """Return how many windows a sample has."""
        total: Size = 1
        shape = self._output(None, x)
        for axis, size in enumerate(shape.shape):
            if axis not in (0, channel_axis(self.place) % shape.rank):
                total = total * size
        return total


def no_stride_with_dilation(layer: Windowed) -> None:
    """Raise E0305 for strides and dilation together: Keras refuses them, since backends disagree."""
    if max(layer.strides) > 1 and max(layer.dilation_rate) > 1:
        raise LayerError(
            "E0305",
            f"`{type(layer).__name__}` takes `strides` above 1 or `dilation_rate` above 1, not both",
            argument="dilation_rate",
        )


class Convolution(Windowed):
    """What Conv1D, Conv2D and Conv3D share."""

    __slots__ = ()

    filters: int
    groups: int
    kernel_initializer: Initializer
    bias_initializer: Initializer

    def check(self) -> None:
        """Groups divide the filters; strides and dilation exclude each other."""
        if self.filters % self.groups:
            raise LayerError(
                "E0305",
                f"`groups` must divide `filters`, and {self.groups} does not divide {self.filters}",
                argument="groups",
            )
        no_stride_with_dilation(self)

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …, in) -> (N, …, filters), or the same with the channels first."""
        result = Windowed.infer(self, sizes, *inputs, **keywords)
        channels = self.channels(inputs[0])
        if channels % self.groups:
            raise LayerError(
                "E0408",
                f"`groups` must divide the channels of the input, and {self.groups} does not divide {channels}",
                argument="groups",
            )
        return result

    def out_channels(self, x: TensorType) -> int:
        """The filters."""
        return self.filters

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        """kernel (…, in / groups, filters), bias (filters,)."""
        shape = (*self.kernel_size, self.channels(inputs[0]) // self.groups, self.filters)
        field = KERNELS[self.dimensions]
        kernel = Weight("weight", "kernel", shape, f"{field} in out -> out in {field}", self.kernel_initializer)
        bias = Weight("bias", "bias", (self.filters,), "out -> out", self.bias_initializer)
        return (kernel, bias) if self.use_bias else (kernel,)

    def build(self, context: Build, *inputs: TensorType) -> Code:
        """An nn.Conv1d, nn.Conv2d or nn.Conv3d."""
        keywords = self.module_arguments()
        if self.groups > 1:
            keywords["groups"] = self.groups
        if not self.use_bias:
            keywords["bias"] = False
        kernel = packed(self.kernel_size)
        name = f"nn.Conv{self.dimensions}d"
        return call(name, self.channels(inputs[0]), self.filters, kernel, self.step(), **keywords)

    def multiply_adds(self, *inputs: TensorType) -> Size:
        """Kernel times filters for each window."""
        weights = prod(self.kernel_size) * (self.channels(inputs[0]) // self.groups) * self.filters
        return weights * self.positions(inputs[0])


@layer
class Conv1D(Convolution):
    """A convolution over time: (N, steps, in) -> (N, new steps, filters).

    ``padding="causal"`` puts dilation · (kernel - 1) zeros before the first step, so that no step sees a later one.
    """

    dimensions: ClassVar[int] = 1

    filters: int = integer()
    kernel_size: tuple[int, ...] = sizes(1)
    strides: tuple[int, ...] = sizes(1, (1,))
    padding: str = choice("valid", "same", "causal", default="valid")
    data_format: str | None = argument(DataFormatKind(), default=None)
    dilation_rate: tuple[int, ...] = sizes(1, (1,))
    groups: int = integer(1)
    activation: str | None = activation()
    use_bias: bool = flag(True)
    kernel_initializer: Initializer = initializer("glorot_uniform")
    bias_initializer: Initializer = initializer("zeros")
    kernel_regularizer: Recipe | None = regularizer()
    bias_regularizer: Recipe | None = regularizer()
    activity_regularizer: Recipe | None = regularizer()
    kernel_constraint: Recipe | None = constraint()
    bias_constraint: Recipe | None = constraint()


@layer
class Conv2D(Convolution):
    """A convolution over images: (N, height, width, in) -> (N, new height, new width, filters)."""

    dimensions: ClassVar[int] = 2

    filters: int = integer()
    kernel_size: tuple[int, ...] = sizes(2)
    strides: tuple[int, ...] = sizes(2, (1, 1))
    padding: str = choice("valid", "same", default="valid")
    data_format: str | None = argument(DataFormatKind(), default=None)
    dilation_rate: tuple[int, ...] = sizes(2, (1, 1))
    groups: int = integer(1)
    activation: str | None = activation()
    use_bias: bool = flag(True)
    kernel_initializer: Initializer = initializer("glorot_uniform")
    bias_initializer: Initializer = initializer("zeros")
    kernel_regularizer: Recipe | None = regularizer()
    bias_regularizer: Recipe | None = regularizer()
    activity_regularizer: Recipe | None = regularizer()
    kernel_constraint: Recipe | None = constraint()
    bias_constraint: Recipe | None = constraint()


@layer
class Conv3D(Convolution):
    """A convolution over volumes: (N, depth, height, width, in) -> (N, …, filters)."""

    dimensions: ClassVar[int] = 3

    filters: int = integer()
    kernel_size: tuple[int, ...] = sizes(3)
    strides: tuple[int, ...] = sizes(3, (1, 1, 1))
    padding: str = choice("valid", "same", default="valid")
    data_format: str | None = argument(DataFormatKind(), default=None)
    dilation_rate: tuple[int, ...] = sizes(3, (1, 1, 1))
    groups: int = integer(1)
    activation: str | None = activation()
    use_bias: bool = flag(True)
    kernel_initializer: Initializer = initializer("glorot_uniform")
    bias_initializer: Initializer = initializer("zeros")
    kernel_regularizer: Recipe | None = regularizer()
    bias_regularizer: Recipe | None = regularizer()
    activity_regularizer: Recipe | None = regularizer()
    kernel_constraint: Recipe | None = constraint()
    bias_constraint: Recipe | None = constraint()


class Depthwise(Windowed):
    """What DepthwiseConv1D and DepthwiseConv2D share: every channel has ``depth_multiplier`` kernels of its own."""

    __slots__ = ()

    depth_multiplier: int
    depthwise_initializer: Initializer
    bias_initializer: Initializer

    def out_channels(self, x: TensorType) -> int:
        """Those of the input, times the multiplier."""
        return self.channels(x) * self.depth_multiplier

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        """kernel (…, in, multiplier), bias (in · multiplier,)."""
        channels = self.channels(inputs[0])
        shape = (*self.kernel_size, channels, self.depth_multiplier)
        field = KERNELS[self.dimensions]
        kernel = Weight("weight", "kernel", shape, f"{field} c m -> (c m) 1 {field}", self.depthwise_initializer)
        bias = Weight("bias", "bias", (channels * self.depth_multiplier,), "out -> out", self.bias_initializer)
        return (kernel, bias) if self.use_bias else (kernel,)

    def build(self, context: Build, *inputs: TensorType) -> Code:
        """An nn.Conv1d or nn.Conv2d with a group for each channel."""
        channels = self.channels(inputs[0])
        keywords = {**self.module_arguments(), "groups": channels}
        if not self.use_bias:
            keywords["bias"] = False
        out = channels * self.depth_multiplier
        return call(f"nn.Conv{self.dimensions}d", channels, out, packed(self.kernel_size), self.step(), **keywords)

    def multiply_adds(self, *inputs: TensorType) -> Size:
        """The kernel of each output channel, for each window."""
        return prod(self.kernel_size) * self.out_channels(inputs[0]) * self.positions(inputs[0])


@layer
class DepthwiseConv1D(Depthwise):
    """A convolution over time of each channel by itself: (N, steps, in) -> (N, new steps, in · depth_multiplier)."""

    dimensions: ClassVar[int] = 1

    kernel_size: tuple[int, ...] = sizes(1)
    strides: tuple[int, ...] = sizes(1, (1,))
    padding: str = choice("valid", "same", default="valid")
    depth_multiplier: int = integer(1)
    data_format: str | None = argument(DataFormatKind(), default=None)
    dilation_rate: tuple[int, ...] = sizes(1, (1,))
    activation: str | None = activation()
    use_bias: bool = flag(True)
    depthwise_initializer: Initializer = initializer("glorot_uniform")
    bias_initializer: Initializer = initializer("zeros")
    depthwise_regularizer: Recipe | None = regularizer()
    bias_regularizer: Recipe | None = regularizer()
    activity_regularizer: Recipe | None = regularizer()
    depthwise_constraint: Recipe | None = constraint()
    bias_constraint: Recipe | None = constraint()


@layer
class DepthwiseConv2D(Depthwise):
    """A convolution over images of each channel by itself: (N, h, w, in) -> (N, …, in · depth_multiplier)."""

    dimensions: ClassVar[int] = 2

    kernel_size: tuple[int, ...] = sizes(2)
    strides: tuple[int, ...] = sizes(2, (1, 1))
    padding: str = choice("valid", "same", default="valid")
    depth_multiplier: int = integer(1)
    data_format: str | None = argument(DataFormatKind(), default=None)
    dilation_rate: tuple[int, ...] = sizes(2, (1, 1))
    activation: str | None = activation()
    use_bias: bool = flag(True)
    depthwise_initializer: Initializer = initializer("glorot_uniform")
    bias_initializer: Initializer = initializer("zeros")
    depthwise_regularizer: Recipe | None = regularizer()
    bias_regularizer: Recipe | None = regularizer()
    activity_regularizer: Recipe | None = regularizer()
    depthwise_constraint: Recipe | None = constraint()
    bias_constraint: Recipe | None = constraint()
