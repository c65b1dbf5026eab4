"""Keras's wrappers: Bidirectional and TimeDistributed.

``Bidirectional`` is a layer like others, which holds the layer of each direction.

``TimeDistributed`` is taken apart by the elaborator, and what is made in its argument has its place. When it is applied
to x, ``way(layer, x.type)`` says how: ``"direct"``, the node is the wrapped layer on x, since that takes any number of
axes before its own; or ``"folded"``: ``FoldTime()`` on x makes the steps samples, then come the nodes of whatever is
wrapped (a layer, a composed layer, a block), then ``UnfoldTime()`` on [their output, x]. A layer that looks at the
whole batch would see the steps of others: ``looks_at_batch`` says which. Alone in a TimeDistributed, such a layer is
constructed as ``Stepwise(layer)`` from the start, and applied like any other; deeper inside it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Literal

from nndsl.arguments import ArgumentError, Kind, argument, choice, describe
from nndsl.code import Code, code
from nndsl.dims import Size
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
from nndsl.layers.casting import cast, computed
from nndsl.layers.normalization import BatchNormalization, Normalizing, UnitNormalization
from nndsl.layers.recurrence import (
    Recurrent,
    applied,
    construct,
    drawn,
    given_states,
    is_fused,
    masked,
    unpacked,
    width_of,
)

ELEMENTWISE = frozenset({"Activation", "Dense", "Dropout", "ELU", "Identity", "LeakyReLU", "ReLU", "Rescaling"})
"""The layers that take any number of axes before their own, whatever their arguments."""


class LayerKind(Kind):
    """A layer."""

    description = "a layer"

    def read(self, value: object) -> Layer:
        """Return the layer."""
        if not isinstance(value, Layer):
            raise self.refuse(value)
        return value


class RecurrentKind(Kind):
    """A recurrent layer; with ``optional`` also none."""

    def __init__(self, *, optional: bool = False) -> None:
        self.optional = optional
        self.description = "a recurrent layer such as `LSTM(64)`" + (", or `none`" if optional else "")

    def read(self, value: object) -> Recurrent | None:
        """Return the layer."""
        if isinstance(value, Recurrent) or (value is None and self.optional):
            return value
        given = f"`{type(value).__name__}`" if isinstance(value, Layer) else describe(value)
        raise ArgumentError("E0302", f"must be {self.description}, not {given}")


@layer
class Bidirectional(Layer):
    """Read a sequence in both directions, and merge what the two layers give.

    Takes floats of shape (N, T, in), gives what the layer gives, twice as wide for ``merge_mode="concat"``, and two of
    it for ``merge_mode=none``. With ``return_state`` the states follow, those of the first direction first.
    """

    can_hold_weights: ClassVar[bool] = True
    input_names: ClassVar[tuple[str, ...]] = ("sequences",)
    call_keywords: ClassVar[Mapping[str, str]] = {"initial_state": "tensors"}
    masks: ClassVar[MaskRule] = "uses"

    layer: Recurrent = argument(RecurrentKind())
    merge_mode: str | None = choice("sum", "mul", "ave", "concat", None, default="concat")
    backward_layer: Recurrent | None = argument(RecurrentKind(optional=True), default=None)

    @property
    def backward(self) -> Recurrent:
        """The layer of the second direction."""
        return self.backward_layer or replace(self.layer, go_backwards=True)  # type: ignore[call-arg]

    def check(self) -> None:
        """Refuse directions that are not two, or that differ in more than activations and first values."""
        if self.layer.go_backwards:
            message = "the first direction of `Bidirectional` goes forwards: the second is the one that goes backwards"
            raise LayerError("E0305", message, argument="layer")
        for each in (self.layer, self.backward):
            if (each.dtype or "float32") != (self.dtype or "float32"):
                message = f"`Bidirectional` is {self.dtype or 'float32'}, and the layer in it {each.dtype or 'float32'}"
                raise LayerError("E0305", message, help="write the same `dtype` for both", argument="layer")
            if not each.trainable:
                message = "the directions of `Bidirectional` are trained or not together"
                help = "write `trainable=false` for the `Bidirectional`"
                raise LayerError("E0305", message, help=help, argument="layer")
        if self.backward_layer is None:
            return
        if not self.backward.go_backwards:
            message = "the `backward_layer` must have `go_backwards=true`"
            raise LayerError("E0305", message, argument="backward_layer")
        if type(self.backward) is not type(self.layer):
            message = f"the `backward_layer` must be of the same class as the layer: `{type(self.layer).__name__}`"
            raise LayerError("E0305", message, argument="backward_layer")
        for name in ALIKE:
            if getattr(self.layer, name, None) != getattr(self.backward, name, None):
                message = f"the `backward_layer` must have the `{name}` of the layer"
                raise LayerError("E0305", message, argument="backward_layer")

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType | tuple[TensorType, ...]:
        """(N, T, in) -> (N, 2 · units) or (N, T, 2 · units), and the states."""
        (x,) = inputs
        self.layer.need_sequence(sizes, x)
        self.layer.need_states(sizes, keywords.get("initial_state"), 2 * self.layer.states)
        state = x.with_shape(x.shape[0], self.layer.units)
        output = x.with_shape(*x.shape[: 1 + self.layer.return_sequences], self.layer.units)
        if self.merge_mode == "concat":
            output = output.with_shape(*output.shape[:-1], 2 * self.layer.units)
        outputs = (output,) * (1 if self.merge_mode else 2)
        states = (state,) * (2 * self.layer.states if self.layer.return_state else 0)
        return (*outputs, *states) if len(outputs) + len(states) > 1 else output

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        """Those of the first direction, then those of the second."""
        width = width_of(inputs[0])
        first = self.layer.variables(width, "forward/")
        return (*first, *self.backward.variables(width, "backward/", "_reverse"))

    def build(self, context: Build, *inputs: TensorType) -> Code:
        """PyTorch's module, or the helper, with two directions."""
        return construct(context, width_of(inputs[0]), self.layer, self.backward)

    def reset(self, module: Code, *inputs: TensorType) -> tuple[Code, ...]:
        """Draw the weights of both directions."""
        biases = (*self.layer.reset_bias(module), *self.backward.reset_bias(module, "_reverse"))
        return (*drawn(module, self.weights(*inputs)), *biases)

    def mask(self, given: Masks) -> Typed | tuple[Typed | None, ...] | None:
        """The mask of the sequence, for all steps of both directions."""
        mask = given.masks[0] if self.layer.return_sequences else None
        return mask if self.merge_mode else (mask, mask)

    def forward(self, call: Call) -> Code | tuple[Code, ...]:
        """The module, and the two halves of its results merged; all steps that are masked are 0."""
        given = given_states(call)
        half = len(given) // 2
        states = [
            code("torch.stack(({}, {}))", first, second)
            for first, second in zip(given[:half], given[half:], strict=True)
        ]
        sequences, state = self.layer.return_sequences, self.layer.return_state
        mask = call.keywords.get("mask")
        if mask is None:
            result = applied(call.module, call.inputs[0], states)
        else:
            helper = "packed_recurrence" if is_fused(self.layer, self.backward) else ""
            result = masked(call, helper, call.inputs[0], mask, states)
        valid = code(".where({}.unsqueeze(-1), 0)", mask) if mask is not None else Code("")
        if sequences and not state and self.merge_mode == "concat":
            return code("{}[0]{}", result, valid)
        kept = self.layer.states if state else 0 if sequences else 1
        outputs, states = unpacked(call, result, self.layer.states, outputs=sequences, kept=kept)
        last = [code("{}[{}]", each, direction) for direction in "01" for each in states] if state else []
        if sequences and mask is not None:
            call.statement(code("{} = {}{}", outputs, outputs, valid))
        elif mask is not None and given:
            # Where all is masked the states stay, and the outputs are 0.
            last_step = call.local("last")
            call.statement(code("{} = {}.where({}.any(1, keepdim=True), 0)", last_step, states[0], mask))
            states = [Code(last_step)]
        merged = self._merged(outputs if sequences else states[0])
        return (*merged, *last) if len(merged) + len(last) > 1 else merged[0]

    def _merged(self, results: Code) -> tuple[Code, ...]:
        """Return all steps, or the last states, as ``merge_mode`` puts the directions together."""
        if self.layer.return_sequences:
            units = self.layer.units
            first, second = code("{}[..., :{}]", results, units), code("{}[..., {}:]", results, units)
        else:
            first, second = code("{}[0]", results), code("{}[1]", results)
        if self.merge_mode is None:
            return first, second
        if self.merge_mode == "concat":
            return (results if self.layer.return_sequences else code("torch.cat(({}, {}), -1)", first, second),)
        return (code({"sum": "{} + {}", "mul": "{} * {}", "ave": "({} + {}) / 2"}[self.merge_mode], first, second),)

    def multiply_adds(self, *inputs: TensorType) -> Size:
        """Those of both directions."""
        return self.layer.multiply_adds(*inputs) + self.backward.multiply_adds(*inputs)


ALIKE = (
    *("units", "use_bias", "dropout", "recurrent_dropout", "reset_after"),
    *("return_sequences", "return_state"),
)
"""The arguments in which the layers of two directions agree."""


@layer
class TimeDistributed(Layer):
    """Apply a layer to each step of a sequence by itself.

    Takes (N, T, …), gives (N, T, …). The elaborator takes it apart: it is the layer of no node.
    """

    can_hold_weights: ClassVar[bool] = True

    layer: Layer = argument(LayerKind())


def way(layer: Layer | None, x: TensorType) -> Literal["direct", "folded"]:
    """Return how a TimeDistributed is applied; ``layer`` is None for what is not one layer of the library.

    Raises E0401 for an input without a time axis and another behind it.
    """
    if x.rank < 3:
        message = f"`TimeDistributed` takes (N, steps, …), and its input has {x.rank} axes"
        raise LayerError("E0401", message, help="an axis of steps and another one, besides the batch")
    if type(layer).__name__ in ELEMENTWISE and getattr(layer, "noise_shape", None) is None:
        return "direct"
    if isinstance(layer, (Normalizing, UnitNormalization)) and not isinstance(layer, BatchNormalization):
        axes = layer.axis if isinstance(layer.axis, tuple) else (layer.axis,)
        return "direct" if type(layer).__name__ != "GroupNormalization" and max(axes) < 0 else "folded"
    return "folded"


def looks_at_batch(layer: Layer) -> bool:
    """Return whether what a layer makes of a sample in training depends on the other samples."""
    return isinstance(layer, BatchNormalization) and layer.trainable


@layer
class FoldTime(Layer):
    """The steps of all samples as samples: (N, T, …) -> (N · T, …)."""

    takes_any_float: ClassVar[bool] = True
    masks: ClassVar[MaskRule] = "ends"

    def mask(self, given: Masks) -> Typed | None:
        """What it says of the inside of the steps, if anything."""
        (mask,) = given.masks
        return given.apply(FoldTime(), mask) if mask is not None and mask.type.rank > 2 else None

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, T, …) -> (N, …): a batch has the symbol N, however large it is, so that blocks need know of one alone."""
        return step_of(inputs[0])

    def forward(self, call: Call) -> Code:
        """x.flatten(0, 1)."""
        return code("{}.flatten(0, 1)", call.inputs[0])


@layer
class UnfoldTime(Layer):
    """The samples as steps again, as many as the second input has: (N · T, …), (N, T, …) -> (N, T, …)."""

    takes_any_float: ClassVar[bool] = True
    least_inputs: ClassVar[int] = 2
    most_inputs: ClassVar[int] = 2
    masks: ClassVar[MaskRule] = "passes"

    def mask(self, given: Masks) -> Typed | None:
        """That of the steps."""
        return given.masks[1]

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N · T, …), (N, T, …) -> (N, T, …)."""
        folded, x = inputs
        return folded.with_shape(*x.shape[:2], *folded.shape[1:])

    def forward(self, call: Call) -> Code:
        """y.unflatten(0, (-1, T))."""
        return code("{}.unflatten(0, (-1, {}))", call.inputs[0], call.size(1, 1))


@layer
class Stepwise(Layer):
    """A layer applied to one step after the other: what is TimeDistributed and looks at the batch."""

    can_hold_weights: ClassVar[bool] = True
    casts_weights: ClassVar[bool] = True

    masks: ClassVar[MaskRule] = "passes"

    layer: Layer = argument(LayerKind())

    def mask_keywords(self, given: Masks) -> Mapping[str, Any]:
        """Those of the layer."""
        return self.layer.mask_keywords(given)

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, T, …) -> (N, T, …)."""
        way(None, inputs[0])
        result = self.layer.infer(sizes, step_of(inputs[0]))
        assert isinstance(result, TensorType)
        return result.with_shape(*inputs[0].shape[:2], *result.shape[1:])

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        """Those of the layer."""
        return self.layer.weights(step_of(inputs[0]))

    def build(self, context: Build, *inputs: TensorType) -> Code | None:
        """That of the layer."""
        return self.layer.build(context, step_of(inputs[0]))

    def reset(self, module: Code, *inputs: TensorType) -> tuple[Code, ...]:
        """That of the layer."""
        return self.layer.reset(module, step_of(inputs[0]))

    def forward(self, call: Call) -> Code:
        """The module on each step."""
        step, x = call.local("step"), call.inputs[0]
        if self.is_mixed:
            x = cast(x, self.variable_dtype)
        mask = call.keywords.get("mask")
        if mask is None:
            return computed(self, code("torch.stack([{}({}) for {} in {}.unbind(1)], 1)", call.module, step, step, x))
        assert isinstance(self.layer, BatchNormalization)
        valid = call.local("valid")
        # The channels of a step lie behind its samples, as those of all samples do behind the steps.
        place = call.axis(-1)
        each = self.layer.masked(call, Code(step), code("{}.unsqueeze({})", valid, str(place - 1 if place > 0 else -1)))
        pairs = code("zip({}.unbind(1), {}.unbind(1))", x, mask)
        return computed(self, code("torch.stack([{} for {}, {} in {}], 1)", each, step, valid, pairs))

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """That of the layer behind the steps."""
        inner = self.layer.wanted_order(step_of(inputs[0]))
        return None if inner is None else (0, 1, *(axis + 1 for axis in inner[1:]))

    def multiply_adds(self, *inputs: TensorType) -> Size:
        """Those of the layer for each step."""
        return inputs[0].shape[1] * self.layer.multiply_adds(step_of(inputs[0]))


def step_of(x: TensorType) -> TensorType:
    """Return the type of one step."""
    return x.with_shape(x.shape[0], *x.shape[2:])
