"""The layers of the language, one file per family of Keras; families load on first use, by an index of names."""

from __future__ import annotations

from importlib import import_module

from nndsl.layers.base import Layer

FAMILIES: dict[str, tuple[str, ...]] = {
    "core": ("Dense", "Activation", "Identity", "Embedding"),
    "masking": ("Masking",),
    "activation_layers": ("ReLU", "LeakyReLU", "Softmax", "ELU", "PReLU"),
    "convolution": ("Conv1D", "Conv2D", "Conv3D", "DepthwiseConv1D", "DepthwiseConv2D"),
    "separable": ("SeparableConv1D", "SeparableConv2D"),
    "transposed": ("Conv1DTranspose", "Conv2DTranspose"),
    "pooling": (
        "MaxPooling1D",
        "MaxPooling2D",
        "AveragePooling1D",
        "AveragePooling2D",
        "GlobalAveragePooling1D",
        "GlobalAveragePooling2D",
        "GlobalMaxPooling1D",
        "GlobalMaxPooling2D",
    ),
    "reshaping": (
        "Flatten",
        "Reshape",
        "Permute",
        "RepeatVector",
        "ZeroPadding1D",
        "ZeroPadding2D",
        "Cropping1D",
        "Cropping2D",
    ),
    "upsampling": ("UpSampling1D", "UpSampling2D"),
    "merging": ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot"),
    "preprocessing": ("Rescaling",),
    "dropout": ("Dropout", "SpatialDropout1D", "SpatialDropout2D"),
    "normalization": (
        "BatchNormalization",
        "LayerNormalization",
        "GroupNormalization",
        "RMSNormalization",
        "UnitNormalization",
    ),
    "recurrent": ("SimpleRNN", "GRU", "LSTM"),
    "attention": ("MultiHeadAttention", "Attention", "AdditiveAttention"),
    "wrappers": ("Bidirectional", "TimeDistributed"),
    "embedding": ("PositionEmbedding",),
}
"""The names that each file of this folder defines."""

SYNONYMS: dict[str, str] = {
    "AvgPool1D": "AveragePooling1D",
    "AvgPool2D": "AveragePooling2D",
    "Convolution1D": "Conv1D",
    "Convolution1DTranspose": "Conv1DTranspose",
    "Convolution2D": "Conv2D",
    "Convolution2DTranspose": "Conv2DTranspose",
    "Convolution3D": "Conv3D",
    "GlobalAvgPool1D": "GlobalAveragePooling1D",
    "GlobalAvgPool2D": "GlobalAveragePooling2D",
    "GlobalMaxPool1D": "GlobalMaxPooling1D",
    "GlobalMaxPool2D": "GlobalMaxPooling2D",
    "MaxPool1D": "MaxPooling1D",
    "MaxPool2D": "MaxPooling2D",
    "SeparableConvolution1D": "SeparableConv1D",
    "SeparableConvolution2D": "SeparableConv2D",
}
"""Keras's other names of layers, and the main one."""

_FAMILY_OF = {name: family for family, names in FAMILIES.items() for name in names}


def names() -> list[str]:
    """Return the names of all layers, synonyms included."""
    return [*_FAMILY_OF, *SYNONYMS]


def find(name: str) -> type[Layer] | None:
    """Return the layer of a name, or None if there is none; its family is imported now."""
    main = SYNONYMS.get(name, name)
    family = _FAMILY_OF.get(main)
    if family is None:
        return None
    found: type[Layer] = getattr(import_module(f"nndsl.layers.{family}"), main)
    return found
