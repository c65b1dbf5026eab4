"""Random layers: for each name, one that can probably be applied to a shape, and the shape that it probably gives."""

from __future__ import annotations

from collections.abc import Callable

from nndsl.layers.activations import TEMPLATES
from tests.property.families import chosen
from tests.property.pen import Axis, Pen, Shape, volume
from tests.property.preparing import PREPARING
from tests.property.recurring import RECURRING
from tests.property.spatial import SPATIAL, Arguments, Written, moved, options

ANY = (1, 2, 3, 4)


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
    elif name == "ActivityRegularization":
        found = [("l2", "1e-3")]
    elif name == "LeakyReLU" and pen.chance(0.5):
        found = [("negative_slope", "0.1")]
    elif name == "ELU" and pen.chance(0.5):
        found = [("alpha", "0.5")]
    elif name == "PReLU":
        free = [place for place, axis in enumerate(shape, 1) if not axis.fixed]
        if free or pen.chance(0.3):
            found = [("shared_axes", str(free or [pen.upto(len(shape))]))]
    elif "Dropout" in name:
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
        dims = pen.one(([*range(2, len(shape) + 1), 1], [len(shape), *range(1, len(shape))]))
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


def distributed(pen: Pen, name: str, shape: Shape) -> Written:
    """TimeDistributed of a layer that fits one step."""
    inner = chosen(pen, [each for each in names_for(len(shape) - 1) if each != "TimeDistributed"])
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


def einsum(pen: Pen, name: str, shape: Shape) -> Written:
    """EinsumDense over the last axis, the first one, or all."""
    first, last = shape[0], shape[-1]
    units = pen.width(shape)
    forms: list[tuple[str, str, str, Shape]] = [
        ("...x,xy->...y", str(units), "y", (*shape[:-1], Axis(units))),
        ("...x,xyz->...yz", f"({units}, 2)", "yz", (*shape[:-1], Axis(units), Axis(2))),
    ]
    if len(shape) > 1:
        forms += [
            ("ab...,bc->ac...", f"({units},)", "c", (Axis(units), *shape[1:])),
            ("...wx,xy->...wy", f"(none, {units})", "y", (*shape[:-1], Axis(units))),
        ]
    if len(shape) > 1 and all(axis.fixed for axis in shape[-2:]):
        forms.append(("...wx,wxy->...y", f"({units},)", "y", (*shape[:-2], Axis(units))))
    if len(shape) == 2 and first.fixed:
        forms.append(("abc,bd->adc", f"({units}, none)", "dc" if last.fixed else "d", (Axis(units), last)))
    equation, output_shape, bias, after = pen.one(forms)
    found = [("equation", f'"{equation}"'), ("output_shape", output_shape)]
    found += [("bias_axes", f'"{bias}"')] if pen.chance(0.5) else []
    more = [each for each in options(pen, bias=False) if each[0] != "activity_regularizer"]
    return pen.call(name, *found, *more), after


Writer = Callable[[Pen, str, Shape], Written]

WRITERS: dict[str, tuple[tuple[int, ...], Writer]] = {
    "Dense": (ANY, dense),
    "Activation": (ANY, activation),
    **dict.fromkeys(
        ("Identity", "ReLU", "LeakyReLU", "Softmax", "ELU", "PReLU", "Rescaling", "Dropout", "BatchNormalization",
         "LayerNormalization", "GroupNormalization", "RMSNormalization", "UnitNormalization", "ActivityRegularization"),
        (ANY, plain),
    ),
    "Masking": ((2, 3), plain),
    **{name: ((int(name[-2]) + 1,), plain) for name in ("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D")},
    "Flatten": (ANY, flatten),
    "Reshape": (ANY, reshape),
    "Permute": (ANY, permute),
    "RepeatVector": ((1,), repeated),
    "EinsumDense": (ANY, einsum),
    **dict.fromkeys(("Embedding", "ReversibleEmbedding"), ((), embedding)),
    **RECURRING,
    "TimeDistributed": ((2, 3, 4), distributed),
    "PositionEmbedding": ((2,), positions),
    **PREPARING,
    **SPATIAL,
}  # fmt: skip
"""The layers of one input: the ranks (without the batch) that they take, and who writes them."""


def names_for(rank: int) -> list[str]:
    """Return the layers that take a rank."""
    return [name for name, (ranks, _) in WRITERS.items() if rank in ranks]
