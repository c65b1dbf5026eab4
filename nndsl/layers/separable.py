"""Keras's separable convolutions: each channel by itself, then a convolution over the channels alone."""

from __future__ import annotations

from math import prod
from typing import ClassVar

from nndsl.arguments import DataFormat as DataFormatKind
from nndsl.arguments import argument, choice, flag, integer, sizes
from nndsl.code import Code, call
from nndsl.dims import Size
from nndsl.layers.activations import activation
from nndsl.layers.base import Build, TensorType, Weight, layer
from nndsl.layers.convolution import KERNELS, Windowed
from nndsl.layers.penalties import constraint, regularizer
from nndsl.layers.windows import packed
from nndsl.recipes.base import Recipe
from nndsl.recipes.initializers import Initializer, initializer


class Separable(Windowed):
    """What SeparableConv1D and SeparableConv2D share; strides, padding and dilation are the depthwise step's."""

    __slots__ = ()

    filters: int
    depth_multiplier: int
    depthwise_initializer: Initializer
    pointwise_initializer: Initializer
    bias_initializer: Initializer

    def out_channels(self, x: TensorType) -> int:
        """The filters."""
        return self.filters

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        """depthwise_kernel (…, in, multiplier), pointwise_kernel (1, …, in · multiplier, filters), bias (filters,)."""
        channels, field = self.channels(inputs[0]), KERNELS[self.dimensions]
        depthwise = Weight(
            "depthwise.weight",
            "depthwise_kernel",
            (*self.kernel_size, channels, self.depth_multiplier),
            f"{field} c m -> (c m) 1 {field}",
            self.depthwise_initializer,
        )
        pointwise = Weight(
            "pointwise.weight",
            "pointwise_kernel",
            (*(1,) * self.dimensions, channels * self.depth_multiplier, self.filters),
            f"{field} in out -> out in {field}",
            self.pointwise_initializer,
        )
        bias = Weight("pointwise.bias", "bias", (self.filters,), "out -> out", self.bias_initializer)
        return (depthwise, pointwise, bias) if self.use_bias else (depthwise, pointwise)

    def build(self, context: Build, *inputs: TensorType) -> Code:
        """A module of two convolutions."""
        keywords = self.module_arguments()
        if self.depth_multiplier > 1:
            keywords["depth_multiplier"] = self.depth_multiplier
        if not self.use_bias:
            keywords["bias"] = False
        name = context.helper(f"SeparableConv{self.dimensions}d")
        kernel = packed(self.kernel_size)
        return call(name, self.channels(inputs[0]), self.filters, kernel, self.step(), **keywords)

    def multiply_adds(self, *inputs: TensorType) -> Size:
        """Both steps, for each window."""
        channels = self.channels(inputs[0]) * self.depth_multiplier
        return (prod(self.kernel_size) * channels + channels * self.filters) * self.positions(inputs[0])


@layer
class SeparableConv1D(Separable):
    """A depthwise convolution over time, then one over the channels: (N, steps, in) -> (N, new steps, filters)."""

    dimensions: ClassVar[int] = 1

    filters: int = integer()
    kernel_size: tuple[int, ...] = sizes(1)
    strides: tuple[int, ...] = sizes(1, (1,))
    padding: str = choice("valid", "same", default="valid")
    data_format: str | None = argument(DataFormatKind(), default=None)
    dilation_rate: tuple[int, ...] = sizes(1, (1,))
    depth_multiplier: int = integer(1)
    activation: str | None = activation()
    use_bias: bool = flag(True)
    depthwise_initializer: Initializer = initializer("glorot_uniform")
    pointwise_initializer: Initializer = initializer("glorot_uniform")
    bias_initializer: Initializer = initializer("zeros")
    depthwise_regularizer: Recipe | None = regularizer()
    pointwise_regularizer: Recipe | None = regularizer()
    bias_regularizer: Recipe | None = regularizer()
    activity_regularizer: Recipe | None = regularizer()
    depthwise_constraint: Recipe | None = constraint()
    pointwise_constraint: Recipe | None = constraint()
    bias_constraint: Recipe | None = constraint()


@layer
class SeparableConv2D(Separable):
    """A depthwise convolution over images, then one over the channels: (N, h, w, in) -> (N, new h, new w, filters)."""

    dimensions: ClassVar[int] = 2

    filters: int = integer()
    kernel_size: tuple[int, ...] = sizes(2)
    strides: tuple[int, ...] = sizes(2, (1, 1))
    padding: str = choice("valid", "same", default="valid")
    data_format: str | None = argument(DataFormatKind(), default=None)
    dilation_rate: tuple[int, ...] = sizes(2, (1, 1))
    depth_multiplier: int = integer(1)
    activation: str | None = activation()
    use_bias: bool = flag(True)
    depthwise_initializer: Initializer = initializer("glorot_uniform")
    pointwise_initializer: Initializer = initializer("glorot_uniform")
    bias_initializer: Initializer = initializer("zeros")
    depthwise_regularizer: Recipe | None = regularizer()
    pointwise_regularizer: Recipe | None = regularizer()
    bias_regularizer: Recipe | None = regularizer()
    activity_regularizer: Recipe | None = regularizer()
    depthwise_constraint: Recipe | None = constraint()
    pointwise_constraint: Recipe | None = constraint()
    bias_constraint: Recipe | None = constraint()
