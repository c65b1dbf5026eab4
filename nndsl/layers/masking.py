"""Keras's Masking, and the hidden layers that masks are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from nndsl.arguments import Kind, argument, number
from nndsl.code import Code, code, join
from nndsl.dims import Size
from nndsl.layers.base import Call, Layer, LayerError, MaskRule, Masks, Order, Sizes, TensorType, Typed, layer
from nndsl.layers.refusals import need_floats, need_least_rank, shown


class Given(Kind):
    """What the compiler has put there itself."""

    def read(self, value: object) -> Any:
        """Return the value."""
        return value


@layer
class Masking(Layer):
    """Mask the steps of which all values are ``mask_value``, and set these to 0.

    Takes floats of shape (N, …, features), and keeps it.
    """

    masks: ClassVar[MaskRule] = "ends"

    mask_value: float = number(0.0)

    @property
    def makes_mask(self) -> bool:
        """Always."""
        return True

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …, features) -> (N, …, features)."""
        need_least_rank(self, inputs[0], 2)
        need_floats(self, inputs[0])
        return inputs[0]

    def mask_keywords(self, given: Masks) -> Mapping[str, Any]:
        """The mask that it makes, which its own output needs first."""
        return {"mask": self.mask(given)}

    def mask(self, given: Masks) -> Typed:
        """Where a value of the step is another."""
        return given.apply(AnyOther(self.mask_value, dtype=self.dtype), given.inputs[0])

    def forward(self, call: Call) -> Code:
        """Zeros where the mask is false."""
        return code("{}.where({}.unsqueeze(-1), 0)", call.inputs[0], call.keywords["mask"])


@layer
class AnyOther(Layer):
    """Whether a step has a value that is not ``value``: (N, …, features) -> (N, …)."""

    value: float = number()

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …, features) -> (N, …), bools."""
        return TensorType(inputs[0].shape[:-1], "bool")

    def forward(self, call: Call) -> Code:
        """(x != value).any(-1)."""
        return code("({} != {}).any(-1)", call.inputs[0], self.value)


@layer
class NotZero(Layer):
    """Which integers are not 0."""

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …) -> (N, …), bools."""
        return inputs[0].with_dtype("bool")

    def forward(self, call: Call) -> Code:
        """x != 0."""
        return code("{} != 0", call.inputs[0])

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None


@layer
class AllValid(Layer):
    """A mask of ``axes`` axes that masks nothing, for what has none and meets what has one."""

    takes_any_float: ClassVar[bool] = True

    axes: int = argument(Given())

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …) -> (N, …), bools."""
        return TensorType(inputs[0].shape[: self.axes], "bool")

    def forward(self, call: Call) -> Code:
        """x.new_ones(…)."""
        sizes = join(", ", [call.size(axis) for axis in range(self.axes)])
        return code("{}.new_ones({}, dtype=torch.bool)", call.inputs[0], sizes)

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None


@layer
class EitherMask(Layer):
    """What is valid in one of several masks of equal rank, which broadcast."""

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …), (N, …) -> (N, …)."""
        columns = zip(*(kind.shape for kind in inputs), strict=True)
        return inputs[0].with_shape(*(next((size for size in column if size != 1), 1) for column in columns))

    def forward(self, call: Call) -> Code:
        """a | b."""
        return join(" | ", list(call.inputs))


@layer
class JoinMasks(Layer):
    """The masks of tensors that are joined along an axis; ``-1`` in ``lengths`` stands for the next input.

    What has no mask has a length along the axis instead: all of it is valid.
    """

    axis: int = argument(Given())
    lengths: tuple[Size, ...] = argument(Given())

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, a), (N, b) -> (N, a + b)."""
        given = iter(inputs)
        shape = list(inputs[0].shape)
        parts = [next(given).shape[self.axis] if length == -1 else length for length in self.lengths]
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        shape[self.axis] = total
        return inputs[0].with_shape(*shape)

    def forward(self, call: Call) -> Code:
        """torch.cat of the masks, and of ones."""
        given = iter(call.inputs)
        parts = [next(given) if length == -1 else self._ones(call, length) for length in self.lengths]
        return code("torch.cat(({}), dim={})", join(", ", parts), str(self.axis))

    def _ones(self, call: Call, length: Size) -> Code:
        mask, rank = call.inputs[0], call.types[0].rank
        sizes = [code("{}", length) if axis == self.axis else call.size(axis) for axis in range(rank)]
        return code("{}.new_ones({})", mask, join(", ", sizes))


def either(given: Masks) -> Typed | None:
    """Return the mask of what merges inputs value by value: Keras's, none if an input with a batch has none."""
    masks: list[Typed] = []
    for mask, x in zip(given.masks, given.inputs, strict=True):
        if not x.type.batched:
            continue
        if mask is None or mask.type.rank != given.outputs[0].rank - 1:
            return None
        masks.append(mask)
    distinct = list(dict.fromkeys(masks))
    return distinct[0] if len(distinct) == 1 else given.apply(EitherMask(), *distinct)


def replaced(given: Masks) -> Mapping[str, Any]:
    """Return the keyword of the merges that replace what is masked: the mask of each input, or None.

    As in Keras, an input that gets axes to meet the others has no mask then, and nothing is done where tensors have no
    batch.
    """
    types = [x.type for x in given.inputs]
    rank = max(kind.rank for kind in types)
    fitting = tuple(
        mask if mask is not None and kind.rank == rank == mask.type.rank + 1 else None
        for mask, kind in zip(given.masks, types, strict=True)
    )
    return {"mask": fitting} if any(fitting) and all(kind.batched for kind in types) else {}


def beside(call: Call, mask: Code, input: int = 0) -> Code:
    """Return the mask of all axes of an input but the last as it broadcasts to the input, however that lies."""
    axes = range(call.types[input].rank - 1)
    order = sorted(axes, key=lambda axis: call.axis(axis, input))
    if order != list(axes):
        mask = code("{}.permute({})", mask, ", ".join(map(str, order)))
    return code("{}.unsqueeze({})", mask, str(call.axis(-1, input)))


def need_steps(layer: Layer, given: Masks) -> None:
    """Raise E0307 unless all masked inputs are (N, steps, features), with masks of (N, steps)."""
    for place, (x, mask) in enumerate(zip(given.inputs, given.masks, strict=True)):
        if mask is not None and (x.type.rank != 3 or mask.type.rank != 2):
            message = f"`{type(layer).__name__}` takes masks for inputs of (N, steps, features) alone"
            note = f"the mask of this one is {shown(mask.type.shape)}"
            raise LayerError("E0307", message, label=note, help="`Reshape` stops a mask", input=place)
