"""Keras's transposed convolutions: Conv1DTranspose to Conv3DTranspose."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

from nndsl.arguments import DataFormat as DataFormatKind
from nndsl.arguments import argument, choice, flag, integer, sizes
from nndsl.code import Code, Part, call, code
from nndsl.dims import Size
from nndsl.layers.activations import activated, activated_type, activation
from nndsl.layers.base import Build, Call, LayerError, Sizes, TensorType, Weight, channel_axis, layer
from nndsl.layers.convolution import KERNELS, Windowed, no_stride_with_dilation
from nndsl.layers.penalties import constraint, regularizer
from nndsl.layers.windows import need_spatial, packed, padded_by, spatial_sizes, with_spatial
from nndsl.recipes.base import Recipe
from nndsl.recipes.initializers import Initializer, initializer


class Transposed(Windowed):
    """What Conv1DTranspose to Conv3DTranspose share.

    The full result of n positions has (n - 1) · s + k. ``"same"`` crops max(k - s, 0) // 2 at the beginning and takes
    n · s; ``"valid"`` takes n · s + max(k - s, 0). With ``output_padding`` p they take (n - 1) · s + k % 2 + p and
    (n - 1) · s + k + p. What goes beyond the full result is zero, before the bias.
    """

    __slots__ = ()

    filters: int
    output_padding: tuple[int, ...] | None
    kernel_initializer: Initializer
    bias_initializer: Initializer

    def check(self) -> None:
        """Output padding is less than the stride; strides and dilation exclude each other."""
        for more, step in zip(self.output_padding or (), self.strides, strict=False):
            if more >= step:
                raise LayerError(
                    "E0305",
                    f"`output_padding` must be less than `strides`, and {more} is not less than {step}",
                    argument="output_padding",
                )
        no_stride_with_dilation(self)

    def out_channels(self, x: TensorType) -> int:
        """The filters."""
        return self.filters

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …, in) -> (N, …, filters), or the same with the channels first."""
        (x,) = inputs
        need_spatial(self, x, self.dimensions, self.place)
        sizes.fixed(x.shape[channel_axis(self.place)], f"`{type(self).__name__}` needs a fixed number of channels")
        spatial: list[Size] = []
        for size, (before, difference), span, step in zip(
            spatial_sizes(x, self.place), self._fit(), self.extent, self.strides, strict=True
        ):
            length = (size - 1) * step + span - 2 * before + difference
            sizes.require(length, 1, LayerError("E0402", f"`{type(self).__name__}` would give an axis of {length}"))
            spatial.append(length)
        return activated_type(sizes, self.activation, with_spatial(x, self.filters, spatial, self.place))

    def _fit(self) -> list[tuple[int, int]]:
        """Return for each axis what is cropped on both sides, and what the end then has more (or less)."""
        found: list[tuple[int, int]] = []
        for place, (span, step) in enumerate(zip(self.extent, self.strides, strict=True)):
            more = None if self.output_padding is None else self.output_padding[place]
            if self.padding == "valid":
                found.append((0, max(span, step) - span if more is None else more))
            elif more is None:
                before = max(span - step, 0) // 2
                found.append((before, step - span + 2 * before))
            else:
                odd = span % 2
                before = max((span - odd - more) // 2, 0)
                found.append((before, odd - span + more + 2 * before))
        return found

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        """kernel (…, filters, in), bias (filters,)."""
        field = KERNELS[self.dimensions]
        shape = (*self.kernel_size, self.filters, self.channels(inputs[0]))
        kernel = Weight("weight", "kernel", shape, f"{field} out in -> in out {field}", self.kernel_initializer)
        bias = Weight("bias", "bias", (self.filters,), "out -> out", self.bias_initializer)
        return (kernel, bias) if self.use_bias else (kernel,)

    def build(self, context: Build, *inputs: TensorType) -> Code:
        """An nn.ConvTranspose1d or its like."""
        keywords: dict[str, Part] = {}
        fit = self._fit()
        if any(before for before, _ in fit):
            keywords["padding"] = packed(tuple(before for before, _ in fit))
        if any(more > 0 for _, more in fit) and not self._extends():
            keywords["output_padding"] = packed(tuple(max(more, 0) for _, more in fit))
        if any(rate > 1 for rate in self.dilation_rate):
            keywords["dilation"] = packed(self.dilation_rate)
        if not self.use_bias:
            keywords["bias"] = False
        name, kernel = f"nn.ConvTranspose{self.dimensions}d", packed(self.kernel_size)
        return call(name, self.channels(inputs[0]), self.filters, kernel, self.step(), **keywords)

    def _extends(self) -> bool:
        """Return whether a row of zeros behind the input stands for ``output_padding``.

        With it, the backward pass of a 1×1 kernel on channels-last images corrupts memory in PyTorch 2.13 (oneDNN, more
        than one thread).
        """
        return self.kernel_size == (1, 1) and any(more > 0 for _, more in self._fit())

    def forward(self, call: Call) -> Code:
        """The module, without the last cells where Keras crops more at the end than at the beginning."""
        x, cut = call.inputs[0], [more for _, more in self._fit()]
        if self._extends():
            x = padded_by(x, [(0, 1), (0, 1)])
            cut = [more - step for more, step in zip(cut, self.strides, strict=True)]
        result = code("{}({})", call.module, x)
        slices = [":" if more >= 0 else f":{more}" for more in cut]
        while slices and slices[-1] == ":":
            slices.pop()
        if slices:
            result = code("{}[{}]", result, ", ".join([":", ":", *slices]))
        return activated(call, self.activation, result)

    def multiply_adds(self, *inputs: TensorType) -> Size:
        """Kernel times filters for each position of the input."""
        total: Size = prod(self.kernel_size) * self.channels(inputs[0]) * self.filters
        for size in spatial_sizes(inputs[0], self.place):
            total = total * size
        return total


@layer
class Conv1DTranspose(Transposed):
    """A transposed convolution over time: (N, steps, in) -> (N, more steps, filters)."""

    dimensions: ClassVar[int] = 1

    filters: int = integer()
    kernel_size: tuple[int, ...] = sizes(1)
    strides: tuple[int, ...] = sizes(1, (1,))
    padding: str = choice("valid", "same", default="valid")
    output_padding: tuple[int, ...] | None = sizes(1, None, 0, optional=True)
    data_format: str | None = argument(DataFormatKind(), default=None)
    dilation_rate: tuple[int, ...] = sizes(1, (1,))
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
class Conv2DTranspose(Transposed):
    """A transposed convolution over images: (N, height, width, in) -> (N, taller, wider, filters)."""

    dimensions: ClassVar[int] = 2

    filters: int = integer()
    kernel_size: tuple[int, ...] = sizes(2)
    strides: tuple[int, ...] = sizes(2, (1, 1))
    padding: str = choice("valid", "same", default="valid")
    output_padding: tuple[int, ...] | None = sizes(2, None, 0, optional=True)
    data_format: str | None = argument(DataFormatKind(), default=None)
    dilation_rate: tuple[int, ...] = sizes(2, (1, 1))
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
class Conv3DTranspose(Transposed):
    """A transposed convolution over volumes: (N, depth, height, width, in) -> (N, …, filters)."""

    dimensions: ClassVar[int] = 3

    filters: int = integer()
    kernel_size: tuple[int, ...] = sizes(3)
    strides: tuple[int, ...] = sizes(3, (1, 1, 1))
    padding: str = choice("valid", "same", default="valid")
    data_format: str | None = argument(DataFormatKind(), default=None)
    output_padding: tuple[int, ...] | None = sizes(3, None, 0, optional=True)
    dilation_rate: tuple[int, ...] = sizes(3, (1, 1, 1))
    activation: str | None = activation()
    use_bias: bool = flag(True)
    kernel_initializer: Initializer = initializer("glorot_uniform")
    bias_initializer: Initializer = initializer("zeros")
    kernel_regularizer: Recipe | None = regularizer()
    bias_regularizer: Recipe | None = regularizer()
    activity_regularizer: Recipe | None = regularizer()
    kernel_constraint: Recipe | None = constraint()
    bias_constraint: Recipe | None = constraint()
