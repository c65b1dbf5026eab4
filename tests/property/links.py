"""Random layers: for each name, one that can probably be applied to a shape, and the shape that it probably gives."""

from __future__ import annotations

from collections.abc import Callable

from nndsl.layers.activations import TEMPLATES
from tests.property.pen import Axis, Pen, Shape, sizes, volume

Written = tuple[str, Shape]
Arguments = list[tuple[str, str]]
ANY = (1, 2, 3, 4)
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
        found.append(("kernel_regularizer", pen.one(('"l2"', "L1L2(l1=1e-3)"))))
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
    smallest = min(sizes(spatial))
    kernel = pen.several(count, tuple(range(1, min(smallest, 4) + 1)) or (1,))
    transposed = name.endswith("Transpose")
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
    pool = pen.several(count, tuple(range(1, min(*sizes(spatial), 3) + 1)) if count > 1 else (2, 1, 3))
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
    """UpSampling1D and UpSampling2D."""
    count = len(shape) - 1
    first, arguments = place(pen, shape) if count > 1 else (False, [])
    channels, spatial = (shape[0], shape[1:]) if first else (shape[-1], shape[:-1])
    size = pen.several(count, (2, 1, 3))
    if count > 1 and pen.chance(0.5):
        arguments = [*arguments, ("interpolation", f'"{pen.one(("bilinear", "bicubic", "lanczos3", "lanczos5"))}"')]
    after = [moved(axis, axis.size * factor) for axis, factor in zip(spatial, size, strict=True)]
    return pen.call(name, ("size", pen.sized(size)), *arguments), with_channels(shape, after, channels, first=first)


def dense(pen: Pen, name: str, shape: Shape) -> Written:
    """Dense."""
    units = pen.width(shape)
    return pen.call(name, ("units", pen.number(units)), *options(pen)), (*shape[:-1], Axis(units))


def activation(pen: Pen, name: str, shape: Shape) -> Written:
    """Activation by a name; glu halves the last axis."""
    kind = pen.one(("relu", *sorted(TEMPLATES)))
    if kind == "glu":
        return 'Activation("glu")', (*shape[:-1], moved(shape[-1], shape[-1].size // 2))
    return pen.call(name, ("activation", f'"{kind}"')), shape


def axis_of(pen: Pen, shape: Shape, *, fixed: bool = False) -> int | None:
    """Draw an axis that counts the batch, from the front or the back."""
    known = [place for place, axis in enumerate(shape, 1) if axis.fixed or not fixed]
    if not known:
        return None
    axis = pen.one(known)
    return axis if pen.chance(0.5) else axis - len(shape) - 1


def plain(pen: Pen, name: str, shape: Shape) -> Written:
    """The layers whose arguments change no shape."""
    found: Arguments = []
    if name in ("Softmax", "UnitNormalization") and pen.chance(0.4):
        found = [("axis", str(axis_of(pen, shape)))]
    elif name == "ReLU" and pen.chance(0.5):
        found = [("max_value", "6"), ("negative_slope", "0.1")][: pen.upto(2)]
    elif name == "LeakyReLU" and pen.chance(0.5):
        found = [("negative_slope", "0.1")]
    elif name == "ELU" and pen.chance(0.5):
        found = [("alpha", "0.5")]
    elif name == "PReLU":
        free = [place for place, axis in enumerate(shape, 1) if not axis.fixed]
        if free or pen.chance(0.3):
            found = [("shared_axes", str(free or [pen.upto(len(shape))]))]
    elif name in ("Dropout", "SpatialDropout1D", "SpatialDropout2D"):
        found = [("rate", pen.one(("0.5", "0.1", "0.9", "0")))]
    elif name == "Rescaling":
        found = [("scale", pen.one(("2", "0.5", "1 / 255"))), ("offset", "-1.0")][: pen.upto(2)]
    elif name.endswith("Normalization"):
        found = normalized(pen, name, shape)
    return pen.call(name, *found), shape


def normalized(pen: Pen, name: str, shape: Shape) -> Arguments:
    """The arguments of normalizations; the axes with weights must be numbers."""
    axis = axis_of(pen, shape, fixed=True) if pen.chance(0.3) or not shape[-1].fixed else -1
    found: Arguments = []
    if name == "GroupNormalization":
        size = shape[-1 if axis is None else axis - (axis > 0)].size
        found.append(("groups", str(pen.one([g for g in (1, 2, 3, 4, -1) if g < 0 or size % g == 0]))))
    if axis is not None and (axis != -1 or pen.chance(0.1)):
        found.append(("axis", str(axis)))
    if pen.chance(0.2) and name != "UnitNormalization":
        found.append(("epsilon", "1e-5"))
    if name in ("BatchNormalization", "LayerNormalization") and pen.chance(0.2):
        found += [("center", "false"), ("scale", "false")][: pen.upto(2)]
    if name == "BatchNormalization" and pen.chance(0.1):
        found.append(("trainable", "false"))
    return found


def reshape(pen: Pen, name: str, shape: Shape) -> Written:
    """Reshape: numbers into other factors, sizes that the file can write as they are, one of them as -1."""
    if all(axis.fixed for axis in shape):
        total = volume(shape)
        target = [Axis(total)]
        for _ in range(pen.upto(3, 0)):
            last = target[-1].size
            factor = pen.one([number for number in range(1, min(last, 12) + 1) if last % number == 0])
            target[-1:] = [Axis(factor), Axis(last // factor)]
        pen.random.shuffle(target)
        written = [pen.number(axis.size) for axis in target]
        if pen.chance(0.4):
            written[pen.upto(len(target), 1) - 1] = "-1"
    else:
        target = [*shape, Axis(1)] if pen.chance(0.4) else list(shape)
        pen.random.shuffle(target)
        written = [axis.text or (str(axis.size) if axis.fixed else "-1") for axis in target]
        if "-1" not in written and pen.chance(0.3):
            written[pen.upto(len(target), 1) - 1] = "-1"
    comma = "," if len(written) == 1 else ""
    return pen.call(name, ("target_shape", f"({', '.join(written)}{comma})")), tuple(target)


def permute(pen: Pen, name: str, shape: Shape) -> Written:
    """Permute."""
    dims = list(range(1, len(shape) + 1))
    pen.random.shuffle(dims)
    if len(dims) > 2 and pen.chance(0.5):
        dims = [*range(2, len(shape) + 1), 1]
    written = f"({', '.join(map(str, dims))}{',' if len(dims) == 1 else ''})"
    return pen.call(name, ("dims", written)), tuple(shape[dim - 1] for dim in dims)


def flatten(pen: Pen, name: str, shape: Shape) -> Written:
    """Flatten."""
    known = all(axis.fixed for axis in shape)
    return f"{name}()", (Axis(volume(shape), known),)


def repeated(pen: Pen, name: str, shape: Shape) -> Written:
    """RepeatVector."""
    count = pen.one((3, 1, 2, 5))
    return pen.call(name, ("n", pen.number(count))), (Axis(count), *shape)


def recurrent_arguments(pen: Pen, name: str, units: int, *, backwards: bool = True) -> Arguments:
    """The arguments of a recurrent layer, but for what it returns."""
    found: Arguments = [("units", pen.number(units))]
    if pen.chance(0.15):
        found.append(("activation", pen.one(('"relu"', '"sigmoid"'))))
    if pen.chance(0.1) and name != "SimpleRNN":
        found.append(("recurrent_activation", '"hard_sigmoid"'))
    if pen.chance(0.15):
        found.append(("use_bias", "false"))
    if pen.chance(0.1):
        found.append((pen.one(("dropout", "recurrent_dropout")), "0.2"))
    if backwards and pen.chance(0.2):
        found.append(("go_backwards", "true"))
    if name == "GRU" and pen.chance(0.2):
        found.append(("reset_after", "false"))
    return found


def recurrent(pen: Pen, name: str, shape: Shape) -> Written:
    """LSTM, GRU, SimpleRNN, alone or in both directions."""
    cell = pen.one(("LSTM", "GRU", "SimpleRNN")) if name == "Bidirectional" else name
    units = pen.width(shape)
    both = name == "Bidirectional"
    found = recurrent_arguments(pen, cell, units, backwards=not both)
    sequences = pen.chance(0.6)
    if sequences:
        found.append(("return_sequences", "true"))
    text = pen.call(cell, *found)
    width = units
    if both:
        mode = pen.one(("concat", "concat", "concat", "concat", "sum", "mul", "ave"))
        text = pen.call(name, ("layer", text), *([("merge_mode", f'"{mode}"')] if mode != "concat" else []))
        width = units * (2 if mode == "concat" else 1)
    return text, (shape[0], Axis(width)) if sequences else (Axis(width),)


def distributed(pen: Pen, name: str, shape: Shape) -> Written:
    """TimeDistributed of a layer that fits one step."""
    inner = pen.one([each for each in names_for(len(shape) - 1) if each not in ("TimeDistributed", "Embedding")])
    text, after = WRITERS[inner][1](pen, inner, shape[1:])
    return f"{name}({text})", (shape[0], *after)


def positions(pen: Pen, name: str, shape: Shape) -> Written:
    """PositionEmbedding, at least as long as the steps."""
    return pen.call(name, ("length", str(shape[0].size + pen.upto(9, 0)))), shape


def embedding(pen: Pen, name: str, shape: Shape) -> Written:
    """Embedding of integers below 5."""
    units = pen.width(())
    found = [("input_dim", "5"), ("output_dim", pen.number(units))]
    masked = [("mask_zero", "true")] if pen.chance(0.3) else []
    return pen.call(name, *found, *masked), (*shape, Axis(units))


Writer = Callable[[Pen, str, Shape], Written]

WRITERS: dict[str, tuple[tuple[int, ...], Writer]] = {
    "Dense": (ANY, dense),
    "Activation": (ANY, activation),
    **dict.fromkeys(
        ("Identity", "ReLU", "LeakyReLU", "Softmax", "ELU", "PReLU", "Rescaling", "Dropout", "BatchNormalization",
         "LayerNormalization", "GroupNormalization", "RMSNormalization", "UnitNormalization"),
        (ANY, plain),
    ),
    "Masking": ((2, 3), plain),
    **{name: ((int(name[-2]) + 1,), plain) for name in ("SpatialDropout1D", "SpatialDropout2D")},
    **dict.fromkeys(("Conv1D", "DepthwiseConv1D", "SeparableConv1D", "Conv1DTranspose"), ((2,), convolution)),
    **dict.fromkeys(("Conv2D", "DepthwiseConv2D", "SeparableConv2D", "Conv2DTranspose"), ((3,), convolution)),
    "Conv3D": ((4,), convolution),
    **{f"{kind}Pooling{count}D": ((count + 1,), pooling) for kind in ("Max", "Average") for count in (1, 2)},
    **{f"Global{kind}Pooling{count}D": ((count + 1,), overall) for kind in ("Max", "Average") for count in (1, 2)},
    **{f"{kind}{count}D": ((count + 1,), bordered) for kind in ("ZeroPadding", "Cropping") for count in (1, 2)},
    **{f"UpSampling{count}D": ((count + 1,), upsampling) for count in (1, 2)},
    "Flatten": (ANY, flatten),
    "Reshape": (ANY, reshape),
    "Permute": (ANY, permute),
    "RepeatVector": ((1,), repeated),
    "Embedding": ((), embedding),
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN", "Bidirectional"), ((2,), recurrent)),
    "TimeDistributed": ((2, 3, 4), distributed),
    "PositionEmbedding": ((2,), positions),
}  # fmt: skip
"""The layers of one input: the ranks (without the batch) that they take, and who writes them."""


def names_for(rank: int) -> list[str]:
    """Return the layers that take a rank."""
    return [name for name, (ranks, _) in WRITERS.items() if rank in ranks]
