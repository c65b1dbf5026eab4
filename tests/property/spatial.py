"""Random layers with spatial axes, and what the writers of all layers share."""

from __future__ import annotations

from collections.abc import Callable

from nndsl.layers.activations import TEMPLATES
from tests.property.pen import Axis, Pen, Shape, sizes

Written = tuple[str, Shape]
Arguments = list[tuple[str, str]]
DTYPES = ("float64", "bfloat16", "float16", "mixed_bfloat16", "float32")


def options(pen: Pen, *, bias: bool = True) -> Arguments:
    """Draw the arguments that change no shape."""
    found: Arguments = []
    if pen.chance(0.3):
        names = sorted(set(TEMPLATES) - {"glu"})
        found.append(("activation", f'"{pen.one(("relu", "tanh", "softmax", "gelu", pen.one(names)))}"'))
    if bias and pen.chance(0.25):
        found.append(("use_bias", "false"))
    if pen.chance(0.1):
        found.append(("kernel_initializer", pen.one(('"he_normal"', '"zeros"', "RandomNormal(stddev=0.1, seed=3)"))))
    if pen.chance(0.05):
        found.append(("kernel_regularizer", pen.one(('"l2"', "L1L2(l1=1e-3)", "OrthogonalRegularizer()"))))
    if pen.chance(0.05):
        norms = ('"non_neg"', "MaxNorm(0.5)", "UnitNorm(axis=-1)", "MinMaxNorm(0.1, 0.5, 0.3, axis=(0, 1))")
        found.append(("kernel_constraint", pen.one(norms)))
    if pen.chance(0.05):
        found.append(("activity_regularizer", pen.one(('"l1"', "L2(1e-3)"))))
    if pen.chance(0.03):
        found.append(("trainable", "false"))
    if pen.chance(0.03):
        found.append(("dtype", f'"{pen.one(DTYPES)}"'))
    return found


def with_channels(shape: Shape, spatial: list[Axis], channels: Axis, *, first: bool) -> Shape:
    """Return a shape of other spatial axes and channels."""
    return (channels, *spatial) if first else (*spatial, channels)


def place(pen: Pen, shape: Shape) -> tuple[bool, Arguments]:
    """Draw where a layer has its channels, and the argument that says so."""
    first = pen.first
    other = shape[-1 if first else 0]
    if other.fixed and pen.chance(0.1):
        first = not first
    if first == pen.first and pen.chance(0.9):
        return first, []
    return first, [("data_format", '"channels_first"' if first else '"channels_last"')]


def moved(axis: Axis, size: int) -> Axis:
    """Return an axis of another size, which a file can write no more unless it is a number."""
    return Axis(max(size, 1), axis.fixed)


def windowed(axis: Axis, extent: int, stride: int, padding: str) -> Axis:
    """Return an axis after windows."""
    if padding == "valid":
        return moved(axis, (axis.size - extent) // stride + 1)
    return axis if stride == 1 else moved(axis, -(-axis.size // stride))


def convolution(pen: Pen, name: str, shape: Shape) -> Written:
    """Conv1D to Conv3D, depthwise, separable, transposed."""
    count = int(next(letter for letter in name if letter.isdigit()))
    first, arguments = place(pen, shape)
    channels, spatial = (shape[0], shape[1:]) if first else (shape[-1], shape[:-1])
    transposed = name.endswith("Transpose")
    largest = 4 if transposed else min(*sizes(spatial), 4)
    kernel = pen.several(count, range(1, largest + 1))
    strides = pen.several(count, (1, 1, 2, 3))
    dilation = (1,) * count
    if max(strides) == 1 and pen.chance(0.15):
        dilation = pen.several(count, (1, 2))
    padding = pen.one(("same", "valid", "valid", "causal")[: 4 if name == "Conv1D" else 3])
    filters = pen.width((channels,))
    found: Arguments = [] if name.startswith("Depthwise") else [("filters", pen.number(filters))]
    found.append(("kernel_size", pen.sized(kernel)))
    if max(strides) > 1:
        found.append(("strides", pen.sized(strides)))
    if padding != "valid" or pen.chance(0.1):
        found.append(("padding", f'"{padding}"'))
    if max(dilation) > 1:
        found.append(("dilation_rate", pen.sized(dilation)))
    if name in ("Conv1D", "Conv2D", "Conv3D") and pen.chance(0.2):
        groups = [each for each in (2, 3, 4, 5) if filters % each == channels.size % each == 0]
        found.append(("groups", str(pen.one(groups or [1]))))
    if not transposed and not name.startswith("Conv"):
        many = pen.one((1, 1, 2, 3))
        if many > 1:
            found.append(("depth_multiplier", str(many)))
        if name.startswith("Depthwise"):
            filters = channels.size * many
    several = name.startswith(("Depthwise", "Separable"))  # kernels
    more = [each for each in options(pen) if not (several and each[0].startswith("kernel"))]
    text = pen.call(name, *found, *arguments, *more)
    spans = [(size - 1) * rate + 1 for size, rate in zip(kernel, dilation, strict=True)]
    if transposed:
        after = [
            moved(axis, axis.size * step + (max(span - step, 0) if padding == "valid" else 0))
            for axis, span, step in zip(spatial, spans, strides, strict=True)
        ]
    else:
        how = "valid" if padding == "valid" else "same"
        after = [windowed(axis, span, step, how) for axis, span, step in zip(spatial, spans, strides, strict=True)]
    return text, with_channels(shape, after, Axis(filters), first=first)


def pooling(pen: Pen, name: str, shape: Shape) -> Written:
    """Max and average pooling."""
    count = len(shape) - 1
    first, arguments = place(pen, shape)
    channels, spatial = (shape[0], shape[1:]) if first else (shape[-1], shape[:-1])
    pool = pen.several(count, range(1, min(*sizes(spatial), 3) + 1))
    strides = pen.several(count, (1, 2, 3)) if pen.chance(0.5) else pool
    padding = pen.one(("valid", "same"))
    found = [("pool_size", pen.sized(pool))]
    if strides != pool:
        found.append(("strides", pen.sized(strides)))
    if padding == "same":
        found.append(("padding", '"same"'))
    spatial_after = [
        windowed(axis, size, step, padding) for axis, size, step in zip(spatial, pool, strides, strict=True)
    ]
    return pen.call(name, *found, *arguments), with_channels(shape, spatial_after, channels, first=first)


def overall(pen: Pen, name: str, shape: Shape) -> Written:
    """Global pooling."""
    first, arguments = place(pen, shape)
    channels = shape[0] if first else shape[-1]
    if pen.chance(0.3):
        ones = [Axis(1) for _ in shape[1:]]
        return pen.call(name, *arguments, ("keepdims", "true")), with_channels(shape, ones, channels, first=first)
    return f"{name}({', '.join(f'{key}={value}' for key, value in arguments)})", (channels,)


def bordered(pen: Pen, name: str, shape: Shape) -> Written:
    """Zero padding and cropping."""
    count = len(shape) - 1
    first, arguments = place(pen, shape) if name != "Cropping1D" else (False, [])
    channels, spatial = (shape[0], shape[1:]) if first else (shape[-1], shape[:-1])
    sign = -1 if name.startswith("Cropping") else 1
    pairs = [(pen.upto(2, 0), pen.upto(2, 0)) for _ in spatial]
    if sign < 0:
        pairs = [pair if sum(pair) < axis.size else (0, 0) for pair, axis in zip(pairs, spatial, strict=True)]
    if pen.chance(0.4):
        pairs = [(1, 1) if sign > 0 or min(sizes(spatial)) > 2 else (0, 0)] * count
    same = len({size for pair in pairs for size in pair}) == 1
    written = str(pairs[0][0]) if same and pen.chance(0.8) else str(pairs[0] if count == 1 else tuple(pairs))
    after = [moved(axis, axis.size + sign * sum(pair)) for axis, pair in zip(spatial, pairs, strict=True)]
    key = "cropping" if sign < 0 else "padding"
    return pen.call(name, (key, written), *arguments), with_channels(shape, after, channels, first=first)


def upsampling(pen: Pen, name: str, shape: Shape) -> Written:
    """UpSampling1D to UpSampling3D."""
    count = len(shape) - 1
    first, arguments = place(pen, shape) if count > 1 else (False, [])
    channels, spatial = (shape[0], shape[1:]) if first else (shape[-1], shape[:-1])
    size = pen.several(count, (3, 1, 2, 3))
    if count == 2 and pen.chance(0.5):
        arguments = [*arguments, ("interpolation", f'"{pen.one(("bilinear", "bicubic", "lanczos3", "lanczos5"))}"')]
    after = [moved(axis, axis.size * factor) for axis, factor in zip(spatial, size, strict=True)]
    return pen.call(name, ("size", pen.sized(size)), *arguments), with_channels(shape, after, channels, first=first)


def adaptive(pen: Pen, name: str, shape: Shape) -> Written:
    """Pooling to a given size."""
    first, arguments = place(pen, shape)
    channels, spatial = (shape[0], shape[1:]) if first else (shape[-1], shape[:-1])
    size = pen.several(len(spatial), (2, 1, 3, 5))
    text = pen.call(name, ("output_size", pen.sized(size)), *arguments)
    return text, with_channels(shape, [Axis(each) for each in size], channels, first=first)


def resized(pen: Pen, name: str, shape: Shape) -> Written:
    """Resizing and CenterCrop."""
    first, arguments = place(pen, shape)
    channels, spatial = (shape[0], shape[1:]) if first else (shape[-1], shape[:-1])
    size = [pen.one((axis.size, 1, 2, 3, 4, 5, 7)) for axis in spatial]
    found = [(key, pen.number(each)) for key, each in zip(("height", "width"), size, strict=True)]
    if name == "Resizing":
        if pen.chance(0.6):
            kind = pen.one(("bicubic", "nearest", "lanczos3", "lanczos5", "bilinear"))
            found.append(("interpolation", f'"{kind}"'))
        if pen.chance(0.3):
            found.append(("crop_to_aspect_ratio", "true"))
        elif pen.chance(0.3):
            found += [("pad_to_aspect_ratio", "true"), ("fill_value", pen.one(("0.5", "-1", "0")))]
        if pen.chance(0.4):
            found.append(("antialias", "true"))
    text = pen.call(name, *found, *arguments)
    return text, with_channels(shape, [Axis(each) for each in size], channels, first=first)


SPATIAL: dict[str, tuple[tuple[int, ...], Callable[[Pen, str, Shape], Written]]] = {
    **dict.fromkeys(("Conv1D", "DepthwiseConv1D", "SeparableConv1D", "Conv1DTranspose"), ((2,), convolution)),
    **dict.fromkeys(("Conv2D", "DepthwiseConv2D", "SeparableConv2D", "Conv2DTranspose"), ((3,), convolution)),
    **dict.fromkeys(("Conv3D", "Conv3DTranspose"), ((4,), convolution)),
    **{
        f"{before}{kind}Pooling{count}D": ((count + 1,), writer)
        for before, writer in (("", pooling), ("Global", overall), ("Adaptive", adaptive))
        for kind in ("Max", "Average")
        for count in (1, 2, 3)
    },
    **{f"{kind}{count}D": ((count + 1,), bordered) for kind in ("ZeroPadding", "Cropping") for count in (1, 2, 3)},
    **{f"UpSampling{count}D": ((count + 1,), upsampling) for count in (1, 2, 3)},
    **dict.fromkeys(("Resizing", "CenterCrop"), ((3,), resized)),
}
"""The layers with spatial axes: the ranks (without the batch) that they take, and who writes them."""
