"""Which layer comes next in a random graph."""

from __future__ import annotations

from tests.property.families import chosen
from tests.property.links import WRITERS, names_for
from tests.property.pen import LARGEST, Pen, Shape, sizes, volume

GROWING = frozenset(
    {"RepeatVector", *(f"{kind}{count}D" for kind in ("UpSampling", "ZeroPadding") for count in (1, 2, 3))}
)
OF_FREE_CHANNELS = (
    "ReLU", "Activation", "Softmax", "Dropout", "Identity", "Rescaling", "Flatten", "Reshape", "Permute", "PReLU",
    "MaxPooling1D", "MaxPooling2D", "AveragePooling1D", "AveragePooling2D", "GlobalMaxPooling1D", "RepeatVector",
    "GlobalAveragePooling2D", "ZeroPadding1D", "ZeroPadding2D", "Cropping1D", "Cropping2D", "UpSampling2D",
    "LayerNormalization", "UnitNormalization", "GaussianNoise", "GaussianDropout", "AlphaDropout", "Normalization",
    "ActivityRegularization", "Discretization", "RandomFlip", "RandomRotation", "RandomCrop", "RandomContrast",
    "AdaptiveMaxPooling1D", "AdaptiveAveragePooling2D", "Resizing", "CenterCrop", "MaxPooling3D", "AveragePooling3D",
    "GlobalMaxPooling3D", "AdaptiveMaxPooling3D", "ZeroPadding3D", "Cropping3D", "UpSampling3D",
)  # fmt: skip
"""Layers that take channels whose number the compiler does not know."""

OF_INTEGERS = (
    "Embedding", "ReversibleEmbedding", "Flatten", "Reshape", "Permute", "Identity", "Rescaling", "CategoryEncoding",
    "Normalization", "Discretization",
)  # fmt: skip
"""The layers that take integers."""


def link(pen: Pen, shape: Shape, dtype: str = "float32") -> tuple[str, Shape, str]:
    """Write a layer for a tensor, and guess what it gives."""
    if "float" not in dtype:
        name = pen.one(OF_INTEGERS)
        text, after = WRITERS[name][1](pen, name, shape)
        return text, after, dtype if name in ("Flatten", "Reshape", "Permute", "Identity") else "float32"
    names = names_for(len(shape)) or ["Dense", "Flatten", "Permute"]
    if shape and not shape[0 if pen.first else -1].fixed and pen.chance(0.97):
        names = [name for name in names if name in OF_FREE_CHANNELS]
    name = chosen(pen, names)
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
