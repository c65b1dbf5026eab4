"""The hidden layers that operators and indices on tensors become, and the free weights of ``Weight(…)``.

They are not in the index of names: only the elaborator makes them. PyTorch's broadcasting is theirs: from the right,
with the batch of what has one in front.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, TypeAlias

from nndsl.arguments import Choice, Kind, argument
from nndsl.arguments import Shape as ShapeKind
from nndsl.code import Code, code
from nndsl.dims import Dim, Size
from nndsl.layers.base import (
    Build,
    Call,
    Layer,
    LayerError,
    MaskRule,
    Masks,
    Order,
    Shape,
    Sizes,
    TensorType,
    Typed,
    Weight,
    layer,
)
from nndsl.layers.casting import computed, promoted
from nndsl.layers.masking import either, replaced
from nndsl.layers.merging import masked_product, same_dtypes
from nndsl.layers.refusals import need_numbers, shown
from nndsl.recipes.initializers import Initializer, initializer

OPERATORS = ("+", "-", "*", "/", "**")

_MERGES = {"+": "Add", "-": "Subtract", "*": "Multiply"}


class Constant(Kind):
    """A number, as it stands."""

    description = "a number"

    def read(self, value: object) -> float | int:
        """Return the number."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.refuse(value)
        return value


class Given(Kind):
    """What the elaborator has checked already."""

    def read(self, value: object) -> Any:
        """Return the value."""
        return value


@layer
class Arithmetic(Layer):
    """``a + b`` and its like, of two tensors of equal rank, or of which one has no batch."""

    least_inputs: ClassVar[int] = 2
    most_inputs: ClassVar[int] = 2
    masks: ClassVar[MaskRule] = "passes"

    operator: str = argument(Choice(OPERATORS))

    def accepted(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        """Return both types with the dtype of the operation."""
        first, second = inputs
        if not (first.is_float and second.is_float):
            return inputs
        dtype = promoted(first.dtype, second.dtype)
        return first.with_dtype(dtype), second.with_dtype(dtype)

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """The shape to which both broadcast, from the right."""
        first, second = inputs
        same_dtypes(self, inputs)
        need_numbers(self, first)
        if first.batched and second.batched and first.rank != second.rank:
            merge = _MERGES.get(self.operator)
            raise LayerError(
                "E0403",
                f"`{self.operator}` takes tensors of equal rank, and these are {shown(first.shape)} and "
                f"{shown(second.shape)}",
                help=f"write `[a, b] -> {merge}()` to put axes of 1 behind the batch as Keras does, or use `Reshape`"
                if merge
                else "use `Reshape`",
                input=1,
            )
        dtype = "float32" if self.operator == "/" and not first.is_float else first.dtype
        return TensorType(self._broadcast(sizes, first, second), dtype, first.batched or second.batched)

    def _broadcast(self, sizes: Sizes, first: TensorType, second: TensorType) -> Shape:
        longer, shorter = (first, second) if first.rank >= second.rank else (second, first)
        cut = longer.rank - shorter.rank
        if shorter.batched and cut:
            raise self._refusal(first, second, "the one without a batch has more axes")
        if first.batched != second.batched and not cut and (second if first.batched else first).shape[0] != 1:
            raise self._refusal(first, second, "the batch would change")
        result: list[Size] = list(longer.shape[:cut])
        for one, other in zip(longer.shape[cut:], shorter.shape, strict=True):
            if one == 1 or other == 1:
                result.append(other if one == 1 else one)
            elif sizes.same(one, other):
                result.append(other if isinstance(other, int) else one)
            else:
                raise self._refusal(first, second, f"{one} is not {other}")
        return tuple(result)

    def _refusal(self, first: TensorType, second: TensorType, why: str) -> LayerError:
        message = f"`{self.operator}` cannot take {shown(first.shape)} and {shown(second.shape)}: {why}"
        return LayerError("E0403", message, help="sizes must be equal, or 1", input=1)

    def mask_keywords(self, given: Masks) -> Mapping[str, Any]:
        """The masks, where the operator is ``Multiply``."""
        return replaced(given) if self.operator == "*" else {}

    def mask(self, given: Masks) -> Typed | None:
        """What is valid in an input: ``+`` is ``Add``."""
        return either(given)

    def forward(self, call: Call) -> Code:
        """The operator."""
        if "mask" in call.keywords:
            return masked_product(call, list(call.inputs))
        return code("{} " + self.operator + " {}", *call.inputs)

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None


@layer
class ConstantArithmetic(Layer):
    """``x + 2`` and its like; ``reversed`` for a constant on the left, ``1 - x``."""

    takes_any_float: ClassVar[bool] = True
    masks: ClassVar[MaskRule] = "passes"

    operator: str = argument(Choice(OPERATORS))
    constant: int | float = argument(Constant())
    reversed: bool = argument(Given(), default=False)

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …) -> (N, …); integers become floats by division, or by a constant that is no integer."""
        (x,) = inputs
        need_numbers(self, x)
        if not x.is_float and (self.operator == "/" or isinstance(self.constant, float)):
            return TensorType(x.shape, "float32", x.batched)
        return x

    def forward(self, call: Call) -> Code:
        """The operator."""
        constant = code("({})" if self.constant < 0 else "{}", self.constant)
        parts = (constant, call.inputs[0]) if self.reversed else (call.inputs[0], constant)
        return code("{} " + self.operator + " {}", *parts)

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None


@layer
class Negative(Layer):
    """``-x``."""

    takes_any_float: ClassVar[bool] = True
    masks: ClassVar[MaskRule] = "passes"

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …) -> (N, …)."""
        need_numbers(self, inputs[0])
        return inputs[0]

    def forward(self, call: Call) -> Code:
        """-x."""
        return code("-{}", call.inputs[0])

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None


Bound: TypeAlias = "Size | None"
Index: TypeAlias = "Size | tuple[Bound, Bound, Bound]"
"""An index, which drops its axis, or the start, stop and step of a slice."""

WHOLE: tuple[None, None, None] = (None, None, None)


@layer
class Slice(Layer):
    """``x[:, 2:5]``, ``x[:, -1]``: an index or a slice for each axis from the first on, the batch if there is one.

    What an index or a slice names must be there: a slice never gives less than it says.
    """

    takes_any_float: ClassVar[bool] = True

    masks: ClassVar[MaskRule] = "passes"

    indices: tuple[Index, ...] = argument(Given())

    def mask(self, given: Masks) -> Typed | None:
        """The same part of the mask; none if an axis of it is dropped."""
        (mask,) = given.masks
        if mask is None:
            return None
        indices = self.indices[: mask.type.rank]
        if all(index == WHOLE for index in indices):
            return mask
        if not all(isinstance(index, tuple) for index in indices):
            return None
        return given.apply(Slice(indices), mask)

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """The axes that are left."""
        (x,) = inputs
        if len(self.indices) > x.rank:
            raise LayerError("E0401", f"{len(self.indices)} indices are too many for {shown(x.shape)}")
        if x.batched and self.indices and self.indices[0] != WHOLE:
            raise LayerError(
                "E0407", "the first axis is the batch, which an index must leave whole", help="write `x[:, …]`"
            )
        shape: list[Size] = []
        for axis, size in enumerate(x.shape):
            index = self.indices[axis] if axis < len(self.indices) else WHOLE
            if isinstance(index, tuple):
                shape.append(_sliced(sizes, size, index, axis))
            else:
                _need(sizes, size, index, axis, f"index {index}")
        return x.with_shape(*shape)

    def forward(self, call: Call) -> Code:
        """x[…]; axes behind the last that is cut are left out."""
        rank = call.types[0].rank
        placed: list[Code] = [Code(":")] * rank
        for axis, index in enumerate(self.indices):
            placed[call.axis(axis)] = _text(index)
        while placed and placed[-1].text == ":":
            placed.pop()
        if not placed:
            return call.inputs[0]
        return code("{}[{}]", call.inputs[0], code(", ".join("{}" for _ in placed), *placed))

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any if all axes stay, else the logical one."""
        if all(isinstance(index, tuple) for index in self.indices):
            return None
        return tuple(range(inputs[0].rank))


def _counted(bound: Size, size: Size) -> Size:
    """Return a place counted from the front."""
    return size + bound if isinstance(bound, int) and bound < 0 else bound


def _need(sizes: Sizes, size: Size, index: Size, axis: int, what: str) -> None:
    """Demand that a place be there."""
    place = _counted(index, size)
    error = LayerError("E0409", f"{what} is beyond axis {axis}, which has {size}")
    sizes.require(place, 0, error)
    sizes.require(size - place, 1, error)


def _sliced(sizes: Sizes, size: Size, index: tuple[Bound, Bound, Bound], axis: int) -> Size:
    """Return the size of a slice; demand that its start and stop be there, and that it holds something."""
    start, stop, step = index
    if index == WHOLE:
        return size
    if isinstance(step, Dim) or (step is not None and step < 1):
        raise LayerError("E0303", f"the step of a slice must be a positive integer, not {step}")
    first = 0 if start is None else _counted(start, size)
    last = size if stop is None else _counted(stop, size)
    shown_slice = f"`{'' if start is None else start}:{'' if stop is None else stop}`"
    error = LayerError("E0409", f"the slice {shown_slice} is beyond axis {axis}, which has {size}")
    if start is not None:
        sizes.require(first, 0, error)
    if stop is not None:
        sizes.require(size - last, 0, error)
    length = last - first
    sizes.require(length, 1, LayerError("E0409", f"the slice {shown_slice} of axis {axis}, which has {size}, is empty"))
    return length if step is None else (length + step - 1) // step


def _text(index: Index) -> Code:
    if not isinstance(index, tuple):
        return code("{}", index)
    start, stop, step = ("" if bound is None else bound for bound in index)
    return code("{}:{}", start, stop) if index[2] in (None, 1) else code("{}:{}:{}", start, stop, step)


@layer
class FreeWeight(Layer):
    """``Weight(shape, initializer="zeros", trainable=true)``: a tensor of free weights, without a batch."""

    can_hold_weights: ClassVar[bool] = True
    casts_weights: ClassVar[bool] = True
    least_inputs: ClassVar[int] = 0
    most_inputs: ClassVar[int] = 0

    shape: Shape = argument(ShapeKind())
    initializer: Initializer = initializer("zeros")

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """The shape, as it is."""
        for size in self.shape:
            sizes.fixed(size, "`Weight` needs fixed sizes")
        return TensorType(self.shape, self.compute_dtype, batched=False)

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        """The parameter itself: its key is that of the layer."""
        shape = tuple(size for size in self.shape if isinstance(size, int))
        names = " ".join(f"a{axis}" for axis in range(len(shape)))
        return (Weight("", "weight", shape, f"{names} -> {names}", self.initializer, self.trainable),)

    def build(self, context: Build, *inputs: TensorType) -> Code:
        """An nn.Parameter."""
        dtype = "" if self.variable_dtype == "float32" else f", dtype=torch.{self.variable_dtype}"
        return code(f"nn.Parameter(torch.empty({{}}{dtype}))", self.shape)

    def forward(self, call: Call) -> Code:
        """The parameter."""
        return computed(self, call.module)
