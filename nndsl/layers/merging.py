"""Keras's merges of several tensors: Add, Concatenate, Dot, …

Inputs of unequal rank get axes of 1 behind the batch, and then broadcast. A tensor without a batch (a ``Weight``)
stands for the same values in every sample.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from nndsl.arguments import ArgumentError, Axes, Kind, argument, describe, flag
from nndsl.code import Code, code, join
from nndsl.dims import Size
from nndsl.layers.base import Call, Layer, LayerError, MaskRule, Masks, Order, Shape, Sizes, TensorType, Typed, layer
from nndsl.layers.masking import JoinMasks, beside, either, replaced
from nndsl.layers.refusals import need_floats, need_numbers, placed_axis, shown

MOST_INPUTS = 1024
LETTERS = "ijlmopqrstuvwxyzabcdefgh"
"""What axes are called in an einsum, but for the batch (n) and the axes that are summed (k)."""


def same_dtypes(layer: Layer, inputs: tuple[TensorType, ...]) -> None:
    """Raise E0405 unless all inputs have one dtype."""
    for number, x in enumerate(inputs):
        if x.dtype != inputs[0].dtype:
            raise LayerError(
                "E0405",
                f"`{getattr(layer, 'operator', type(layer).__name__)}` takes inputs of one dtype, and these are "
                f"{inputs[0].dtype} and {x.dtype}",
                help="`1.0 * x` makes floats of integers",
                input=number,
            )


def broadcast(sizes: Sizes, layer: Layer, inputs: tuple[TensorType, ...]) -> TensorType:
    """Return the type of inputs that are merged value by value; raise E0403 if their sizes do not broadcast."""
    same_dtypes(layer, inputs)
    batched = any(x.batched for x in inputs)
    shapes = [x.shape[1:] if x.batched else x.shape for x in inputs]
    result: Shape = shapes[0]
    for number, shape in enumerate(shapes[1:], 1):
        longer, shorter = (result, shape) if len(result) >= len(shape) else (shape, result)
        cut = len(longer) - len(shorter)
        merged: list[Size] = list(longer[:cut])
        for first, second in zip(longer[cut:], shorter, strict=True):
            if first == 1 or second == 1:
                merged.append(second if first == 1 else first)
            elif sizes.same(first, second):
                merged.append(second if isinstance(second, int) else first)
            else:
                raise LayerError(
                    "E0403",
                    f"`{type(layer).__name__}` cannot merge {shown(inputs[0].shape)} and "
                    f"{shown(inputs[number].shape)}: {first} is not {second}",
                    help="sizes must be equal, or 1",
                    input=number,
                )
        result = tuple(merged)
    if not batched:
        return TensorType(result, inputs[0].dtype, batched=False)
    batch = next(x.shape[0] for x in inputs if x.batched)
    return TensorType((batch, *result), inputs[0].dtype)


def masked_product(call: Call, factors: list[Code]) -> Code:
    """Return the product of tensors, each with its mask or none."""
    return code("{}([{}], [{}])", call.helper("masked_product"), join(", ", factors), _masks(call))


def _masks(call: Call) -> Code:
    masks = enumerate(call.keywords["mask"])
    return join(", ", [Code("None") if mask is None else beside(call, mask, place) for place, mask in masks])


def aligned(call: Call) -> list[Code]:
    """Return the inputs so that PyTorch, which broadcasts from the right, merges them as Keras does."""
    rank = call.outputs[0].rank
    result: list[Code] = []
    for x, kind in zip(call.inputs, call.types, strict=True):
        missing = rank - kind.rank if kind.batched else 0
        result.append(code("{}" + ".unsqueeze(1)" * missing, x))
    return result


class Merge(Layer):
    """What the merges of a list of tensors share."""

    __slots__ = ()

    takes_list: ClassVar[bool] = True
    least_inputs: ClassVar[int] = 1
    most_inputs: ClassVar[int] = MOST_INPUTS
    masks: ClassVar[MaskRule] = "passes"

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """The shape to which the inputs broadcast."""
        return broadcast(sizes, self, inputs)

    def mask(self, given: Masks) -> Typed | None:
        """What is valid in an input."""
        return either(given)

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None


class Sum(Merge):
    """A merge by an operator."""

    __slots__ = ()

    operator: ClassVar[str]

    def forward(self, call: Call) -> Code:
        """a + b + c."""
        return join(f" {self.operator} ", aligned(call))


@layer
class Add(Sum):
    """The sum of tensors."""

    operator: ClassVar[str] = "+"


@layer
class Subtract(Sum):
    """The first of two tensors minus the second."""

    operator: ClassVar[str] = "-"
    least_inputs: ClassVar[int] = 2
    most_inputs: ClassVar[int] = 2

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """The shape to which the inputs broadcast."""
        for number, x in enumerate(inputs):
            need_numbers(self, x, number)
        return broadcast(sizes, self, inputs)


@layer
class Multiply(Sum):
    """The product of tensors, value by value; what is masked is 1, and 0 where all are."""

    operator: ClassVar[str] = "*"

    def mask_keywords(self, given: Masks) -> Mapping[str, Any]:
        """The masks."""
        return replaced(given)

    def forward(self, call: Call) -> Code:
        """a * b * c."""
        return masked_product(call, aligned(call)) if "mask" in call.keywords else Sum.forward(self, call)


@layer
class Average(Merge):
    """The mean of tensors, value by value; that of integers is a float."""

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """The shape to which the inputs broadcast."""
        merged = broadcast(sizes, self, inputs)
        return TensorType(merged.shape, merged.dtype if merged.is_float else "float32", merged.batched)

    def forward(self, call: Call) -> Code:
        """(a + b) / 2."""
        return code("({}) / {}", join(" + ", aligned(call)), len(call.inputs))


class Extreme(Merge):
    """A merge by a function of two tensors."""

    __slots__ = ()

    function: ClassVar[str]

    def mask_keywords(self, given: Masks) -> Mapping[str, Any]:
        """The masks: what is masked of one tensor is what the others have."""
        return replaced(given)

    def forward(self, call: Call) -> Code:
        """torch.maximum(torch.maximum(a, b), c)."""
        first, *others = aligned(call)
        if "mask" in call.keywords:
            tensors = join(", ", [first, *others])
            return code("{}({}, [{}], [{}])", call.helper("masked_extreme"), self.function, tensors, _masks(call))
        for other in others:
            first = code(self.function + "({}, {})", first, other)
        return first


@layer
class Maximum(Extreme):
    """The largest of tensors, value by value."""

    function: ClassVar[str] = "torch.maximum"


@layer
class Minimum(Extreme):
    """The smallest of tensors, value by value."""

    function: ClassVar[str] = "torch.minimum"


@layer
class Concatenate(Merge):
    """Tensors one behind the other along an axis; the other sizes are equal. Axes count the batch."""

    axis: int = argument(Axes(), default=-1)

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …, a, …) and (N, …, b, …) -> (N, …, a + b, …)."""
        same_dtypes(self, inputs)
        batch = next((x.shape[0] for x in inputs if x.batched), None)
        if batch is None:
            raise LayerError("E0427", "`Concatenate` takes a batch, and none of its inputs has one")
        shapes = [x.shape if x.batched else (batch, *x.shape) for x in inputs]
        first = shapes[0]
        axis = placed_axis(self, self.axis, len(first))
        joined = list(first)
        for number, shape in enumerate(shapes[1:], 1):
            if len(shape) != len(first):
                raise self._refusal(first, shape, "the number of axes differs", number)
            for place, (mine, other) in enumerate(zip(first, shape, strict=True)):
                if place and place != axis and not sizes.same(mine, other):
                    raise self._refusal(first, shape, f"axis {place} is {mine} and {other}", number)
            joined[axis] = joined[axis] + shape[axis]
        return TensorType(tuple(joined), inputs[0].dtype)

    def mask(self, given: Masks) -> Typed | None:
        """The masks one behind the other; along the last axis, what is valid in an input."""
        rank = given.outputs[0].rank
        axis = placed_axis(self, self.axis, rank)
        if axis == rank - 1:
            return either(given)
        masks = [mask for mask in given.masks if mask is not None]
        if any(mask.type.rank != rank - 1 for mask in masks):
            return None
        lengths: tuple[Size, ...] = tuple(
            -1 if mask is not None else x.type.shape[axis - (not x.type.batched)]
            for mask, x in zip(given.masks, given.inputs, strict=True)
        )
        return given.apply(JoinMasks(axis, lengths), *masks)

    def _refusal(self, first: Shape, other: Shape, why: str, number: int) -> LayerError:
        message = f"`Concatenate` cannot join {shown(first)} and {shown(other)} along axis {self.axis}: {why}"
        return LayerError("E0403", message, input=number)

    def forward(self, call: Call) -> Code:
        """torch.cat; what has no batch is expanded to that of the others."""
        known = next(place for place, kind in enumerate(call.types) if kind.batched)
        parts = [
            x if kind.batched else code("{}.expand({}" + ", -1" * kind.rank + ")", x, call.size(0, known))
            for x, kind in zip(call.inputs, call.types, strict=True)
        ]
        comma = "," if len(parts) == 1 else ""
        return code("torch.cat(({}{}), dim={})", join(", ", parts), comma, str(call.axis(self.axis, known)))


class DotAxes(Kind):
    """The axis over which Dot multiplies, or one for each input."""

    description = "an axis, or a pair of axes"

    def read(self, value: object) -> int | tuple[int, int]:
        """Return the axis or the pair; the batch, axis 0, is refused."""
        items = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
        if len(items) != 2 or any(isinstance(item, bool) or not isinstance(item, int) for item in items):
            raise self.refuse(value)
        if 0 in items:
            raise ArgumentError("E0303", f"must leave the batch alone, which is axis 0, not {describe(value)}")
        return value if isinstance(value, int) else (items[0], items[1])


@layer
class Dot(Merge):
    """Multiply two tensors and sum over an axis of each; ``normalize`` makes the vectors on them unit ones first.

    (N, a, k) and (N, b, k) with ``axes=2`` give (N, a, b); two vectors (N, k) give (N, 1).
    """

    least_inputs: ClassVar[int] = 2
    most_inputs: ClassVar[int] = 2
    masks: ClassVar[MaskRule] = "stops"

    axes: int | tuple[int, int] = argument(DotAxes())
    normalize: bool = flag(False)

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """The axes of both that are left, those of the first before those of the second."""
        for number, x in enumerate(inputs):
            need_floats(self, x, number)
            if x.rank < 2 or not x.batched:
                raise LayerError(
                    "E0401", f"`Dot` takes tensors with a batch and more, not {shown(x.shape)}", input=number
                )
        same_dtypes(self, inputs)
        first, second = inputs
        left, right = self._axes(inputs)
        if not sizes.same(first.shape[left], second.shape[right]):
            raise LayerError(
                "E0403",
                f"`Dot` multiplies axis {left} of {shown(first.shape)} with axis {right} of {shown(second.shape)}: "
                f"{first.shape[left]} is not {second.shape[right]}",
                argument="axes",
                input=1,
            )
        rest = [size for axis, size in enumerate(first.shape) if axis != left]
        rest += [size for axis, size in enumerate(second.shape) if axis not in (0, right)]
        if len(rest) - 1 > len(LETTERS):
            message = f"`Dot` gives at most {len(LETTERS) + 1} axes, and here they would be {len(rest)}"
            raise LayerError("E0401", message, input=1)
        return first.with_shape(*rest, *([1] if len(rest) == 1 else []))

    def mask(self, given: Masks) -> None:
        """None."""

    def _axes(self, inputs: tuple[TensorType, ...]) -> tuple[int, int]:
        first, second = (self.axes, self.axes) if isinstance(self.axes, int) else self.axes
        return placed_axis(self, first, inputs[0].rank, "axes"), placed_axis(self, second, inputs[1].rank, "axes")

    def forward(self, call: Call) -> Code:
        """torch.einsum; of two vectors the sum of their product."""
        left, right = self._axes(call.types)
        first, second = call.inputs
        if self.normalize:
            first = code("F.normalize({}, dim={}, eps=1e-7)", first, str(left))
            second = code("F.normalize({}, dim={}, eps=1e-7)", second, str(right))
        if call.types[0].rank == call.types[1].rank == 2:
            return code("({} * {}).sum(1, keepdim=True)", first, second)
        letters = iter(LETTERS)
        one = ["k" if axis == left else next(letters) if axis else "n" for axis in range(call.types[0].rank)]
        other = ["k" if axis == right else next(letters) if axis else "n" for axis in range(call.types[1].rank)]
        result = [letter for letter in (*one, *other[1:]) if letter != "k"]
        return code(f'torch.einsum("{"".join(one)},{"".join(other)}->{"".join(result)}", {{}}, {{}})', first, second)

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """The logical one: the axes are named in the expression."""
        return tuple(range(inputs[0].rank))
