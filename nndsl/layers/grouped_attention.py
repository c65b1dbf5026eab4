"""Keras's GroupQueryAttention: attention whose keys and values have fewer heads than its queries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from nndsl.arguments import argument, flag, integer, number
from nndsl.code import Code, Part, call, code
from nndsl.dims import Size
from nndsl.layers.attending import HeadAttending, OptionalFlag, fixed, with_key
from nndsl.layers.base import Build, Call, Layer, LayerError, Sizes, TensorType, Weight, layer
from nndsl.layers.penalties import constraint, regularizer
from nndsl.layers.refusals import need_rank
from nndsl.recipes.base import Recipe
from nndsl.recipes.initializers import Initializer, initializer


@layer
class GroupQueryAttention(HeadAttending):
    """Attention of several heads, of which groups share one head of keys and values (Ainslie et al. 2023).

    Takes a query (N, T, q), a value (N, S, v) and a key (N, S, k), the value unless it is given; gives (N, T, q). With
    ``return_attention_scores=true`` also the scores (N, num_query_heads, T, S). ``num_query_heads`` is a multiple of
    ``num_key_value_heads``.
    """

    # Keras's MultiHeadAttention does not look at a `query_mask` that it is given, and so has none here.
    call_keywords: ClassVar[Mapping[str, str]] = {"query_mask": "tensor", **HeadAttending.call_keywords}

    head_dim: int = integer()
    num_query_heads: int = integer()
    num_key_value_heads: int = integer()
    dropout: float = number(0.0, 0, 1)
    use_bias: bool = flag(True)
    sliding_window: int | None = integer(None, optional=True)
    flash_attention: bool | None = argument(OptionalFlag(), default=None)
    kernel_initializer: Initializer = initializer("glorot_uniform")
    bias_initializer: Initializer = initializer("zeros")
    kernel_regularizer: Recipe | None = regularizer()
    bias_regularizer: Recipe | None = regularizer()
    activity_regularizer: Recipe | None = regularizer()
    kernel_constraint: Recipe | None = constraint()
    bias_constraint: Recipe | None = constraint()
    use_gate: bool = flag(False)
    seed: int | None = integer(None, 0, optional=True)

    def check(self) -> None:
        """E0305 unless the heads of queries can be divided among those of keys and values."""
        HeadAttending.check(self)
        queries, others = self.num_query_heads, self.num_key_value_heads
        if queries % others:
            message = f"`num_query_heads` must be a multiple of `num_key_value_heads`, not {queries} of {others}"
            raise LayerError("E0305", message, argument="num_key_value_heads")

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType | tuple[TensorType, ...]:
        """(N, T, q), (N, S, v), (N, S, k) -> (N, T, q), and the scores."""
        self.need_inputs(sizes, inputs)
        for place, x in enumerate(inputs):
            need_rank(self, x, ("steps", "features"), place)
            sizes.fixed(x.shape[-1], "`GroupQueryAttention` needs a fixed number of features")
        self.need_masks(sizes, self.num_query_heads, inputs, keywords)
        query, value, _ = with_key(inputs)
        if not keywords.get("return_attention_scores"):
            return query
        return query, query.with_shape(query.shape[0], self.num_query_heads, query.shape[1], value.shape[1])

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        """Kernel (features, heads, size) and bias (heads, size) of query, key and value, then of the output."""
        query, value, key = (fixed(x) for x in with_key(inputs))
        queries, others = (self.num_query_heads, self.head_dim), (self.num_key_value_heads, self.head_dim)
        shapes = {"query": (query, *queries), "key": (key, *others)}
        shapes |= {"gate": (query, *queries)} if self.use_gate else {}
        shapes["value"] = (value, *others)
        found: list[Weight] = []
        kernel = self.kernel_initializer.with_axes((0,), (1, 2))
        for name, shape in shapes.items():
            found.append(Weight(f"{name}.weight", f"{name}/kernel", shape, "d h k -> (h k) d", kernel))
            if self.use_bias:
                bias = Weight(f"{name}.bias", f"{name}/bias", shape[1:], "h k -> (h k)", self.bias_initializer)
                found.append(bias)
        kernel = self.kernel_initializer.with_axes((0, 1), (2,))
        shape = (*queries, query)
        found.append(Weight("output.weight", "attention_output/kernel", shape, "h k d -> d (h k)", kernel))
        if self.use_bias:
            found.append(Weight("output.bias", "attention_output/bias", (query,), "d -> d", self.bias_initializer))
        return tuple(found)

    def build(self, context: Build, *inputs: TensorType) -> Code:
        """The helper, with what is not its default."""
        query, value, key = (fixed(x) for x in with_key(inputs))
        keywords: dict[str, Part] = {
            "query_heads": self.num_query_heads,
            "key_value_heads": self.num_key_value_heads,
            "head_dim": self.head_dim,
        }
        given: dict[str, tuple[Part, Part]] = {
            "value_size": (value, query),
            "key_size": (key, value),
            "bias": (self.use_bias, True),
            "dropout": (self.dropout, 0.0),
            "window": (self.sliding_window, None),
            "gated": (self.use_gate, False),
        }
        keywords |= {name: value for name, (value, default) in given.items() if value != default}
        return call(context.helper("GroupQueryAttention"), query, **keywords)

    def forward(self, call: Call) -> Code | tuple[Code, ...]:
        """The module."""
        mask = self.whole_mask(call)
        return self.applied(call, [*call.inputs] if mask is None else [*call.inputs, code("mask={}", mask)])

    def penalize(self, call: Call, outputs: tuple[Code, ...]) -> None:
        """Add the losses of the output as a projection and, as Keras does, those of all outputs as the layer's."""
        HeadAttending.penalize(self, call, outputs)
        Layer.penalize(self, call, outputs)

    def multiply_adds(self, *inputs: TensorType) -> Size:
        """Those of the projections, the scores and the sums of values."""
        query, value, key = with_key(inputs)
        width, shared = self.num_query_heads * self.head_dim, self.num_key_value_heads * self.head_dim
        steps, sources = query.shape[1], value.shape[1]
        total = steps * (fixed(query) * width * (2 + self.use_gate)) + sources * ((fixed(key) + fixed(value)) * shared)
        return total + steps * sources * (2 * width)
