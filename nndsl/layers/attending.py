"""What Keras's layers of attention share: inputs, masks, and how their modules are applied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from nndsl.arguments import Flag, Kind
from nndsl.arguments import Shape as ShapeKind
from nndsl.code import Code, code, join
from nndsl.dims import Dim, Size
from nndsl.layers.base import Call, Layer, LayerError, MaskRule, Masks, Sizes, TensorType, Typed
from nndsl.layers.casting import with_cast_weights
from nndsl.layers.masking import need_steps
from nndsl.layers.penalties import activity_loss
from nndsl.layers.refusals import need_floats, shown

PADDING = ("query_mask", "value_mask", "key_mask")
"""The keywords that say which steps of the inputs are valid; one takes the place of the mask that came along."""


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


class HeadAttending(Attending):
    """What the layers of attention of several heads share: masks that are given to an application."""

    __slots__ = ()

    call_keywords: ClassVar[Mapping[str, str]] = {
        "value_mask": "tensor",
        "key_mask": "tensor",
        "attention_mask": "tensor",
        **Attending.call_keywords,
    }

    dropout: float
    flash_attention: bool | None
    use_gate: bool

    def check(self) -> None:
        """E0305 for dropout, which Keras's flash attention has not."""
        if self.flash_attention and self.dropout:
            message = f"`{type(self).__name__}` has no dropout with `flash_attention=true`"
            raise LayerError("E0305", message, help="leave out one of them", argument="flash_attention")

    def mask_keywords(self, given: Masks) -> Mapping[str, Any]:
        """The mask of each input, or None for none, and where another is given."""
        found = Attending.mask_keywords(self, given)
        if not found:
            return found
        pairs = zip(given.masks, PADDING, strict=False)
        masks = tuple(None if name in given.keywords else mask for mask, name in pairs)
        return {"mask": masks} if any(masks) else {}

    def need_masks(self, sizes: Sizes, heads: int, inputs: tuple[TensorType, ...], keywords: Mapping[str, Any]) -> None:
        """Raise LayerError for masks that do not fit, and for scores that are asked of flash attention."""
        query, value, _ = with_key(inputs)
        if self.flash_attention and keywords.get("return_attention_scores"):
            message = f"`{type(self).__name__}` has no scores to give with `flash_attention=true`"
            raise LayerError("E0305", message, input=None, argument="flash_attention")
        for name, x in zip(PADDING, (query, value, value), strict=True):
            mask = keywords.get(name)
            if mask is None:
                continue
            if mask.dtype != "bool":
                help = 'make truth values of it: `ops.cast(mask, "bool")`'
                raise LayerError("E0405", f"the `{name}` must be bool, and it is {mask.dtype}", help=help, input=None)
            if mask.rank != 2 or not mask.batched or not sizes.same(mask.shape[1], x.shape[1]):
                message = f"the `{name}` must be {shown(x.shape[:2])}, and it is {shown(mask.shape)}"
                raise LayerError("E0411", message, input=None)
        mask = keywords.get("attention_mask")
        if mask is None:
            return
        ends: tuple[Size, ...] = (query.shape[1], value.shape[1])
        wanted = {2: ends, 3: (query.shape[0], *ends), 4: (query.shape[0], heads, *ends)}
        fits = mask.rank in wanted and mask.batched == (mask.rank > 2)
        if not fits or not all(
            given == 1 or sizes.same(given, size) for given, size in zip(mask.shape, wanted[mask.rank], strict=True)
        ):
            message = f"the `attention_mask` must be {shown(wanted[3])}, and it is {shown(mask.shape)}"
            help = "an axis of it may be 1, and a second one be that of the heads"
            raise LayerError("E0411", message, help=help, input=None)

    def applied(self, call: Call, arguments: list[Code]) -> Code:
        """The same, after the losses of the projections, as Keras has them, which are computed again for that."""
        query, value, key = call.inputs[0], call.inputs[1], call.inputs[-1]
        for each in self.activity_penalties:
            projected = [self._projection(call, *pair) for pair in (("query", query), ("key", key), ("value", value))]
            if self.use_gate:
                projected.append(code("torch.sigmoid({})", self._projection(call, "gate", query)))
            for output in projected:
                call.penalize(activity_loss(each, output, code("{}.shape[0]", query), call.helper))
        return Attending.applied(self, call, arguments)

    def penalize(self, call: Call, outputs: tuple[Code, ...]) -> None:
        """Add the losses of the output, not of the scores."""
        Attending.penalize(self, call, outputs[:1])

    def _projection(self, call: Call, name: str, x: Code) -> Code:
        """Return what one of the module's linear maps gives."""
        return code("{}({})", with_cast_weights(self, code("{}.{}", call.module, name), call.helper), x)

    def whole_mask(self, call: Call) -> Code | None:
        """Return the mask of (T, S) for each sample: what is given, and both are valid, the query and the value."""
        given = call.keywords.get("attention_mask")
        along = (*call.keywords.get("mask", ()), None, None, None)
        masks = [call.keywords.get(name) or mask for name, mask in zip(PADDING, along, strict=False)]
        padding = [
            code("{}.unsqueeze({})", mask, "1" if place else "2")
            for place, mask in enumerate(masks)
            if mask is not None
        ]
        if not padding:
            return given
        # A value that is the key too is masked once.
        both = join(" & ", list({part.text: part for part in padding}.values()))
        return both if given is None else code("{}({}, {})", call.helper("both_masks"), given, both)


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
