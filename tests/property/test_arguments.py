"""Random arguments of single layers: accepted exactly when Keras accepts them, but for what is listed here."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import Any

import keras
import torch
from torch import Tensor

import nndsl
from nndsl.layers import find
from tests.property.cases import BACKWARDS, LSTM, Case, Made, drawn
from tests.property.running import called

FULL, SHORT = 100_000, 4_000


@dataclass(frozen=True)
class Listed:
    """A way in which Keras and nndsl differ on purpose: whom it concerns, and why.

    ``words`` are part of nndsl's message where it refuses more, and of Keras's where it refuses less.
    """

    words: str
    why: str
    layers: str = ""
    code: str = ""

    def covers(self, case: Case, code: str, message: str) -> bool:
        """Tell whether a refusal is of this kind."""
        names = self.layers.split()
        return self.words in message and code.startswith(self.code) and (not names or case.name in names)


_NOISE = "GaussianDropout AlphaDropout"
_STEPS = "SimpleRNN GRU LSTM ConvLSTM2D SimpleRNNCell GRUCell LSTMCell"
_IMAGES = "RandomFlip RandomRotation RandomZoom RandomTranslation RandomCrop RandomContrast RandomBrightness"

STRICTER = (
    Listed("must be", "a value of another type, which Python happens to take: `true` for 1, 2.0 for 2", code="E0302"),
    Listed("takes floats", "integers where Keras casts: tokens without an Embedding are a mistake", code="E0405"),
    Listed(
        "takes integers",
        "floats that Keras would round down to rows of a table",
        "Embedding ReversibleEmbedding CategoryEncoding",
        "E0405",
    ),
    Listed("from 0 to 1", "a probability outside of 0 and 1", code="E0303"),
    Listed("of at least 0", "a number that can only be a mistake where it is negative", code="E0303"),
    Listed("`epsilon`", "0, with which PyTorch does not train", "BatchNormalization", "E0303"),
    Listed("must leave the batch alone", "an axis that is the batch: samples would see each other", code="E0407"),
    Listed(
        "keeps no state",
        "state that is carried from batch to batch is not there",
        "SimpleRNN GRU LSTM ConvLSTM2D RNN",
        "E0307",
    ),
    Listed("an output is a tensor", "the two states of a cell of a stack as one output", "RNN", "E0507"),
    Listed("goes forwards", "both directions exchanged", "Bidirectional", "E0305"),
    Listed("of the same class", "directions of two classes", "Bidirectional", "E0305"),
    Listed("renormalization", "not there", "BatchNormalization", "E0307"),
    Listed("needs an axis", "no axis at all: nothing would be normalized", "UnitNormalization", "E0407"),
    Listed("halves it", "an activation that halves the width of a state", _STEPS, "E0303"),
    Listed(
        "does not broadcast to", "a scale or noise that changes the shape", "Rescaling Dropout AlphaDropout", "E0403"
    ),
    Listed(
        "must be (N, steps, features)",
        "a vector for a sequence",
        "MultiHeadAttention Attention AdditiveAttention",
        "E0401",
    ),
    Listed("takes an `output_shape`", "several sizes where there are several axes", "MultiHeadAttention", "E0307"),
    Listed("does not attend to axis", "axes beside that only broadcast", "MultiHeadAttention", "E0411"),
    Listed("compares query and key", "features that only broadcast", "AdditiveAttention Attention", "E0411"),
    Listed("lie between the batch and the features", "attention over the features", "MultiHeadAttention", "E0407"),
    Listed('must be `"valid"`', "an option that Keras does not look at", code="E0304"),
    Listed(
        "would give an axis of 0",
        "an output without values",
        "Conv1DTranspose Conv2DTranspose Conv3DTranspose",
        "E0402",
    ),
    Listed("takes `sliding_window`", "a window over several axes", "MultiHeadAttention", "E0307"),
    Listed("`output_shape`", "0, which Keras reads as none", "MultiHeadAttention", "E0303"),
    Listed("from 1 on", "an axis that is the batch, which Keras ignores", "PReLU", "E0303"),
    Listed("must be a positive integer", "an image without pixels", "CenterCrop", "E0303"),
    Listed("and its input is", "one image alone, without a batch", "CenterCrop Resizing", "E0401"),
    Listed("must be a positive integer, not `0`", "no heads, or no sizes", "GroupQueryAttention EinsumDense", "E0303"),
    Listed("needs a key for each value", "values without keys", "GroupQueryAttention MultiHeadAttention", "E0411"),
    Listed("and must have", "sizes that the output has not", "EinsumDense", "E0303"),
    Listed("must leave the batch alone", "weights for each sample", "EinsumDense", "E0303"),
    Listed("`logit_soft_cap`", "0, by which Keras would divide", "ReversibleEmbedding", "E0303"),
    Listed("`reverse_dtype`", "an option that Keras does not look at forwards", "ReversibleEmbedding", "E0304"),
    Listed("must be below 1", "a rate with which Keras divides by zero in training", _NOISE, "E0303"),
    Listed("`noise_shape` must be", "a size of 0, which Keras sees in training alone", "AlphaDropout", "E0303"),
    Listed("samples of one axis", "samples of several axes: Keras has one shape and says another", "CategoryEncoding"),
    Listed("takes (N, ", "an image without a batch", _IMAGES, "E0401"),
    Listed("takes (N, steps, features)", "steps of several axes", "SimpleRNNCell GRUCell LSTMCell", "E0401"),
    Listed('must be `"horizontal"`', "an option that Keras does not look at", "RandomFlip", "E0304"),
    Listed("the lower one first", "a range without values", "RandomBrightness RandomContrast", "E0303"),
    Listed("must be a positive integer", "an image without pixels", "RandomCrop", "E0303"),
    Listed("has an axis twice", "an axis twice, which Keras takes as two", "Normalization", "E0407"),
    Listed("must be at least 0", "a negative variance, whose root is no number", "Normalization", "E0303"),
    Listed("rising numbers", "boundaries between which nothing lies", "Discretization", "E0303"),
)
"""What Keras accepts, and nndsl does not."""

LOOSER = (
    Listed("unexpected keyword argument 'trainable'", "every layer takes it here"),
    Listed("normalized_shape", "Keras's torch backend fails for axes that are not the last"),
    Listed("Lanczos interpolation is not supported", "Keras's torch backend alone has none", "UpSampling2D Resizing"),
    Listed("Invalid value for argument `", "an option in capitals, as Keras takes those of other layers", "Resizing"),
    Listed("smaller than kernel size", "PyTorch forgets the padding of `same`, and Keras with it", "AveragePooling3D"),
    Listed("non-singleton dimension", "Keras has its scale's axes in the order given", "RMSNormalization"),
    Listed("argument score_mode", "an option in capitals, as Keras takes those of other layers", "Attention"),
    Listed("'int' object is not iterable", "one size is a shape of one", "Reshape"),
    Listed("Invalid merge mode", "an option in capitals, as Keras takes those of other layers", "Bidirectional"),
    Listed("list index out of range", "Keras fails where it unrolls a stack of cells", "RNN"),
    Listed("must be fully-defined", "a size of the kernel or bias that the input has", "EinsumDense"),
    Listed(
        "output_mode", "an option in capitals, as Keras takes those of other layers", "Discretization CategoryEncoding"
    ),
    Listed("Expected of one", "an option in capitals, as Keras takes those of other layers", _IMAGES),
)
"""What nndsl accepts, and Keras does not on its torch backend."""

SELDOM = (
    Case(
        "Conv1DTranspose", (("filters", 2), ("kernel_size", 2), ("padding", "same"), ("output_padding", 0)), ((1, 3),)
    ),
    Case("Normalization", (("mean", 0.5), ("variance", -1)), ((6, 4),)),
    Case("Normalization", (("axis", (1, 1)), ("mean", 0.5), ("variance", 2)), ((6, 4),)),
    Case("MultiHeadAttention", (("num_heads", 1), ("key_dim", 3), ("attention_axes", -2)), ((6, 5, 4), (1, 4, 3))),
    Case("MultiHeadAttention", (("num_heads", 2), ("key_dim", 1), ("output_shape", (2, 3))), ((3, 3, 2), (3, 3, 2))),
    Case("MultiHeadAttention", (("num_heads", 2), ("key_dim", 1), ("output_shape", 0)), ((6, 4), (6, 4))),
    Case("Attention", (("score_mode", "DOT"),), ((6, 4), (6, 4))),
    Case("Bidirectional", (("layer", BACKWARDS), ("backward_layer", LSTM)), ((6, 4),)),
    Case("Bidirectional", (("layer", Made("SimpleRNN", (("units", 3),))), ("backward_layer", BACKWARDS)), ((6, 4),)),
    Case("Resizing", (("height", 2), ("width", 2), ("interpolation", "BILINEAR")), ((6, 5, 4),)),
    Case("AveragePooling3D", (("pool_size", 3), ("strides", 1), ("padding", "same")), ((3, 4, 2, 2),)),
    Case("EinsumDense", (("equation", "...ax,xy->...ay"), ("output_shape", (None, 4)), ("bias_axes", "a")), ((6, 4),)),
    Case("Reshape", (("target_shape", 24),), ((6, 4),)),
)
"""Cases that differ in ways that random ones seldom do."""

OTHER_SHAPES = {"RMSNormalization"}
"""Where Keras's output has another shape than its input: its scale has the axes in the order given, not in theirs."""


def tensors(case: Case) -> list[Tensor]:
    """Return inputs; integers are 0, which is a row of every table."""
    generator = torch.Generator().manual_seed(1)
    if case.dtype != "float32":
        return [torch.zeros((2, *shape), dtype=getattr(torch, case.dtype)) for shape in case.shapes]
    return [torch.rand((2, *shape), generator=generator) for shape in case.shapes]


def made(value: Any) -> Any:
    """Return an argument as Keras takes it: what stands for a layer is one."""
    if isinstance(value, Made):
        return getattr(keras.layers, value.name)(**{name: made(each) for name, each in value.arguments})
    return [made(each) for each in value] if isinstance(value, list) else value


def of_keras(case: Case) -> tuple[str | None, list[tuple[int, ...]]]:
    """Return why Keras refuses a case, or None and the shapes of what it gives."""
    declared = find(case.name)
    assert declared is not None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            layer = made(Made(case.name, case.arguments))
            layer = keras.layers.RNN(layer) if case.is_cell else layer
            result = layer(tensors(case)) if declared.takes_list else layer(*tensors(case))
    except Exception as error:  # noqa: BLE001 - Keras raises whatever comes
        return str(error), []
    return None, [tuple(each.shape) for each in flat(result)]


def flat(result: Any) -> list[Tensor]:
    """Return the tensors of lists in lists: a stack of cells has its states by the cell."""
    return [each for item in result for each in flat(item)] if isinstance(result, list | tuple) else [result]


def of_nndsl(case: Case) -> tuple[str, str] | list[tuple[int, ...]]:
    """Return the code and the message of a refusal, or the shapes of what the module gives."""
    try:
        compiled = nndsl.compile(case.text)
    except nndsl.NNDSLError as error:
        found = next(each for each in error.diagnostics if each.severity == "error")
        return found.code, found.message
    return [tuple(output.shape) for output in called(compiled.module(seed=0), tensors(case))]


def listed(entries: tuple[Listed, ...], case: Case, code: str, message: str) -> Listed | None:
    """Return the entry that a refusal is of."""
    return next((entry for entry in entries if entry.covers(case, code, message)), None)


def test_random_arguments(full_size: bool) -> None:
    count = int(os.environ.get("NNDSL_PROPERTY_COUNT", FULL if full_size else SHORT))
    used: Counter[Any] = Counter()
    for case in (*SELDOM, *(drawn(Random(seed)) for seed in range(count))):
        refusal, wanted = of_keras(case)
        found = of_nndsl(case)
        if isinstance(found, tuple):
            entry = listed(STRICTER, case, *found) if refusal is None else None
            assert refusal is not None or entry is not None, f"{case.text}only nndsl refuses this: {found}"
            used["both refuse" if refusal is not None else entry] += 1
        elif refusal is not None:
            entry = listed(LOOSER, case, "", refusal)
            assert entry is not None, f"{case.text}only Keras refuses this: {refusal}"
            used[entry] += 1
        else:
            assert found == wanted or case.name in OTHER_SHAPES, f"{case.text}{found} is not {wanted}"
            used["both accept"] += 1
    assert min(used["both accept"], used["both refuse"]) > count // 4
    if count >= FULL:
        assert not {*STRICTER, *LOOSER} - {*used}, "entries of the lists that no case needs"
