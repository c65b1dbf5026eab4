"""The refusals that many layers share, so that equal mistakes read alike."""

from __future__ import annotations

from nndsl.layers.base import Layer, LayerError, Shape, TensorType


def shown(shape: Shape) -> str:
    """Return a shape as messages show it: ``(N, 28, 28, 1)``."""
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def listed(words: list[str], last: str = "or") -> str:
    """Return words as a sentence lists them: ``a, b or c``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def need_rank(layer: Layer, x: TensorType, axes: tuple[str, ...], input: int = 0) -> None:
    """Raise E0401 unless the input has a batch and exactly the axes named."""
    if x.rank == len(axes) + 1:
        return
    name, wanted = type(layer).__name__, f"(N, {', '.join(axes)})"
    if x.rank == 2:
        help = f"add `Reshape(({', '.join(axes)}))` before it, with numbers for the names"
    elif x.rank == len(axes):
        given = [str(size) for size in x.shape[1:]]
        help = f"if the channels are missing, add `Reshape(({', '.join([*given, '1'])}))` before it"
    else:
        help = ""
    raise LayerError("E0401", f"`{name}` takes {wanted}, and its input is {shown(x.shape)}", help=help, input=input)


def need_least_rank(layer: Layer, x: TensorType, least: int) -> None:
    """Raise E0401 unless the input has at least so many axes, the batch included."""
    if x.rank < least:
        more = "an axis" if least == 2 else f"{least - 1} axes"
        raise LayerError(
            "E0401",
            f"`{type(layer).__name__}` needs {more} besides the batch, and its input is {shown(x.shape)}",
            help="add `Reshape` before it",
        )


def need_floats(layer: Layer, x: TensorType, input: int = 0) -> None:
    """Raise E0405 unless the input holds floats: PyTorch's layers do not cast, and Keras's casts hide mistakes."""
    if not x.is_float:
        raise LayerError(
            "E0405",
            f"`{type(layer).__name__}` takes floats, and its input is {x.dtype}",
            help="put `Embedding` before it if these are tokens, or `Rescaling(1.0)` if they are numbers",
            input=input,
        )


def need_numbers(layer: Layer, x: TensorType, input: int = 0) -> None:
    """Raise E0405 for truth values, with which PyTorch does not calculate."""
    if x.dtype == "bool":
        raise LayerError(
            "E0405",
            f"`{type(layer).__name__}` takes numbers, and its input is bool",
            help="declare the input as `int32(…)`, or put `Rescaling(1.0)` before it",
            input=input,
        )


def placed_axis(layer: Layer, axis: int, rank: int, argument: str = "axis") -> int:
    """Return an axis counted from the front; raise E0407 if there is no such axis, or if it is the batch."""
    placed = axis + rank if axis < 0 else axis
    name = type(layer).__name__
    if not 0 <= placed < rank:
        raise LayerError(
            "E0407",
            f"`{name}` has no axis {axis}: its input has {rank}, of which 0 is the batch",
            help=f"an axis from 1 to {rank - 1}, or from -1 to {1 - rank}" if rank > 1 else "",
            argument=argument,
        )
    if placed == 0:
        raise LayerError(
            "E0407", f"`{name}` must leave the batch alone, and axis {axis} is the batch", argument=argument
        )
    return placed
