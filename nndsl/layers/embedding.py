"""Learned positions, and the embedding that goes both ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from nndsl.arguments import Decimal, argument, choice, flag, integer
from nndsl.code import Code, as_code, call, code
from nndsl.dims import Size
from nndsl.layers.base import (
    FLOATS,
    Build,
    Call,
    Layer,
    LayerError,
    MaskRule,
    Masks,
    Sizes,
    TensorType,
    Typed,
    Weight,
    layer,
)
from nndsl.layers.casting import cast, computed
from nndsl.layers.masking import NotZero
from nndsl.layers.missing import missing
from nndsl.layers.penalties import constraint, regularizer
from nndsl.layers.refusals import need_floats, need_least_rank, need_rank, shown
from nndsl.recipes.base import Recipe
from nndsl.recipes.initializers import Initializer, initializer


@layer
class PositionEmbedding(Layer):
    """Add a learned vector to each step of a sequence, one for each position up to ``length``.

    Takes floats of shape (N, T, features), T at most ``length``, and keeps it. A symbolic T is checked at the inputs of
    the model.
    """

    can_hold_weights: ClassVar[bool] = True
    masks: ClassVar[MaskRule] = "passes"
    casts_weights: ClassVar[bool] = True

    length: int = integer()
    initializer: Initializer = initializer("glorot_uniform")

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, T, features) -> (N, T, features); E0412 for more steps than there are positions."""
        (x,) = inputs
        need_rank(self, x, ("steps", "features"))
        need_floats(self, x)
        sizes.fixed(x.shape[2], "`PositionEmbedding` needs a fixed number of features")
        message = f"`PositionEmbedding` has {self.length} positions, and its input has {x.shape[1]} steps"
        error = LayerError("E0412", message, help="a greater `length`, or shorter sequences", argument="length")
        sizes.require(self.length - x.shape[1], 0, error)
        return x

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        """embeddings (length, features)."""
        width = inputs[0].shape[2]
        assert isinstance(width, int)
        axes = "length features -> length features"
        return (Weight("weight", "position_embeddings", (self.length, width), axes, self.initializer),)

    def build(self, context: Build, *inputs: TensorType) -> Code:
        """An nn.Embedding."""
        return call("nn.Embedding", self.length, inputs[0].shape[2])

    def forward(self, call: Call) -> Code:
        """The input plus the first rows."""
        x = call.inputs[0]
        rows = code("{}.weight", call.module)
        if call.types[0].shape[1] != self.length:
            # As formatters space a slice with an expression in it.
            space = "" if isinstance(call.types[0].shape[1], int) else " "
            rows = code("{}[:" + space + "{}]", rows, call.size(1))
        return code("{} + {}", x, computed(self, rows))


@layer
class ReversibleEmbedding(Layer):
    """Turn integers into rows of a table, and with ``reverse=true`` features into a score for each row.

    Takes integers of shape (N, …) from 0 to ``input_dim`` - 1, gives floats (N, …, output_dim); in reverse takes floats
    (N, …, output_dim), gives (N, …, input_dim): their products with the rows or, unless ``tie_weights``, with those of
    a second table. The scores stay within ``logit_soft_cap``.
    """

    can_hold_weights: ClassVar[bool] = True
    casts_weights: ClassVar[bool] = True
    call_keywords: ClassVar[Mapping[str, str]] = {"reverse": "flag"}

    input_dim: int = integer()
    output_dim: int = integer()
    tie_weights: bool = flag(True)
    embeddings_initializer: Initializer = initializer("uniform")
    embeddings_regularizer: Recipe | None = regularizer()
    embeddings_constraint: Recipe | None = constraint()
    mask_zero: bool = flag(False)
    reverse_dtype: str | None = choice(*FLOATS, None, default=None)
    logit_soft_cap: float | int | None = argument(Decimal(0, open_least=True, optional=True), default=None)
    lora_rank: None = missing("LoRA")
    lora_alpha: None = missing("LoRA")
    quantization_config: None = missing("quantized weights")

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …) -> (N, …, output_dim), in reverse (N, …, output_dim) -> (N, …, input_dim)."""
        (x,) = inputs
        if not keywords.get("reverse"):
            if x.is_float:
                message = f"`ReversibleEmbedding` takes integers, and its input is {x.dtype}"
                help = "declare the input as `int64(…)`, or apply it with `reverse=true`"
                raise LayerError("E0405", message, help=help)
            return TensorType((*x.shape, self.output_dim), self.compute_dtype, x.batched)
        if not x.is_float:
            raise LayerError("E0405", f"`ReversibleEmbedding` takes floats in reverse, and its input is {x.dtype}")
        need_least_rank(self, x, 2)
        if not sizes.same(x.shape[-1], self.output_dim):
            message = f"the rows of `ReversibleEmbedding` have {self.output_dim} numbers, and its input in reverse"
            raise LayerError("E0421", f"{message} is {shown(x.shape)}", help="bring it there by a `Dense` before it")
        return TensorType((*x.shape[:-1], self.input_dim), self.reverse_dtype or self.compute_dtype, x.batched)

    @property
    def makes_mask(self) -> bool:
        """With ``mask_zero``."""
        return self.mask_zero

    def mask(self, given: Masks) -> Typed | None:
        """Where the integer is not 0; none in reverse."""
        return given.apply(NotZero(), given.inputs[0]) if self.mask_zero and not given.keywords.get("reverse") else None

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        """embeddings (input_dim, output_dim), and reverse_embeddings (output_dim, input_dim) unless these are tied."""
        shape = (self.input_dim, self.output_dim)
        rows = Weight("weight", "embeddings", shape, "in out -> in out", self.embeddings_initializer)
        if self.tie_weights:
            return (rows,)
        name = "reverse_embeddings"
        return rows, Weight(name, name, shape[::-1], "out in -> in out", self.embeddings_initializer)

    def build(self, context: Build, *inputs: TensorType) -> Code:
        """An nn.Embedding, or the helper that has another table besides."""
        kind = "nn.Embedding" if self.tie_weights else context.helper("UntiedEmbedding")
        return call(kind, as_code(self.input_dim, "num_embeddings"), as_code(self.output_dim, "embedding_dim"))

    def forward(self, call: Call) -> Code:
        """The rows, or F.linear with them."""
        (x,) = call.inputs
        if not call.keywords.get("reverse"):
            x = x if call.types[0].dtype in ("int64", "int32") else code("{}.long()", x)
            return computed(self, code("{}({})", call.module, x))
        table = computed(self, code("{}.{}", call.module, "weight" if self.tie_weights else "reverse_embeddings"))
        if self.reverse_dtype not in (None, self.compute_dtype):
            x, table = (cast(each, self.reverse_dtype) for each in (x, table))
        scores = code("F.linear({}, {})", x, table)
        if self.logit_soft_cap is None:
            return scores
        cap = as_code(self.logit_soft_cap, "cap")
        return code("torch.tanh({} / {}) * {}", scores, cap, cap)

    def multiply_adds(self, *inputs: TensorType) -> Size:
        """In reverse, input_dim · output_dim for each position."""
        (x,) = inputs
        total: Size = self.input_dim if x.is_float else 0
        for size in x.shape[1:]:
            total = total * size
        return total
