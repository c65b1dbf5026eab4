"""Keras's attention: of several heads with weights of their own, by products, by sums."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any, ClassVar

from nndsl.arguments import Axes, Flag, Kind, argument, choice, flag, integer, number
from nndsl.arguments import Shape as ShapeKind
from nndsl.code import Code, Part, call, code, join
from nndsl.dims import Dim, Size
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
from nndsl.layers.casting import with_cast_weights
from nndsl.layers.masking import need_steps
from nndsl.layers.normalization import moved
from nndsl.layers.penalties import constraint, regularizer
from nndsl.layers.refusals import need_floats, placed_axis, shown
from nndsl.recipes.base import Recipe
from nndsl.recipes.initializers import GlorotUniform, Initializer, Ones, initializer


class FixedShape(Kind):
    """A size or a tuple of sizes that are known, or none."""

    description = "a positive integer, a tuple of them or `none`"

    def read(self, value: object) -> tuple[int, ...] | None:
        """Return the tuple."""
        if value is None:
            return None
        shape = ShapeKind().read(value)
        if not shape or any(isinstance(size, Dim) for size in shape):
            raise self.refuse(value)
        return shape


class OptionalFlag(Flag):
    """``true``, ``false`` or none."""

    description = "`true`, `false` or `none`"

    def read(self, value: object) -> bool | None:  # type: ignore[override]
        """Return the bool or none."""
        return None if value is None else Flag.read(self, value)


class Attending(Layer):
    """What the layers of attention share: a query (N, …, T, q), a value (N, …, S, v) and a key (N, …, S, k)."""

    __slots__ = ()

    can_hold_weights: ClassVar[bool] = True
    casts_weights: ClassVar[bool] = True
    masks: ClassVar[MaskRule] = "uses"
    least_inputs: ClassVar[int] = 2
    most_inputs: ClassVar[int] = 3
    input_names: ClassVar[tuple[str, ...]] = ("query", "value", "key")
    call_keywords: ClassVar[Mapping[str, str]] = {"return_attention_scores": "flag", "use_causal_mask": "flag"}

    def need_inputs(self, sizes: Sizes, inputs: tuple[TensorType, ...]) -> None:
        """Raise LayerError unless the inputs are floats of one rank, 3 or more, with a key for each value."""
        query, value, key = with_key(inputs)
        name = type(self).__name__
        for place, x in enumerate(inputs):
            need_floats(self, x, place)
            if x.rank < 3 or x.rank != query.rank:
                which = self.input_names[place]
                message = f"the {which} of `{name}` must be (N, steps, features), and it is {shown(x.shape)}"
                raise LayerError("E0401", message, input=place)
        if not all(map(sizes.same, value.shape[1:-1], key.shape[1:-1])):
            message = f"`{name}` needs a key for each value: they are {shown(key.shape)} and {shown(value.shape)}"
            raise LayerError("E0411", message, input=2)

    def mask_keywords(self, given: Masks) -> Mapping[str, Any]:
        """The mask of each input, or None."""
        need_steps(self, given)
        return {"mask": given.masks} if any(given.masks) else {}

    def mask(self, given: Masks) -> Typed | None:
        """That of the query."""
        return given.masks[0]

    def applied(self, call: Call, arguments: list[Code]) -> Code:
        """Return the application of the module, which gives the scores too if they are asked for."""
        if call.keywords.get("use_causal_mask"):
            arguments = [*arguments, Code("causal=True")]
        module = call.module
        if call.keywords.get("return_attention_scores"):
            scored = code("{}({})", call.helper("Scored"), module) if self.is_mixed else code("{}.with_scores", module)
            module = scored
        return code("{}({})", with_cast_weights(self, module, call.helper), join(", ", arguments))


@layer
class MultiHeadAttention(Attending):
    """Attention of several heads, each on its own projections of query, key and value (Vaswani et al. 2017).

    Takes a query (N, T, q), a value (N, S, v) and a key (N, S, k), the value unless it is given; gives (N, T, q), or
    (N, T, *output_shape). More axes between batch and features are attended to all, or those of ``attention_axes``.
    With ``return_attention_scores=true`` also the scores (N, heads, T, S).
    """

    call_keywords: ClassVar[Mapping[str, str]] = {"attention_mask": "tensor", **Attending.call_keywords}

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
        self._need_keywords(sizes, query, value, keywords)
        output = query.with_shape(*query.shape[:-1], *(self.output_shape or query.shape[-1:]))
        if not keywords.get("return_attention_scores"):
            return output
        return output, query.with_shape(query.shape[0], self.num_heads, query.shape[1], value.shape[1])

    def _need_keywords(self, sizes: Sizes, query: TensorType, value: TensorType, keywords: Mapping[str, Any]) -> None:
        """Raise LayerError for a mask that does not fit, and for what there is for inputs of one time axis alone."""
        mask = keywords.get("attention_mask")
        used = [name for name in self.call_keywords if keywords.get(name)]
        used += ["sliding_window"] if self.sliding_window is not None else []
        if query.rank > 3 and used:
            message = f"`MultiHeadAttention` takes `{used[0]}` for inputs of (N, steps, features) alone"
            raise LayerError("E0307", message, help="`Reshape` the axes to one")
        if query.rank > 3 and self.output_shape is not None and len(self.output_shape) > 1:
            message = "`MultiHeadAttention` takes an `output_shape` of several sizes for inputs of one time axis alone"
            raise LayerError("E0307", message, argument="output_shape")
        if mask is None:
            return
        ends: tuple[Size, ...] = (query.shape[1], value.shape[1])
        wanted = {2: ends, 3: (query.shape[0], *ends), 4: (query.shape[0], self.num_heads, *ends)}
        fits = mask.rank in wanted and mask.batched == (mask.rank > 2)
        if not fits or not all(
            given == 1 or sizes.same(given, size) for given, size in zip(mask.shape, wanted[mask.rank], strict=True)
        ):
            message = f"the `attention_mask` must be {shown(wanted[3])}, and it is {shown(mask.shape)}"
            help = "an axis of it may be 1, and a second one be that of the heads"
            raise LayerError("E0411", message, help=help, input=None)

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
        mask = self._mask(call)
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

    def _mask(self, call: Call) -> Code | None:
        """Return the mask of (T, S) for each sample: what is given, and both are valid, the query and the value."""
        given = call.keywords.get("attention_mask")
        padding = [
            code("{}.unsqueeze({})", mask, "1" if place else "2")
            for place, mask in enumerate(call.keywords.get("mask") or ())
            if mask is not None
        ]
        if not padding:
            return given
        # A value that is the key too is masked once.
        both = join(" & ", list({part.text: part for part in padding}.values()))
        return both if given is None else code("{}({}, {})", call.helper("both_masks"), given, both)

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


def with_key(inputs: tuple[TensorType, ...]) -> tuple[TensorType, TensorType, TensorType]:
    """Return query, value and key; the value is the key where there is no other."""
    return inputs[0], inputs[1], inputs[-1]


def fixed(x: TensorType) -> int:
    """Return the number of features of a checked input."""
    size = x.shape[-1]
    assert isinstance(size, int)
    return size


def extent(x: TensorType, axes: range | tuple[int, ...]) -> Size:
    """Return how many places there are along some axes."""
    total: Size = 1
    for axis in axes:
        total = total * x.shape[axis]
    return total
