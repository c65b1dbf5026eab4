"""Which layer comes next in a random graph: drawn so that rules with many cases come up often."""

from __future__ import annotations

from tests.property.links import ANY, WRITERS, names_for
from tests.property.pen import LARGEST, Pen, Shape, sizes, volume

GROWING = frozenset({"RepeatVector", "UpSampling1D", "UpSampling2D", "ZeroPadding1D", "ZeroPadding2D"})
MOVING = ("Dense", "Dense", "Reshape", "Permute")
"""The layers of any rank that change the shape; they are drawn more often than those that keep it."""

INTRICATE = ("Bidirectional", "Conv1DTranspose", "Conv2DTranspose", "UpSampling1D", "UpSampling1D")
"""The layers of one rank whose rules have more cases, so that they are drawn more often."""

OF_FREE_CHANNELS = (
    "ReLU", "Activation", "Softmax", "Dropout", "Identity", "Rescaling", "Flatten", "Reshape", "Permute", "PReLU",
    "MaxPooling1D", "MaxPooling2D", "AveragePooling1D", "AveragePooling2D", "GlobalMaxPooling1D", "RepeatVector",
    "GlobalAveragePooling2D", "ZeroPadding1D", "ZeroPadding2D", "Cropping1D", "Cropping2D", "UpSampling2D",
    "LayerNormalization", "UnitNormalization",
)  # fmt: skip
"""Layers that take channels whose number the compiler does not know."""

OF_INTEGERS = ("Embedding", "Embedding", "Flatten", "Reshape", "Permute", "Identity", "Rescaling")
"""The layers that take integers."""


def link(pen: Pen, shape: Shape, dtype: str = "float32") -> tuple[str, Shape, str]:
    """Write a layer for a tensor, and guess what it gives."""
    if "float" not in dtype:
        name = pen.one(OF_INTEGERS)
        text, after = WRITERS[name][1](pen, name, shape)
        return text, after, "float32" if name in ("Embedding", "Rescaling") else dtype
    names = names_for(len(shape)) or ["Dense", "Flatten", "Permute"]
    if shape and not shape[0 if pen.first else -1].fixed and pen.chance(0.97):
        names = [name for name in names if name in OF_FREE_CHANNELS]
    specific = [name for name in names if WRITERS[name][0] != ANY] + [name for name in INTRICATE if name in names]
    moving = [name for name in MOVING if name in names] + ["Permute"] * (2 if len(shape) > 2 else 0)
    often = 0.65 if len(shape) > 1 else 0.15
    name = pen.one(specific if specific and pen.chance(often) else moving if moving and pen.chance(0.4) else names)
    if (name in GROWING or name.endswith("Transpose")) and volume(shape) > LARGEST:
        name = "Flatten"
    text, after = WRITERS[name][1](pen, name, shape)
    return text, after, dtype


def kept(pen: Pen, shape: Shape) -> str:
    """Write a layer that probably leaves the shape as it is."""
    for _ in range(6):
        text, after, _ = link(pen, shape)
        if sizes(after) == sizes(shape):
            return text
    return "Dropout(0.2)"
