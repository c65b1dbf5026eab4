"""The layers of the language, one file per family of Keras; families load on first use, by an index of names."""

from __future__ import annotations

from importlib import import_module

from nndsl.layers.base import Layer

FAMILIES: dict[str, tuple[str, ...]] = {
    "activity": ("ActivityRegularization",),
    "core": ("Dense", "Activation", "Identity", "Embedding"),
    "masking": ("Masking",),
    "activation_layers": ("ReLU", "LeakyReLU", "Softmax", "ELU", "PReLU"),
    "convolution": ("Conv1D", "Conv2D", "Conv3D", "DepthwiseConv1D", "DepthwiseConv2D"),
    "separable": ("SeparableConv1D", "SeparableConv2D"),
    "transposed": ("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"),
    "pooling": (
        "MaxPooling1D",
        "MaxPooling2D",
        "MaxPooling3D",
        "AveragePooling1D",
        "AveragePooling2D",
        "AveragePooling3D",
    ),
    "overall_pooling": (
        "GlobalAveragePooling1D",
        "GlobalAveragePooling2D",
        "GlobalAveragePooling3D",
        "GlobalMaxPooling1D",
        "GlobalMaxPooling2D",
        "GlobalMaxPooling3D",
        "AdaptiveAveragePooling1D",
        "AdaptiveAveragePooling2D",
        "AdaptiveAveragePooling3D",
        "AdaptiveMaxPooling1D",
        "AdaptiveMaxPooling2D",
        "AdaptiveMaxPooling3D",
    ),
    "reshaping": ("Flatten", "Reshape", "Permute", "RepeatVector"),
    "borders": ("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D", "Cropping1D", "Cropping2D", "Cropping3D"),
    "upsampling": ("UpSampling1D", "UpSampling2D", "UpSampling3D"),
    "merging": ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot"),
    "preprocessing": ("Rescaling", "Normalization"),
    "augmentation": (
        "RandomFlip",
        "RandomRotation",
        "RandomZoom",
        "RandomTranslation",
        "RandomCrop",
        "RandomContrast",
        "RandomBrightness",
    ),
    "encoding": ("Discretization", "CategoryEncoding"),
    "resizing": ("Resizing", "CenterCrop"),
    "dropout": ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"),
    "noise": ("GaussianNoise", "GaussianDropout", "AlphaDropout"),
    "normalization": (
        "BatchNormalization",
        "LayerNormalization",
        "GroupNormalization",
        "RMSNormalization",
        "UnitNormalization",
    ),
    "recurrent": ("SimpleRNN", "GRU", "LSTM"),
    "cells": ("SimpleRNNCell", "GRUCell", "LSTMCell"),
    "rnn": ("RNN", "StackedRNNCells"),
    "conv_lstm": ("ConvLSTM2D",),
    "attention": ("MultiHeadAttention", "Attention", "AdditiveAttention"),
    "grouped_attention": ("GroupQueryAttention",),
    "bidirectional": ("Bidirectional",),
    "wrappers": ("TimeDistributed",),
    "embedding": ("PositionEmbedding", "ReversibleEmbedding"),
    "einsum": ("EinsumDense",),
}
"""The names that each file of this folder defines."""

SYNONYMS: dict[str, str] = {
    "AvgPool1D": "AveragePooling1D",
    "AvgPool2D": "AveragePooling2D",
    "AvgPool3D": "AveragePooling3D",
    "Convolution1D": "Conv1D",
    "Convolution1DTranspose": "Conv1DTranspose",
    "Convolution2D": "Conv2D",
    "Convolution2DTranspose": "Conv2DTranspose",
    "Convolution3D": "Conv3D",
    "Convolution3DTranspose": "Conv3DTranspose",
    "GlobalAvgPool1D": "GlobalAveragePooling1D",
    "GlobalAvgPool2D": "GlobalAveragePooling2D",
    "GlobalAvgPool3D": "GlobalAveragePooling3D",
    "GlobalMaxPool1D": "GlobalMaxPooling1D",
    "GlobalMaxPool2D": "GlobalMaxPooling2D",
    "GlobalMaxPool3D": "GlobalMaxPooling3D",
    "MaxPool1D": "MaxPooling1D",
    "MaxPool2D": "MaxPooling2D",
    "MaxPool3D": "MaxPooling3D",
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
