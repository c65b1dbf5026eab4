"""Products with sums over axes: matmul, dot, tensordot, einsum. The batch stays in front, and is never summed."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import ClassVar

from nndsl.arguments import ArgumentError, Integer, Kind, argument, describe
from nndsl.code import Code, code, join
from nndsl.dims import Size
from nndsl.layers.base import Call, LayerError, Sizes, TensorType
from nndsl.layers.refusals import shown
from nndsl.ops.base import Input, Op, op, tensor, tensors
from nndsl.ops.checks import axis_of, batch_error, in_dtype, need_numbers, result_type

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SIDE = r"(?:[A-Za-z]*(?:\.\.\.)?[A-Za-z]*)"
_SUBSCRIPTS = re.compile(rf"{_SIDE}(?:,{_SIDE})*(?:->{_SIDE})?")


def contracted(
    op: Op, sizes: Sizes, inputs: Sequence[TensorType], axes: Sequence[str], left: str, stretched: Collection[str]
) -> TensorType:
    """Return the type of a product: ``axes`` has a letter for each axis of each tensor, ``left`` those of the result.

    ``stretched`` are the letters whose axes broadcast. Raises E0403 for sizes that differ, and E0428 unless the batch
    is one letter, in front of all that have one.
    """
    batch = left[:1]
    batched = any(x.batched for x in inputs)
    for number, (x, letters) in enumerate(zip(inputs, axes, strict=True)):
        if batched and not _keeps_batch(x, letters, batch):
            help = 'name the batch in front of all: `ops.einsum("nij,njk->nik", a, b)`'
            raise batch_error(op, "sums over the batch, moves it or mixes its samples", help, input=number)
    known: dict[str, Size] = {}
    for number, (x, letters) in enumerate(zip(inputs, axes, strict=True)):
        for size, letter in zip(x.shape, letters, strict=True):
            before = known.get(letter)
            if before is None or (before == 1 and letter in stretched):
                known[letter] = size
            elif not (size == 1 and letter in stretched) and not sizes.same(before, size):
                listed = " and ".join(shown(each.shape) for each in inputs)
                message = f"`{op.called()}` cannot multiply {listed}: {before} is not {size}"
                raise LayerError("E0403", message, input=number)
    small = all(x.dtype == "int8" for x in inputs)
    dtype = "int32" if small else result_type(*(x.dtype for x in inputs))
    return TensorType(tuple(known[letter] for letter in left), dtype, batched)


def _keeps_batch(x: TensorType, letters: str, batch: str) -> bool:
    """Return whether a tensor has the batch in front, and nowhere else; one without a batch, no such axis but of 1."""
    if x.batched:
        return letters[0] == batch and letters.count(batch) == 1
    return all(size == 1 for size, letter in zip(x.shape, letters, strict=True) if letter == batch)


@op
class Product(Op):
    """What products of two tensors share."""

    x1: Input = tensor()
    x2: Input = tensor()

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """The axes that are not summed, those of the first before those of the second."""
        pair = inputs[self.x1.number], inputs[self.x2.number]
        for x in pair:
            need_numbers(self, [x])
            if not x.rank:
                message = f"`{self.called()}` takes tensors with axes; a single number is multiplied: `ops.multiply`"
                raise LayerError("E0401", message)
        first, second, left, stretched = self.letters(*pair)
        return contracted(self, sizes, pair, (first, second), left, stretched)

    def letters(self, first: TensorType, second: TensorType) -> tuple[str, str, str, str]:
        """Return the letters of both, of the result, and of what broadcasts."""
        raise NotImplementedError

    def operands(self, call: Call) -> tuple[Code, Code]:
        """Return both in the dtype of the result."""
        first, second = (
            in_dtype(call.inputs[each.number], call.types[each.number].dtype, call.outputs[0].dtype)
            for each in (self.x1, self.x2)
        )
        return first, second


@op
class Matmul(Product):
    """The product of matrices on the last two axes; those before them broadcast. A vector has one axis."""

    def letters(self, first: TensorType, second: TensorType) -> tuple[str, str, str, str]:
        """ab…mk, ab…kn."""
        stack = _LETTERS[: max(first.rank, second.rank, 2) - 2]
        one = "Z" if first.rank == 1 else stack[len(stack) - first.rank + 2 :] + "YZ"
        other = "Z" if second.rank == 1 else stack[len(stack) - second.rank + 2 :] + "ZX"
        return one, other, stack + "Y" * (first.rank > 1) + "X" * (second.rank > 1), stack

    def forward(self, call: Call) -> Code:
        """a @ b."""
        return code("{} @ {}", *self.operands(call))


@op
class Dot(Product):
    """The sum over the last axis of x1 and the last but one of x2 (of a vector its only one)."""

    def letters(self, first: TensorType, second: TensorType) -> tuple[str, str, str, str]:
        """a…k, b…kn."""
        one = _LETTERS[: first.rank - 1]
        other = _LETTERS[first.rank : first.rank + second.rank - 1]
        return one + "Z", other[:-1] + "Z" + other[-1:], one + other, ""

    def forward(self, call: Call) -> Code:
        """a @ b, or torch.tensordot where that is another."""
        first, second = self.operands(call)
        if call.types[self.x2.number].rank <= 2:
            return code("{} @ {}", first, second)
        return code("torch.tensordot({}, {}, dims=([-1], [-2]))", first, second)


class SummedAxes(Kind):
    """A number of axes, or the axes of both."""

    description = "a number of axes, or a pair of axes or of tuples of them"

    def read(self, value: object) -> int | tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the number, or a tuple of axes for each tensor."""
        if isinstance(value, int) and not isinstance(value, bool):
            found = Integer(0).read(value)
            assert found is not None
            return found
        if not isinstance(value, (tuple, list)) or len(value) != 2:
            raise self.refuse(value)
        first, second = (tuple(item) if isinstance(item, (tuple, list)) else (item,) for item in value)
        if any(isinstance(item, bool) or not isinstance(item, int) for item in (*first, *second)):
            raise self.refuse(value)
        if len(first) != len(second):
            raise ArgumentError("E0303", f"must name as many axes of both, not {describe(value)}")
        return first, second


@op
class Tensordot(Product):
    """The sum over axes of both: the last ``axes`` of x1 and the first of x2, or the pairs of axes that are named."""

    axes: int | tuple[tuple[int, ...], tuple[int, ...]] = argument(SummedAxes(), default=2)

    def summed(self, first: TensorType, second: TensorType) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The axes of both, counted from the front."""
        if not isinstance(self.axes, int):
            one = tuple(axis_of(self, axis, first, "axes") for axis in self.axes[0])
            return one, tuple(axis_of(self, axis, second, "axes", input=1) for axis in self.axes[1])
        if self.axes > min(first.rank, second.rank):
            message = f"`{self.called()}` sums over {self.axes} axes, more than one of the tensors has"
            raise LayerError("E0407", message, argument="axes")
        return tuple(range(first.rank - self.axes, first.rank)), tuple(range(self.axes))

    def letters(self, first: TensorType, second: TensorType) -> tuple[str, str, str, str]:
        """A letter of its own for each axis, but for those that are summed."""
        ours, theirs = self.summed(first, second)
        one = _LETTERS[: first.rank]
        others = iter(_LETTERS[first.rank :])
        pairs = dict(zip(theirs, ours, strict=True))
        other = "".join(one[pairs[axis]] if axis in pairs else next(others) for axis in range(second.rank))
        left = [letter for axis, letter in enumerate(one) if axis not in ours]
        left += [letter for axis, letter in enumerate(other) if axis not in theirs]
        return one, other, "".join(left), ""

    def forward(self, call: Call) -> Code:
        """torch.tensordot(…)."""
        first, second = self.operands(call)
        dims = str(self.axes) if isinstance(self.axes, int) else f"({list(self.axes[0])}, {list(self.axes[1])})"
        return code(f"torch.tensordot({{}}, {{}}, dims={dims})", first, second)


class Subscripts(Kind):
    """The letters of an einsum."""

    description = 'a string such as `"nij,njk->nik"`'

    def read(self, value: object) -> str:
        """Return the string without its spaces."""
        if not isinstance(value, str):
            raise self.refuse(value)
        text = "".join(value.split())
        if not _SUBSCRIPTS.fullmatch(text):
            raise self.refuse(value, "E0303")
        return text


@op
class Einsum(Op):
    """Products and sums by letters: ``ops.einsum("nij,njk->nik", a, b)``; ``...`` stands for axes without a letter."""

    variadic: ClassVar[bool] = True

    subscripts: str = argument(Subscripts())
    operands: tuple[Input, ...] = tensors()

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """The axes of the letters behind the arrow; without one, those that stand once, by the alphabet."""
        given = [inputs[each.number] for each in self.operands]
        need_numbers(self, given)
        letters, left = self._letters(given)
        return contracted(self, sizes, given, letters, left, _LETTERS)

    def _letters(self, inputs: Sequence[TensorType]) -> tuple[list[str], str]:
        written, arrow, right = self.subscripts.partition("->")
        terms = written.split(",")
        if len(terms) != len(inputs):
            message = f"`{self.subscripts}` is for {len(terms)} tensors, and here are {len(inputs)}"
            raise LayerError("E0422", message, argument="subscripts")
        spare = [letter for letter in _LETTERS if letter not in self.subscripts]
        counts = [x.rank - len(term.replace("...", "")) for term, x in zip(terms, inputs, strict=True)]
        most = max([count for term, count in zip(terms, counts, strict=True) if "..." in term], default=0)
        found = []
        for term, count, x in zip(terms, counts, inputs, strict=True):
            if count < 0 or (count and "..." not in term):
                message = f"`{term}` of `{self.subscripts}` does not name the axes of {shown(x.shape)}"
                raise LayerError("E0401", message, argument="subscripts")
            found.append(term.replace("...", "".join(spare[most - count : most])))
        if not arrow:
            whole = "".join(terms).replace(".", "")
            once = "".join(sorted(letter for letter in set(whole) if whole.count(letter) == 1))
            return found, "".join(spare[:most]) + once
        left = right.replace("...", "".join(spare[:most]))
        strange = [letter for letter in left if not any(letter in term for term in found)]
        if strange or len(set(left)) < len(left):
            why = f"`{strange[0]}` is in none of the tensors" if strange else "a letter stands twice behind the arrow"
            raise LayerError("E0303", f"`{self.subscripts}`: {why}", argument="subscripts")
        return found, left

    def forward(self, call: Call) -> Code:
        """torch.einsum(…)."""
        given = [
            in_dtype(call.inputs[each.number], call.types[each.number].dtype, call.outputs[0].dtype)
            for each in self.operands
        ]
        return code(f'torch.einsum("{self.subscripts}", {{}})', join(", ", given))
