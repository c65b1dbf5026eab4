"""Keras's core layers: Dense, Activation, Identity, Embedding."""

from __future__ import annotations

from typing import Any, ClassVar

from nndsl.arguments import argument, flag, integer
from nndsl.code import Code, call, code
from nndsl.dims import Size
from nndsl.layers.activations import Activation as ActivationKind
from nndsl.layers.activations import activated, activated_type, activation
from nndsl.layers.base import (
    Build,
    Call,
    Layer,
    LayerError,
    MaskRule,
    Masks,
    Order,
    Sizes,
    TensorType,
    Typed,
    Weight,
    layer,
)
from nndsl.layers.casting import computed
from nndsl.layers.masking import NotZero
from nndsl.layers.missing import missing
from nndsl.layers.penalties import constraint, regularizer
from nndsl.layers.refusals import need_floats, need_least_rank
from nndsl.recipes.base import Recipe
from nndsl.recipes.initializers import Initializer, initializer


@layer
class Dense(Layer):
    """A densely connected layer: ``activation(x @ kernel + bias)`` over the last axis.

    Takes floats of shape (N, …, in), gives (N, …, units).
    """

    can_hold_weights: ClassVar[bool] = True
    masks: ClassVar[MaskRule] = "passes"

    units: int = integer()
    activation: str | None = activation()
    use_bias: bool = flag(True)
    kernel_initializer: Initializer = initializer("glorot_uniform")
    bias_initializer: Initializer = initializer("zeros")
    kernel_regularizer: Recipe | None = regularizer()
    bias_regularizer: Recipe | None = regularizer()
    activity_regularizer: Recipe | None = regularizer()
    kernel_constraint: Recipe | None = constraint()
    bias_constraint: Recipe | None = constraint()
    lora_rank: None = missing("LoRA")
    lora_alpha: None = missing("LoRA")
    quantization_config: None = missing("quantized weights")

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …, in) -> (N, …, units)."""
        (x,) = inputs
        need_least_rank(self, x, 2)
        need_floats(self, x)
        sizes.fixed(x.shape[-1], "`Dense` needs a fixed last axis")
        return activated_type(sizes, self.activation, x.with_shape(*x.shape[:-1], self.units))

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        """kernel (in, units), bias (units,)."""
        width = inputs[0].shape[-1]
        assert isinstance(width, int)
        kernel = Weight("weight", "kernel", (width, self.units), "in out -> out in", self.kernel_initializer)
        bias = Weight("bias", "bias", (self.units,), "out -> out", self.bias_initializer)
        return (kernel, bias) if self.use_bias else (kernel,)

    def build(self, context: Build, *inputs: TensorType) -> Code:
        """An nn.Linear."""
        if self.use_bias:
            return call("nn.Linear", inputs[0].shape[-1], self.units)
        return call("nn.Linear", inputs[0].shape[-1], self.units, bias=False)

    def forward(self, call: Call) -> Code:
        """The linear map, then the activation."""
        return activated(call, self.activation, code("{}({})", call.module, call.inputs[0]))

    def multiply_adds(self, *inputs: TensorType) -> Size:
        """in · units for each position."""
        total: Size = self.units
        for size in inputs[0].shape[1:]:
            total = total * size
        return total


@layer
class Activation(Layer):
    """Apply an activation function by name; the shape stays, but that ``glu`` halves the last axis."""

    masks: ClassVar[MaskRule] = "passes"

    activation: str | None = argument(ActivationKind())

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …) -> (N, …)."""
        if self.activation not in (None, "linear"):
            need_floats(self, inputs[0])
        return activated_type(sizes, self.activation, inputs[0])

    def forward(self, call: Call) -> Code:
        """The function."""
        return activated(call, self.activation, call.inputs[0])

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None


@layer
class Identity(Layer):
    """Give the input back as it is."""

    masks: ClassVar[MaskRule] = "passes"

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …) -> (N, …)."""
        return inputs[0]

    def forward(self, call: Call) -> Code:
        """The input."""
        return call.inputs[0]

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None


@layer
class Embedding(Layer):
    """Turn each integer from 0 to ``input_dim`` - 1 into a row of a table.

    Takes integers of shape (N, …), gives floats (N, …, output_dim). ``mask_zero`` masks the places
    where the integer is 0, and leaves row 0 as it is.
    """

    can_hold_weights: ClassVar[bool] = True
    casts_weights: ClassVar[bool] = True

    input_dim: int = integer()
    output_dim: int = integer()
    embeddings_initializer: Initializer = initializer("uniform")
    embeddings_regularizer: Recipe | None = regularizer()
    embeddings_constraint: Recipe | None = constraint()
    mask_zero: bool = flag(False)
    lora_rank: None = missing("LoRA")
    lora_alpha: None = missing("LoRA")
    quantization_config: None = missing("quantized weights")

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …) -> (N, …, output_dim)."""
        (x,) = inputs
        if x.is_float:
            raise LayerError(
                "E0405",
                f"`Embedding` takes integers, and its input is {x.dtype}",
                help="declare the input as `int64(…)`",
            )
        return TensorType((*x.shape, self.output_dim), self.compute_dtype, x.batched)

    @property
    def makes_mask(self) -> bool:
        """With ``mask_zero``."""
        return self.mask_zero

    def mask(self, given: Masks) -> Typed | None:
        """Where the integer is not 0."""
        return given.apply(NotZero(), given.inputs[0]) if self.mask_zero else None

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        """embeddings (input_dim, output_dim)."""
        shape = (self.input_dim, self.output_dim)
        return (Weight("weight", "embeddings", shape, "in out -> in out", self.embeddings_initializer),)

    def build(self, context: Build, *inputs: TensorType) -> Code:
        """An nn.Embedding."""
        return call("nn.Embedding", self.input_dim, self.output_dim)

    def forward(self, call: Call) -> Code:
        """The rows; PyTorch looks up int32 and int64 alone."""
        x = call.inputs[0] if call.types[0].dtype in ("int64", "int32") else code("{}.long()", call.inputs[0])
        return computed(self, code("{}({})", call.module, x))
