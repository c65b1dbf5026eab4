"""Keras's attention: of several heads with weights of their own, by products, by sums."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any, ClassVar

from nndsl.arguments import Axes, argument, choice, flag, integer, number
from nndsl.code import Code, Part, call, code
from nndsl.dims import Size
from nndsl.layers.attending import (
    Attending,
    FixedShape,
    HeadAttending,
    OptionalFlag,
    extent,
    fixed,
    with_key,
)
from nndsl.layers.base import Build, Call, LayerError, Order, Sizes, TensorType, Weight, layer
from nndsl.layers.normalization import moved
from nndsl.layers.penalties import constraint, regularizer
from nndsl.layers.refusals import placed_axis, shown
from nndsl.recipes.base import Recipe
from nndsl.recipes.initializers import GlorotUniform, Initializer, Ones, initializer


@layer
class MultiHeadAttention(HeadAttending):
    """Attention of several heads, each on its own projections of query, key and value (Vaswani et al. 2017).

    Takes a query (N, T, q), a value (N, S, v) and a key (N, S, k), the value unless it is given; gives (N, T, q), or
    (N, T, *output_shape). More axes between batch and features are attended to all, or those of ``attention_axes``.
    With ``return_attention_scores=true`` also the scores (N, heads, T, S).
    """

    num_heads: int = integer()
    key_dim: int = integer()
    value_dim: int | None = integer(None, optional=True)
    dropout: float = number(0.0, 0, 1)
    use_bias: bool = flag(True)
    output_shape: tuple[int, ...] | None = argument(FixedShape(), default=None)
    attention_axes: int | tuple[int, ...] | None = argument(Axes(several=True, optional=True), default=None)
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

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType | tuple[TensorType, ...]:
        """(N, T, q), (N, S, v), (N, S, k) -> (N, T, q), and the scores."""
        self.need_inputs(sizes, inputs)
        query, value, _ = with_key(inputs)
        for x in inputs:
            sizes.fixed(x.shape[-1], "`MultiHeadAttention` needs a fixed number of features")
        axes = self.attended(query)
        for axis in range(1, query.rank - 1):
            if axis not in axes and not sizes.same(query.shape[axis], value.shape[axis]):
                message = (
                    f"`MultiHeadAttention` does not attend to axis {axis}, along which its query has "
                    f"{query.shape[axis]} and its value {value.shape[axis]}"
                )
                raise LayerError("E0411", message, input=1, argument="attention_axes")
        self._need_one_axis(query, keywords)
        self.need_masks(sizes, self.num_heads, inputs, keywords)
        output = query.with_shape(*query.shape[:-1], *(self.output_shape or query.shape[-1:]))
        if not keywords.get("return_attention_scores"):
            return output
        return output, query.with_shape(query.shape[0], self.num_heads, query.shape[1], value.shape[1])

    def _need_one_axis(self, query: TensorType, keywords: Mapping[str, Any]) -> None:
        """Raise LayerError for what there is for inputs of one time axis alone."""
        used = [name for name in self.call_keywords if keywords.get(name)]
        used += ["sliding_window"] if self.sliding_window is not None else []
        if query.rank > 3 and used:
            message = f"`MultiHeadAttention` takes `{used[0]}` for inputs of (N, steps, features) alone"
            raise LayerError("E0307", message, help="`Reshape` the axes to one")
        if query.rank > 3 and self.output_shape is not None and len(self.output_shape) > 1:
            message = "`MultiHeadAttention` takes an `output_shape` of several sizes for inputs of one time axis alone"
            raise LayerError("E0307", message, argument="output_shape")

    def attended(self, query: TensorType) -> tuple[int, ...]:
        """Return the axes over which attention goes, counted from the front, in order."""
        if self.attention_axes is None:
            return tuple(range(1, query.rank - 1))
        given = self.attention_axes if isinstance(self.attention_axes, tuple) else (self.attention_axes,)
        axes = sorted({placed_axis(self, axis, query.rank, "attention_axes") for axis in given})
        if not axes or axes[-1] == query.rank - 1 or len(axes) < len(given):
            message = "`attention_axes` lie between the batch and the features, each once"
            raise LayerError("E0407", message, argument="attention_axes")
        return tuple(axes)

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        """Kernel (features, heads, size) and bias (heads, size) of query, key and value, then of the output."""
        query, value, key = (fixed(x) for x in with_key(inputs))
        heads, values = self.num_heads, self.value_dim or self.key_dim
        shapes = {"query": (query, heads, self.key_dim), "key": (key, heads, self.key_dim)}
        shapes |= {"gate": (query, heads, values)} if self.use_gate else {}
        shapes["value"] = (value, heads, values)
        found: list[Weight] = []
        for name, shape in shapes.items():
            kernel = self.kernel_initializer.with_axes((0,), (1, 2))
            found.append(Weight(f"{name}.weight", f"{name}/kernel", shape, "d h k -> (h k) d", kernel))
            if self.use_bias:
                bias = Weight(f"{name}.bias", f"{name}/bias", shape[1:], "h k -> (h k)", self.bias_initializer)
                found.append(bias)
        sizes = self.output_shape or (query,)
        names = " ".join("abcdef"[: len(sizes)])
        kernel = self.kernel_initializer.with_axes((0, 1), tuple(range(2, 2 + len(sizes))))
        axes = f"h v {names} -> ({names}) (h v)"
        found.append(Weight("output.weight", "attention_output/kernel", (heads, values, *sizes), axes, kernel))
        if self.use_bias:
            bias_axes = f"{names} -> ({names})"
            found.append(Weight("output.bias", "attention_output/bias", sizes, bias_axes, self.bias_initializer))
        return tuple(found)

    def build(self, context: Build, *inputs: TensorType) -> Code:
        """The helper, with the sizes that are not its defaults."""
        query, value, key = (fixed(x) for x in with_key(inputs))
        output = prod(self.output_shape or (query,))
        keywords: dict[str, Part] = {"heads": self.num_heads, "key_dim": self.key_dim}
        given: dict[str, tuple[Part, Part]] = {
            "value_dim": (self.value_dim or self.key_dim, self.key_dim),
            "value_size": (value, query),
            "key_size": (key, value),
            "output_size": (output, query),
            "bias": (self.use_bias, True),
            "dropout": (self.dropout, 0.0),
            "window": (self.sliding_window, None),
            "gated": (self.use_gate, False),
        }
        keywords |= {name: value for name, (value, default) in given.items() if value != default}
        return call(context.helper("MultiHeadAttention"), query, **keywords)

    def forward(self, call: Call) -> Code | tuple[Code, ...]:
        """The module, on inputs whose attended axes are made one."""
        query = call.types[0]
        axes = self.attended(query)
        first = query.rank - 1 - len(axes)
        inputs = [code("{}.flatten({}, -2)", x, str(first)) if len(axes) > 1 else x for x in call.inputs]
        mask = self.whole_mask(call)
        result = self.applied(call, inputs if mask is None else [*inputs, code("mask={}", mask)])
        if len(axes) > 1:
            shape = code("{}.shape[{}:-1]", call.inputs[0], str(first))
            return code("{}.unflatten({}, {})", result, str(first), shape)
        if self.output_shape is None or len(self.output_shape) == 1:
            return result
        if not call.keywords.get("return_attention_scores"):
            return code("{}.unflatten(-1, {})", result, self.output_shape)
        output, scores = call.local("attended"), call.local("scores")
        call.statement(code("{}, {} = {}", output, scores, result))
        return code("{}.unflatten(-1, {})", output, self.output_shape), Code(scores)

    def wanted_order(self, *inputs: TensorType) -> Order:
        """The axes of attention before the features."""
        rank = inputs[0].rank
        return moved(rank, (*self.attended(inputs[0]), rank - 1), front=False)

    def multiply_adds(self, *inputs: TensorType) -> Size:
        """Those of the projections, the scores and the sums of values."""
        query, value, key = with_key(inputs)
        axes = self.attended(query)
        steps, sources = extent(query, range(1, query.rank - 1)), extent(value, range(1, query.rank - 1))
        keys, values = self.num_heads * self.key_dim, self.num_heads * (self.value_dim or self.key_dim)
        output = prod(self.output_shape or (fixed(query),))
        total = steps * (fixed(query) * (keys + values * self.use_gate) + values * output)
        total = total + sources * (fixed(key) * keys + fixed(value) * values)
        return total + steps * extent(value, axes) * (keys + values)


class ListAttending(Attending):
    """What the layers of attention without heads share: they take their inputs as a list."""

    __slots__ = ()

    takes_list: ClassVar[bool] = True

    dropout: float
    use_scale: bool

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType | tuple[TensorType, ...]:
        """[(N, T, q), (N, S, v), (N, S, q)] -> (N, T, v), and the scores (N, T, S)."""
        self.need_inputs(sizes, inputs)
        query, value, key = with_key(inputs)
        if not sizes.same(query.shape[-1], key.shape[-1]):
            found = f"{query.shape[-1]} and {key.shape[-1]} features"
            message = f"`{type(self).__name__}` compares query and key, which have {found}"
            raise LayerError("E0411", message, input=len(inputs) - 1)
        if not all(map(sizes.same, query.shape[1:-2], value.shape[1:-2])):
            found = f"{shown(query.shape)} and {shown(value.shape)}"
            message = f"`{type(self).__name__}` attends along one axis, and query and value differ in others: {found}"
            raise LayerError("E0411", message, input=1)
        output = query.with_shape(*query.shape[:-1], value.shape[-1])
        if not keywords.get("return_attention_scores"):
            return output
        return output, query.with_shape(*query.shape[:-1], value.shape[-2])

    def forward(self, call: Call) -> Code | tuple[Code, ...]:
        """The module; where the query is masked, what it gives is 0."""
        query, value = (call.keywords.get("mask") or (None, None))[:2]
        result = self.applied(call, [*call.inputs, *([] if value is None else [code("mask={}", value)])])
        if query is None:
            return result
        if not call.keywords.get("return_attention_scores"):
            return code("{}.where({}.unsqueeze(-1), 0)", result, query)
        output, scores = call.local("attended"), call.local("scores")
        call.statement(code("{}, {} = {}", output, scores, result))
        return code("{}.where({}.unsqueeze(-1), 0)", output, query), Code(scores)


@layer
class Attention(ListAttending):
    """Attention by products of queries and keys (Luong et al. 2015), or with ``"concat"`` by sums of tanh(q + k).

    Takes a list of a query (N, T, q), a value (N, S, v) and, unless the value is the key too, a key (N, S, q); gives
    (N, T, v).
    """

    use_scale: bool = flag(False)
    score_mode: str = choice("dot", "concat", default="dot")
    dropout: float = number(0.0, 0, 1)
    seed: int | None = integer(None, 0, optional=True)

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        """scale and concat_score_weight, each a number."""
        names = ["scale"] * self.use_scale + ["concat_score_weight"] * (self.score_mode == "concat")
        return tuple(Weight(name, name, (), "->", Ones()) for name in names)

    def build(self, context: Build, *inputs: TensorType) -> Code:
        """The helper."""
        keywords: dict[str, Part] = {"scaled": True} if self.use_scale else {}
        keywords |= {"concat": True} if self.score_mode == "concat" else {}
        keywords |= {"dropout": self.dropout} if self.dropout else {}
        return call(context.helper("Attention"), **keywords)


@layer
class AdditiveAttention(ListAttending):
    """Attention by weighted sums of tanh(query + key) (Bahdanau et al. 2014).

    Takes a list of a query (N, T, q), a value (N, S, v) and, unless the value is the key too, a key (N, S, q); gives
    (N, T, v).
    """

    use_scale: bool = flag(True)
    dropout: float = number(0.0, 0, 1)
    seed: int | None = integer(None, 0, optional=True)

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType | tuple[TensorType, ...]:
        """[(N, T, q), (N, S, v), (N, S, q)] -> (N, T, v), and the scores (N, T, S)."""
        result = ListAttending.infer(self, sizes, *inputs, **keywords)
        sizes.fixed(inputs[0].shape[-1], "`AdditiveAttention` needs a fixed number of features")
        return result

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        """scale (q,)."""
        return (Weight("scale", "scale", (fixed(inputs[0]),), "q -> q", GlorotUniform()),) if self.use_scale else ()

    def build(self, context: Build, *inputs: TensorType) -> Code:
        """The helper."""
        keywords: dict[str, Part] = {} if self.use_scale else {"scaled": False}
        keywords |= {"dropout": self.dropout} if self.dropout else {}
        return call(context.helper("AdditiveAttention"), fixed(inputs[0]), **keywords)
