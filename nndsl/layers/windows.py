"""The arithmetic of windows that slide over spatial axes: what convolutions and pools share.

Sizes may be symbolic. An extent is that of a dilated kernel, (k - 1) · d + 1. Padding is that of Keras: ``"same"``
gives ceil(n / s) windows, and puts the odd zero at the end.
"""

from __future__ import annotations

from nndsl.code import Code, code
from nndsl.dims import Size
from nndsl.layers.base import Call, Layer, LayerError, Sizes, TensorType, spatial_axes
from nndsl.layers.refusals import need_floats, need_rank

AXES = {1: ("steps",), 2: ("height", "width"), 3: ("depth", "height", "width")}
"""What the spatial axes are called, by their number."""

Pads = tuple[int, int]


def extents(kernel: tuple[int, ...], dilation: tuple[int, ...]) -> tuple[int, ...]:
    """Return what a dilated kernel spans along each axis."""
    return tuple((size - 1) * rate + 1 for size, rate in zip(kernel, dilation, strict=True))


def need_spatial(layer: Layer, x: TensorType, dimensions: int, data_format: str) -> None:
    """Raise E0401 or E0405 unless the input has channels, that many spatial axes, and holds floats."""
    spatial = AXES[dimensions]
    need_rank(layer, x, ("channels", *spatial) if data_format == "channels_first" else (*spatial, "channels"))
    need_floats(layer, x)


def windows(size: Size, extent: int, stride: int, padding: str | int) -> Size:
    """Return how many windows an axis has; the padding is Keras's, or the number of zeros on both sides."""
    extent, stride = int(extent), int(stride)  # their origins would make the text of the size longer, and no clearer
    if isinstance(padding, int):
        return (size + 2 * padding - extent) // stride + 1
    if padding == "valid":
        return (size - extent) // stride + 1
    return size if stride == 1 else (size + stride - 1) // stride


def window_shape(
    sizes: Sizes | None,
    layer: Layer,
    x: TensorType,
    extent: tuple[int, ...],
    strides: tuple[int, ...],
    padding: str | tuple[int, ...],
    data_format: str,
    argument: str,
) -> list[Size]:
    """Return the spatial sizes of the output; raise E0402 if a window is larger than the input.

    Without ``sizes`` (once they have been checked) nothing is demanded.
    """
    result: list[Size] = []
    for place, axis in enumerate(spatial_axes(x.rank, data_format)):
        size = x.shape[axis]
        if padding == "valid" and sizes is not None:
            along = AXES[len(extent)][place]
            what = "kernel" if argument == "kernel_size" else "window"
            error = LayerError(
                "E0402",
                f"the {what} of `{type(layer).__name__}` spans {extent[place]}, and the {along} of its input is {size}",
                help=f'a smaller {what}, or `padding="same"`',
                argument=argument,
            )
            sizes.require(size, extent[place], error)
        result.append(
            windows(size, extent[place], strides[place], padding if isinstance(padding, str) else padding[place])
        )
    return result


def with_spatial(x: TensorType, channels: Size, spatial: list[Size], data_format: str) -> TensorType:
    """Return the type with other channels and other spatial sizes."""
    if data_format == "channels_first":
        return x.with_shape(x.shape[0], channels, *spatial)
    return x.with_shape(x.shape[0], *spatial, channels)


def spatial_sizes(x: TensorType, data_format: str) -> list[Size]:
    """Return the sizes of the spatial axes."""
    return [x.shape[axis] for axis in spatial_axes(x.rank, data_format)]


def pads(size: int, extent: int, stride: int) -> Pads:
    """Return the padding of ``"same"`` before and behind an axis."""
    total = max((-(-size // stride) - 1) * stride + extent - size, 0)
    return total // 2, total - total // 2


def constant_pads(extent: int, stride: int) -> Pads | None:
    """Return the padding of ``"same"`` where it is the same for every size, else None."""
    if extent == 1:
        none = (extent - 1) // 2  # 0, of the origin that other extents give
        return none, none
    return pads(extent, extent, 1) if stride == 1 else None


def module_padding(extent: tuple[int, ...], strides: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return the padding of ``"same"`` if a constructor can hold it: equal on both sides, and for every size."""
    found = [constant_pads(span, step) for span, step in zip(extent, strides, strict=True)]
    if all(each is not None and each[0] == each[1] for each in found):
        return tuple(each[0] for each in found if each is not None)
    return None


def padded(call: Call, extent: tuple[int, ...], strides: tuple[int, ...], data_format: str) -> Code:
    """Return the input, channels first, with the zeros of ``"same"`` around it.

    Where a size is known at run time alone, a helper computes them.
    """
    x = call.inputs[0]
    found: list[Pads] = []
    for size, span, step in zip(spatial_sizes(call.types[0], data_format), extent, strides, strict=True):
        here = pads(size, span, step) if isinstance(size, int) else constant_pads(span, step)
        if here is None:
            return code(call.helper("pad_same") + "({}, {}, {})", x, extent, strides)
        found.append(here)
    return padded_by(x, found)


def padded_by(x: Code, found: list[Pads], value: float = 0.0) -> Code:
    """Return the input with zeros (or a value) around its last axes, as F.pad writes it: the last axis first."""
    if not any(before or behind for before, behind in found):
        return x
    # The numbers are text, not holes: blocks that pad otherwise are other classes, as they would be written by hand.
    widths = str(tuple(int(size) for pair in reversed(found) for size in pair))
    return code("F.pad({}, {}, value={})", x, widths, value) if value else code("F.pad({}, {})", x, widths)


def packed(values: tuple[int, ...]) -> int | tuple[int, ...]:
    """Return the values as PyTorch's constructors take them: one alone is a number."""
    return values[0] if len(values) == 1 else values
