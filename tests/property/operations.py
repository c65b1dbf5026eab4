"""Random operations, ``ops.name(…)``, each written for a tensor of floats, and what it probably gives."""

from __future__ import annotations

from collections.abc import Callable

from nndsl.ops import FAMILIES
from tests.property.pen import Axis, Pen, Shape, sizes

Written = tuple[str, Shape, str]
CUTTING = (
    "stop_gradient", "ones_like", "zeros_like", "argmax", "argmin", "one_hot", "equal", "not_equal", "greater", "less",
    "logical", "cast", "all", "any",
)  # fmt: skip
"""How the names of the operations begin behind which there are no gradients."""


def axis_of(pen: Pen, shape: Shape) -> tuple[int, str]:
    """Draw an axis that is not the batch: its place in the shape, and as the file writes it."""
    axis = pen.upto(len(shape))
    return axis - 1, str(axis if pen.chance(0.5) else axis - len(shape) - 1)


def elementwise(pen: Pen, name: str, x: str, shape: Shape) -> Written:
    """A function of each value."""
    return f"ops.{name}({x})", shape, "float32"


def arithmetic(pen: Pen, name: str, x: str, shape: Shape) -> Written:
    """A function of two tensors, or of one and a number."""
    if name == "clip":
        return f"ops.clip({x}, -0.5, 0.5)", shape, "float32"
    other = pen.one((x, "2.0", f"{x} * 0.5"))
    return f"ops.{name}({x}, {other})", shape, "float32"


def comparing(pen: Pen, name: str, x: str, shape: Shape) -> Written:
    """A comparison, used at once where it is not the value itself."""
    comparison = f"ops.{name}({x}, 0.0)"
    if name.startswith("logical"):
        second = "" if name == "logical_not" else f", ops.less({x}, 1.0)"
        comparison = f"ops.{name}(ops.greater({x}, 0.0){second})"
    if name == "where":
        return f"ops.where(ops.greater({x}, 0.0), {x}, {pen.one((x, '0.0'))})", shape, "float32"
    if pen.chance(0.7):
        return f"ops.where({comparison}, {x}, 1.0)", shape, "float32"
    return comparison, shape, "bool"


def reduction(pen: Pen, name: str, x: str, shape: Shape) -> Written:
    """A reduction of one axis or of all but the batch."""
    place, axis = axis_of(pen, shape)
    kept = pen.chance(0.4)
    after = (*shape[:place], *((Axis(1),) if kept else ()), *shape[place + 1 :])
    given = f"ops.greater({x}, 0.0)" if name in ("all", "any") else x
    keepdims = ", keepdims=true" if kept else ""
    text = f"ops.{name}({given}, axis={axis}{keepdims})"
    if name.startswith("arg"):  # as integers they would be rows of tables that are too short
        return f'ops.cast({text}, "float32")', after, "float32"
    return text, after, "bool" if name in ("all", "any") else "float32"


def along(pen: Pen, name: str, x: str, shape: Shape) -> Written:
    """A function along an axis."""
    if name == "top_k":
        count = pen.upto(min(shape[-1].size, 3))
        return f"ops.top_k({x}, {count})[0]", (*shape[:-1], Axis(count)), "float32"
    return f"ops.{name}({x}, axis={axis_of(pen, shape)[1]})", shape, "float32"


def product(pen: Pen, name: str, x: str, shape: Shape) -> Written:
    """A product of a tensor with itself, its last two axes turned."""
    if len(shape) < 2:
        return elementwise(pen, "square", x, shape)
    after = (*shape[:-1], shape[-2])
    if name == "einsum" and len(shape) == 2:
        return f'ops.einsum("bij,bkj->bik", {x}, {x})', after, "float32"
    return f"ops.matmul({x}, ops.swapaxes({x}, -1, -2))", after, "float32"


def shaping(pen: Pen, name: str, x: str, shape: Shape) -> Written:
    """Another order of the axes or of the values, or axes of one."""
    place, axis = axis_of(pen, shape)
    after = list(shape)
    arguments = axis
    if name == "expand_dims":
        after.insert(place, Axis(1))
        arguments = str(place + 1)
    elif name == "squeeze":
        ones = [each for each, size in enumerate(sizes(shape)) if size == 1]
        if not ones or len(shape) < 2:
            return elementwise(pen, "negative", x, shape)
        arguments = str(ones[0] + 1)
        del after[ones[0]]
    elif name == "roll":
        arguments = f"{pen.upto(3, -3)}, axis={axis}"
    elif name == "swapaxes":
        after[0], after[-1] = after[-1], after[0]
        arguments = "1, -1"
    elif name == "transpose":
        after.reverse()
        arguments = f"({', '.join(map(str, (0, *range(len(shape), 0, -1))))})"
    elif name == "reshape":
        return f"ops.reshape({x}, (-1, {', '.join(axis.text or str(axis.size) for axis in shape)}))", shape, "float32"
    return f"ops.{name}({x}, {arguments})", tuple(after), "float32"


def joining(pen: Pen, name: str, x: str, shape: Shape) -> Written:
    """More of a tensor along an axis, or a part of it."""
    place, axis = axis_of(pen, shape)
    size = shape[place]
    after = list(shape)
    after[place] = Axis(2 * size.size, size.fixed)
    if name == "stack":
        return f"ops.stack([{x}, {x}], axis={place + 1})", (*shape[:place], Axis(2), *shape[place:]), "float32"
    if name == "split":
        after[place] = Axis(max(size.size // 2, 1), size.fixed)
        return f"ops.split({x}, {2 if size.size % 2 == 0 else 1}, axis={axis})[0]", tuple(after), "float32"
    if name == "pad":
        pairs = [(0, 0)] * (len(shape) + 1)
        pairs[place + 1] = (1, 2)
        after[place] = Axis(size.size + 3, size.fixed)
        return f"ops.pad({x}, {tuple(pairs)})", tuple(after), "float32"
    if name == "tile":
        times = [1] * (len(shape) + 1)
        times[place + 1] = 2
        return f"ops.tile({x}, {tuple(times)})", tuple(after), "float32"
    if name == "repeat":
        return f"ops.repeat({x}, 2, axis={axis})", tuple(after), "float32"
    return f"ops.concatenate([{x}, {x}], axis={axis})", tuple(after), "float32"


def values(pen: Pen, name: str, x: str, shape: Shape) -> Written:
    """Other values or another dtype, of the same shape."""
    if name == "cast":
        dtype = pen.one(("float32", "float64", "bfloat16"))
        return f'ops.cast({x}, "{dtype}")', shape, dtype
    if name == "one_hot":
        return f'ops.one_hot(ops.cast(ops.greater({x}, 0.0), "int32"), 3)', (*shape, Axis(3)), "float32"
    if name == "take":
        place, axis = axis_of(pen, shape)
        return f"ops.take({x}, [0, 0], axis={axis})", (*shape[:place], Axis(2), *shape[place + 1 :]), "float32"
    return f"ops.{name}({x})", shape, "float32"


WRITERS: dict[str, Callable[[Pen, str, str, Shape], Written]] = {
    "elementwise": elementwise,
    "arithmetic": arithmetic,
    "comparing": comparing,
    "reductions": reduction,
    "along_axes": along,
    "linear_algebra": product,
    "shaping": shaping,
    "joining": joining,
    "values": values,
}
"""Who writes the operations of a family."""

LEFT_OUT = ("arange", "dot", "tensordot")
"""Operations without a tensor to begin with, or that are others by another name."""


def operation(pen: Pen, x: str, shape: Shape) -> Written:
    """Write an operation on a tensor of floats with an axis."""
    family = pen.one(list(WRITERS))
    name = pen.one([each for each in FAMILIES[family] if each not in LEFT_OUT])
    return WRITERS[family](pen, name, x, shape)
