"""Random layers of noise, preprocessing and augmentation, written as `links.py` writes the others."""

from __future__ import annotations

from collections.abc import Callable

from tests.property.pen import Axis, Pen, Shape

Arguments = list[tuple[str, str]]
ANY = (1, 2, 3, 4)
FACTORS = ("0.2", "(0.1, 0.3)", "(-0.4, 0.0)", "1.0", "0")
POSITIVE = ("0.2", "(0.1, 0.3)", "1.0", "0")


def noise(pen: Pen, name: str, shape: Shape) -> tuple[str, Shape]:
    """GaussianNoise, GaussianDropout, AlphaDropout."""
    found: Arguments = [("stddev" if name == "GaussianNoise" else "rate", pen.one(("0.5", "0.1", "0.9", "0")))]
    if name == "AlphaDropout" and pen.chance(0.4):
        chosen = ["none", *(pen.one(("1", "none")) for _ in shape)]
        found.append(("noise_shape", f"({', '.join(chosen)})"))
    if pen.chance(0.2):
        found.append(("seed", "3"))
    return pen.call(name, *found), shape


def normalization(pen: Pen, name: str, shape: Shape) -> tuple[str, Shape]:
    """Normalization, whose axes must be numbers unless its mean is one."""
    found: Arguments = []
    known = [place for place, axis in enumerate(shape, 1) if axis.fixed]
    axes = sorted(place for place in known if pen.chance(0.4))
    if not axes or pen.chance(0.2):
        axes = [len(shape)] if len(shape) in known else []
    if axes != [len(shape)] or pen.chance(0.2):
        signed = [place if pen.chance(0.5) else place - len(shape) - 1 for place in axes]
        written = f"({', '.join(map(str, signed))})" if len(signed) > 1 else str(signed[0]) if signed else "none"
        found.append(("axis", written))
    if pen.chance(0.5):
        last = shape[axes[-1] - 1].size if axes else 0
        several = bool(axes) and last < 20 and pen.chance(0.7)
        mean = [str(number / 4) for number in range(last)] if several else ["0.5"]
        listed = f"[{', '.join(mean)}]" if several else mean[0]
        found += [("mean", listed), ("variance", listed.replace("0.0", "1.5"))]
    if pen.chance(0.2):
        found.append(("invert", "true"))
    return pen.call(name, *found), shape


def bins(pen: Pen, name: str, shape: Shape) -> tuple[str, Shape]:
    """Discretization into floats."""
    count = pen.upto(3)
    mode = pen.one(("one_hot", "multi_hot", "count")) if shape else "one_hot"
    found = [("bin_boundaries", f"[{', '.join(map(str, range(count)))}]"), ("output_mode", f'"{mode}"')]
    if mode == "one_hot":
        return pen.call(name, *found), (*(shape[:-1] if shape and shape[-1].size == 1 else shape), Axis(count + 1))
    return pen.call(name, *found), (*shape[1:], Axis(count + 1))


def categories(pen: Pen, name: str, shape: Shape) -> tuple[str, Shape]:
    """CategoryEncoding of integers below 5."""
    mode = "one_hot" if len(shape) != 1 or pen.chance(0.5) else pen.one(("multi_hot", "count"))
    found = [("num_tokens", str(pen.upto(7, 5))), ("output_mode", f'"{mode}"')]
    kept = () if mode != "one_hot" or (shape and shape[-1].size == 1) else shape[-1:]
    return pen.call(name, *found), (*shape[:-1], *kept, Axis(int(found[0][1])))


def augmented(pen: Pen, name: str, shape: Shape) -> tuple[str, Shape]:
    """The layers of images."""
    found: Arguments = []
    if name == "RandomFlip":
        found = [("mode", f'"{pen.one(("horizontal", "vertical", "horizontal_and_vertical"))}"')]
    elif name == "RandomCrop":
        found = [("height", str(pen.upto(5))), ("width", str(pen.upto(5)))]
        cropped = (Axis(int(found[0][1])), Axis(int(found[1][1])))
        shape = (shape[0], *cropped) if pen.first else (*cropped, shape[-1])
    elif name == "RandomContrast":
        found = [("factor", pen.one(POSITIVE))]
    elif name in ("RandomBrightness", "RandomRotation"):
        found = [("factor", pen.one(FACTORS))]
    else:
        found = [("height_factor", pen.one(FACTORS)), ("width_factor", pen.one(FACTORS))]
    if name in ("RandomBrightness", "RandomContrast") and pen.chance(0.5):
        found.append(("value_range", pen.one(("(0, 1)", "(-3, 3.5)"))))
    if name in ("RandomRotation", "RandomZoom", "RandomTranslation"):
        found += [("fill_mode", f'"{pen.one(("reflect", "wrap", "constant", "nearest"))}"')] if pen.chance(0.5) else []
        found += [("interpolation", '"nearest"')] if pen.chance(0.3) else []
        found += [("fill_value", "0.5")] if pen.chance(0.2) else []
    return pen.call(name, *found), shape


PREPARING: dict[str, tuple[tuple[int, ...], Callable[[Pen, str, Shape], tuple[str, Shape]]]] = {
    **dict.fromkeys(("GaussianNoise", "GaussianDropout", "AlphaDropout"), (ANY, noise)),
    "Normalization": (ANY, normalization),
    "Discretization": (ANY, bins),
    "CategoryEncoding": ((), categories),
    **{
        f"Random{kind}": ((3,), augmented)
        for kind in ("Flip", "Rotation", "Zoom", "Translation", "Crop", "Contrast", "Brightness")
    },
}
"""The ranks (without the batch) that each layer takes, and who writes it."""
