"""The checks that many operations share: axes, the batch, dtypes, and how shapes broadcast."""

from __future__ import annotations

from collections.abc import Sequence

from nndsl.code import Code, code
from nndsl.dims import Size
from nndsl.layers.base import FLOATS, Call, LayerError, Shape, Sizes, TensorType
from nndsl.layers.casting import cast
from nndsl.layers.refusals import shown
from nndsl.ops.base import Input, Op, Operand

_FLOAT_WIDTHS = {"float16": 16, "bfloat16": 16, "float32": 32, "float64": 64}
_INTEGER_WIDTHS = {"uint8": 8, "int8": 8, "int16": 16, "int32": 32, "int64": 64}


def batch_error(op: Op, doing: str, help: str = "", argument: str = "", input: int = 0) -> LayerError:
    """Return the refusal of what touches the batch; ``doing`` reads on from the name of the operation."""
    return LayerError("E0428", f"`{op.called()}` {doing}", help=help, argument=argument, input=input)


def axis_of(op: Op, axis: int, x: TensorType, argument: str = "axis", rank: int | None = None, input: int = 0) -> int:
    """Return an axis counted from the front; raise E0407 if there is none. ``rank`` is that of the tensor if none."""
    count = x.rank if rank is None else rank
    if not -count <= axis < count:
        help = f"an axis from {-count} to {count - 1}" if count else ""
        message = f"`{op.called()}` has no axis {axis}: its tensor is {shown(x.shape)}"
        raise LayerError("E0407", message, help=help, argument=argument, input=input)
    return axis + count if axis < 0 else axis


def inner_axis(op: Op, axis: int, x: TensorType, doing: str, argument: str = "axis", rank: int | None = None) -> int:
    """Return an axis counted from the front; raise E0428 if it is the batch, which is what the operation is doing."""
    placed = axis_of(op, axis, x, argument, rank)
    if x.batched and placed == 0:
        written = axis == 0 or argument != "axis"
        message = f"{doing} the batch, which is axis 0" if written else f"{doing} the batch, which is axis {axis} here"
        help = f"give an `{argument}` from 1 on, or from the end: `{argument}=-1`"
        raise batch_error(op, message, help, argument)
    return placed


def inner_axes(
    op: Op, axis: int | tuple[int, ...] | None, x: TensorType, doing: str, argument: str = "axis"
) -> tuple[int, ...]:
    """Return axes counted from the front, in order; none stands for all, which takes in the batch."""
    if axis is None:
        if x.batched:
            help = f"give an `{argument}`, such as `{argument}=-1`"
            raise batch_error(op, f"without an `{argument}` {doing} all axes, the batch too", help, argument)
        return tuple(range(x.rank))
    given = axis if isinstance(axis, tuple) else (axis,)
    if not given:
        raise LayerError("E0303", f"`{op.called()}` is given no axis", argument=argument)
    placed = [inner_axis(op, item, x, doing, argument) for item in given]
    if len(set(placed)) < len(placed):
        raise LayerError("E0407", f"`{op.called()}` has an axis twice: {axis}", argument=argument)
    return tuple(sorted(placed))


def result_type(*dtypes: str) -> str:
    """Return the dtype of an operation on several, by the lattice of Keras; 64 bits stay 64.

    ``"int"`` and ``"float"`` are those of numbers in the text, which follow what they meet.
    """
    floats = {dtype for dtype in dtypes if dtype in FLOATS}
    if floats:
        widest = max(_FLOAT_WIDTHS[dtype] for dtype in floats)
        found = [dtype for dtype in floats if _FLOAT_WIDTHS[dtype] == widest]
        return found[0] if len(found) == 1 else "float32"
    if "float" in dtypes:
        return "float32"
    integers = {dtype for dtype in dtypes if dtype in _INTEGER_WIDTHS}
    if not integers:
        return "int32" if "int" in dtypes else "bool"
    signed = [dtype for dtype in integers if dtype != "uint8"]
    widest = max(_INTEGER_WIDTHS[dtype] for dtype in integers)
    if not signed:
        return "uint8"
    return f"int{max(widest, 16) if 'uint8' in integers else widest}"


def dtype_of(operand: Operand, inputs: Sequence[TensorType]) -> str:
    """Return the dtype of a tensor, or the kind of a number."""
    if isinstance(operand, Input):
        return inputs[operand.number].dtype
    return "float" if isinstance(operand, float) else "int"


def written(operand: Operand, call: Call) -> Code:
    """Return the expression of a tensor or number; a negative number is in brackets."""
    if isinstance(operand, Input):
        return call.inputs[operand.number]
    return code("({})" if isinstance(operand, (int, float)) and operand < 0 else "{}", operand)


def in_dtype(value: Code, dtype: str, wanted: str) -> Code:
    """Return an expression of a dtype in another."""
    return value if dtype == wanted else cast(value, wanted)


def need_numbers(op: Op, inputs: Sequence[TensorType]) -> None:
    """Raise E0405 if all that comes in is bools, with which PyTorch does not calculate."""
    if all(x.dtype == "bool" for x in inputs):
        message = f"`{op.called()}` takes numbers, and this is bool"
        raise LayerError("E0405", message, help='make numbers of it: `ops.cast(x, "float32")`')


def need_floats(op: Op, x: TensorType, input: int = 0) -> None:
    """Raise E0405 unless a tensor holds floats."""
    if not x.is_float:
        message = f"`{op.called()}` takes floats, and this is {x.dtype}"
        raise LayerError("E0405", message, help='make floats of it: `ops.cast(x, "float32")`', input=input)


def need_integers(op: Op, x: TensorType, input: int = 0) -> None:
    """Raise E0405 unless a tensor holds integers."""
    if x.dtype not in _INTEGER_WIDTHS:
        message = f"`{op.called()}` takes integers, and this is {x.dtype}"
        raise LayerError("E0405", message, help='make integers of it: `ops.cast(x, "int32")`', input=input)


def broadcast(op: Op, sizes: Sizes, inputs: Sequence[TensorType]) -> tuple[Shape, bool]:
    """Return the shape to which tensors broadcast from the right, and whether it has a batch."""
    rank = max(x.rank for x in inputs)
    batched = any(x.batched for x in inputs)
    result: list[Size] = [1] * rank
    for number, x in enumerate(inputs):
        cut = rank - x.rank
        if x.batched and cut:
            longest = next(other for other in inputs if other.rank == rank)
            raise LayerError(
                "E0403",
                f"`{op.called()}` cannot take {shown(longest.shape)} and {shown(x.shape)}: the batch of one would "
                "meet another axis",
                help="give it axes of 1 behind the batch: `ops.expand_dims(x, 1)`",
                input=number,
            )
        if batched and not x.batched and not cut and x.shape[0] != 1:
            message = f"`{op.called()}` cannot take {shown(x.shape)}, which has no batch: its first size must be 1"
            raise LayerError("E0403", message, input=number)
        for place, size in enumerate(x.shape, cut):
            if result[place] == 1:
                result[place] = size
            elif size != 1 and not sizes.same(result[place], size):
                before = tuple(result)
                raise LayerError(
                    "E0403",
                    f"`{op.called()}` cannot take {shown(before)} and {shown(x.shape)}: {result[place]} is not {size}",
                    help="sizes must be equal, or 1",
                    input=number,
                )
            elif isinstance(size, int) and size != 1:
                result[place] = size
    if batched:
        result[0] = next(x.shape[0] for x in inputs if x.batched)
    return tuple(result), batched


def product(shape: Shape) -> Size:
    """Return the number of values in a shape."""
    total: Size = 1
    for size in shape:
        total = total * size
    return total


def axes_code(axes: Sequence[int]) -> Code:
    """Return axes as PyTorch takes them: one alone, or a tuple."""
    return Code(str(axes[0]) if len(axes) == 1 else f"({', '.join(map(str, axes))})")
