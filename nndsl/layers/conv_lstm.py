"""Keras's ConvLSTM2D: an LSTM over images, whose products are convolutions."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

from nndsl.arguments import DataFormat as DataFormatKind
from nndsl.arguments import argument, choice, flag, integer, number, sizes
from nndsl.code import Code, Part, call, code
from nndsl.dims import Size
from nndsl.layers.activations import activation as named
from nndsl.layers.base import (
    Build,
    Call,
    Layer,
    LayerError,
    Masks,
    Order,
    Sizes,
    TensorType,
    Weight,
    channel_axis,
    channels_first,
    layer,
)
from nndsl.layers.cells import Cell, LSTMStep, stepwise_keywords
from nndsl.layers.penalties import constraint, regularizer
from nndsl.layers.recurrence import Recurrent, Whole
from nndsl.layers.refusals import need_floats, need_rank, shown
from nndsl.layers.windows import extents, window_shape, with_spatial
from nndsl.recipes.base import Recipe
from nndsl.recipes.initializers import Initializer, initializer


@layer
class ConvLSTM2D(LSTMStep, Whole):
    """A long short-term memory over images, whose products are convolutions (Shi et al. 2015).

    Takes floats of shape (N, T, height, width, in), gives (N, new height, new width, filters), or (N, T, …) with
    ``return_sequences``; its states are the output h and the cell c. Strides, padding and dilation are those of the
    convolution of the input; the one of the states keeps their size.
    """

    bias_leaf: ClassVar[str] = "bias"

    filters: int = integer()
    kernel_size: tuple[int, ...] = sizes(2)
    strides: tuple[int, ...] = sizes(2, (1, 1))
    padding: str = choice("valid", "same", default="valid")
    data_format: str | None = argument(DataFormatKind(), default=None)
    dilation_rate: tuple[int, ...] = sizes(2, (1, 1))
    activation: str | None = named("tanh")
    recurrent_activation: str | None = named("sigmoid")
    use_bias: bool = flag(True)
    kernel_initializer: Initializer = initializer("glorot_uniform")
    recurrent_initializer: Initializer = initializer("orthogonal")
    bias_initializer: Initializer = initializer("zeros")
    unit_forget_bias: bool = flag(True)
    kernel_regularizer: Recipe | None = regularizer()
    recurrent_regularizer: Recipe | None = regularizer()
    bias_regularizer: Recipe | None = regularizer()
    activity_regularizer: Recipe | None = regularizer()
    kernel_constraint: Recipe | None = constraint()
    recurrent_constraint: Recipe | None = constraint()
    bias_constraint: Recipe | None = constraint()
    dropout: float = number(0.0, 0, 1)
    recurrent_dropout: float = number(0.0, 0, 1)
    seed: int | None = integer(None, 0, optional=True)
    return_sequences: bool = flag(False)
    return_state: bool = flag(False)
    go_backwards: bool = flag(False)
    stateful: bool = flag(False)
    unroll: bool = flag(False)
    zero_output_for_mask: bool = flag(False)

    @property
    def units(self) -> int:  # type: ignore[override]
        """The filters."""
        return self.filters

    @property
    def place(self) -> str:
        """Where the channels are."""
        return self.data_format or "channels_last"

    @property
    def is_fused(self) -> bool:
        """PyTorch has no such module."""
        return False

    def alike(self) -> dict[str, object]:
        """Return the arguments in which two directions agree: also those of the convolution."""
        names = ("kernel_size", "strides", "padding", "data_format", "dilation_rate")
        return {**LSTMStep.alike(self), **{name: getattr(self, name) for name in names}}

    def check(self) -> None:
        """Also refuse strides and dilation together, as Keras does."""
        Whole.check(self)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise LayerError(
                "E0305",
                "`ConvLSTM2D` takes `strides` above 1 or `dilation_rate` above 1, not both",
                argument="dilation_rate",
            )

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType | tuple[TensorType, ...]:
        """(N, T, h, w, in) -> (N, new h, new w, filters) or (N, T, new h, new w, filters), and the states."""
        return Recurrent.infer(self, sizes, *inputs, **keywords)

    def need_sequence(self, sizes: Sizes, x: TensorType) -> None:
        """Raise LayerError unless the input is a sequence of images of floats, as large as the kernel."""
        spatial = ("height", "width")
        need_rank(self, x, ("steps", *(("channels", *spatial) if self.is_first else (*spatial, "channels"))))
        need_floats(self, x)
        step = step_of(x)
        sizes.fixed(step.shape[channel_axis(self.place)], "`ConvLSTM2D` needs a fixed number of channels")
        self._spatial(sizes, step)

    @property
    def is_first(self) -> bool:
        """Whether the channels stand before the other axes of an image."""
        return self.place == "channels_first"

    def _spatial(self, sizes: Sizes | None, step: TensorType) -> list[Size]:
        extent = extents(self.kernel_size, self.dilation_rate)
        return window_shape(sizes, self, step, extent, self.strides, self.padding, self.place, "kernel_size")

    def state_type(self, x: TensorType) -> TensorType:
        """(N, new height, new width, filters), or the same with the channels first."""
        step = step_of(x)
        return with_spatial(step, self.filters, self._spatial(None, step), self.place)

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        """kernel (h, w, in, 4 · filters), recurrent_kernel (h, w, filters, 4 · filters), bias."""
        return self.variables(inputs[0])

    def variables(self, x: TensorType, prefix: str = "", suffix: str = "") -> tuple[Weight, ...]:
        """Return those of one direction; ``prefix`` goes before Keras's names, ``suffix`` behind ours."""
        size, axes = 4 * self.filters, "h w in out -> out in h w"
        shape = (*self.kernel_size, self._channels(x), size)
        inner = (*self.kernel_size, self.filters, size)
        kernel = Weight(f"kernel{suffix}", f"{prefix}kernel", shape, axes, self.kernel_initializer)
        name = "recurrent_kernel"
        recurrent = Weight(f"{name}{suffix}", f"{prefix}{name}", inner, axes, self.recurrent_initializer)
        bias = Weight(f"bias{suffix}", f"{prefix}bias", (size,), "out -> out", self.bias_initializer)
        return (kernel, recurrent, bias) if self.use_bias else (kernel, recurrent)

    def _channels(self, x: TensorType) -> int:
        size = step_of(x).shape[channel_axis(self.place)]
        assert isinstance(size, int)
        return size

    def construct(self, context: Build, x: TensorType, *others: Cell) -> Code:
        """The helper, of one direction or of two."""
        keywords: dict[str, Part] = {}
        if max(self.strides) > 1:
            keywords["stride"] = self.strides
        if self.padding == "same":
            keywords["padding"] = '"same"'
        if max(self.dilation_rate) > 1:
            keywords["dilation"] = self.dilation_rate
        if not self.use_bias:
            keywords["bias"] = False
        # In what the module sees the channels come first: a softmax goes over what is the last axis in the file.
        keywords |= stepwise_keywords(context, (self, *others), -1 if self.is_first else 1)
        return call(context.helper("ConvLSTM2d"), self._channels(x), self.filters, self.kernel_size, **keywords)

    def mask_keywords(self, given: Masks) -> dict[str, Any]:
        """A mask of steps, or one that says of each place of an image whether it counts."""
        mask = given.masks[0]
        if mask is None:
            return {}
        x = given.inputs[0].type
        state = self.state_type(x)
        if mask.type.rank == 2 or (not self.is_first and mask.type.shape[2:] == state.shape[1:-1]):
            return {"mask": given.apply(SpreadMask(), mask)}
        raise LayerError(
            "E0411",
            f"the mask of `ConvLSTM2D` is {shown(mask.type.shape)}, and does not fit its states: {shown(state.shape)}",
            help="" if self.is_first else '`padding="same"` and `strides=1` keep the places that the mask speaks of',
        )

    def valid_steps(self, mask: Code) -> Code:
        """The mask, which has all axes."""
        return mask

    def valid_last(self, mask: Code) -> Code:
        """That of the last step."""
        return code("{}[:, -1]", mask)

    def valid_any(self, mask: Code) -> Code:
        """That of any step."""
        return code("{}.any(1)", mask)

    @property
    def joins_width(self) -> bool:
        """Along the channels: the last axis of the file unless they come first."""
        return not self.is_first

    def width_axis(self, *, steps: bool) -> int:
        """The channels, unless these come first in the file."""
        return -1 if self.is_first else 1 + steps

    def direction(self, results: Code, number: int) -> Code:
        """The channels of one direction."""
        units = self.filters
        return code("{}[:, :, {}:]", results, units) if number else code("{}[:, :, :{}]", results, units)

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """The channels behind the steps."""
        step = channels_first(inputs[0].rank - 1, self.place)
        return (0, 1, *(axis + 1 for axis in step[1:]))

    def other_order(self, kind: TensorType) -> Order:
        """Images of one step, and states, have the channels behind the batch."""
        return channels_first(4, self.place) if kind.rank == 4 and kind.dtype != "bool" else tuple(range(kind.rank))

    def multiply_adds(self, *inputs: TensorType) -> Size:
        """Both convolutions, for each step."""
        (x,) = inputs
        places: Size = 1
        for size in self._spatial(None, step_of(x)):
            places = places * size
        weights = prod(self.kernel_size) * (self._channels(x) + self.filters) * 4 * self.filters
        return x.shape[1] * places * weights


@layer
class SpreadMask(Layer):
    """A mask with the axes of images behind the steps: (N, T) -> (N, T, 1, 1, 1), (N, T, h, w) -> (N, T, 1, h, w)."""

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, T) -> (N, T, 1, 1, 1), or (N, T, h, w) -> (N, T, 1, h, w)."""
        (mask,) = inputs
        return mask.with_shape(*mask.shape[:2], 1, *(mask.shape[2:] or (1, 1)))

    def forward(self, call: Call) -> Code:
        """mask[:, :, None, None, None], or mask.unsqueeze(2)."""
        steps = call.types[0].rank == 2
        return code("{}[:, :, None, None, None]" if steps else "{}.unsqueeze(2)", call.inputs[0])


def step_of(x: TensorType) -> TensorType:
    """Return the type of one step."""
    return x.with_shape(x.shape[0], *x.shape[2:])
