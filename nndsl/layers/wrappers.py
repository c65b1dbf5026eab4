"""Keras's TimeDistributed.

It is taken apart by the elaborator, and what is made in its argument has its place. When it is applied
to x, ``way(layer, x.type)`` says how: ``"direct"``, the node is the wrapped layer on x, since that takes any number of
axes before its own; or ``"folded"``: ``FoldTime()`` on x makes the steps samples, then come the nodes of whatever is
wrapped (a layer, a composed layer, a block), then ``UnfoldTime()`` on [their output, x]. A layer that looks at the
whole batch would see the steps of others: ``looks_at_batch`` says which. Alone in a TimeDistributed, such a layer is
constructed as ``Stepwise(layer)`` from the start, and applied like any other; deeper inside it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from nndsl.arguments import Kind, argument
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

    def keeper(self, variable: str) -> Layer:
        """The layer."""
        return self.layer

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
