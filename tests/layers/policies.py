"""Layers under dtype policies, as they are written and in Keras."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from keras import layers
from torch import Tensor, nn

import nndsl
from nndsl.layers.base import MIXED, POLICIES, Layer
from nndsl.summary import key_of
from nndsl.weights import load
from tests.layers.sequences import by_name

DRAWN = {"recurrent_initializer": "glorot_uniform"}
"""What Keras can draw in 16 bits: its orthogonal matrices need more."""
OTHERS = tuple(policy for policy in POLICIES if policy != "float32")


@dataclass(frozen=True)
class Case:
    """A layer as it is written, its twin, and the shape of its input, which is ``x``."""

    written: str
    twin: Callable[[], layers.Layer]
    shape: tuple[int, ...]
    dtype: str = "float32"

    def __str__(self) -> str:
        return self.written


CASES = (
    Case('x -> Dense(5, activation="gelu")', lambda: layers.Dense(5, activation="gelu"), (4,)),
    Case('x -> Conv1D(5, 3, padding="causal")', lambda: layers.Conv1D(5, 3, padding="causal"), (7, 4)),
    Case(
        'x -> Conv2D(5, 3, strides=2, padding="same")',
        lambda: layers.Conv2D(5, 3, strides=2, padding="same"),
        (7, 6, 4),
    ),
    Case("x -> Conv2DTranspose(5, 3)", lambda: layers.Conv2DTranspose(5, 3), (7, 6, 4)),
    Case("x -> SeparableConv2D(5, 3)", lambda: layers.SeparableConv2D(5, 3), (7, 6, 4)),
    Case("x -> BatchNormalization()", lambda: layers.BatchNormalization(), (5, 4)),
    Case("x -> LayerNormalization()", lambda: layers.LayerNormalization(), (5, 4)),
    Case("x -> GroupNormalization(2)", lambda: layers.GroupNormalization(2), (5, 4)),
    Case("x -> RMSNormalization()", lambda: layers.RMSNormalization(), (5, 4)),
    Case("x -> UnitNormalization()", lambda: layers.UnitNormalization(), (5, 4)),
    Case("x -> LSTM(6)", lambda: layers.LSTM(6, **DRAWN), (5, 4)),
    Case("x -> GRU(6, return_sequences=true)", lambda: layers.GRU(6, return_sequences=True, **DRAWN), (5, 4)),
    Case('x -> SimpleRNN(6, activation="elu")', lambda: layers.SimpleRNN(6, activation="elu", **DRAWN), (5, 4)),
    Case("x -> Bidirectional(LSTM(6))", lambda: layers.Bidirectional(layers.LSTM(6, **DRAWN)), (5, 4)),
    Case("x -> TimeDistributed(Dense(6))", lambda: layers.TimeDistributed(layers.Dense(6)), (5, 4)),
    Case("x -> Embedding(9, 4)", lambda: layers.Embedding(9, 4), (5,), "int32"),
    Case("x -> Rescaling(0.3, [1.0, 0.1, -2.0, 4.0])", lambda: layers.Rescaling(0.3, [1.0, 0.1, -2.0, 4.0]), (5, 4)),
    Case("x -> Rescaling(1 / 255)", lambda: layers.Rescaling(1 / 255), (5, 4), "uint8"),
    Case("x -> PReLU()", lambda: layers.PReLU(), (5, 4)),
    Case("x -> Softmax()", lambda: layers.Softmax(), (5, 4)),
    Case("x -> MaxPooling2D(2)", lambda: layers.MaxPooling2D(2), (6, 6, 4)),
    Case("x -> Conv3DTranspose(3, 2)", lambda: layers.Conv3DTranspose(3, 2), (3, 4, 2, 4)),
    Case("x -> AdaptiveAveragePooling2D(3)", lambda: layers.AdaptiveAveragePooling2D(3), (7, 5, 4)),
    Case("x -> Resizing(5, 9)", lambda: layers.Resizing(5, 9), (7, 6, 4)),
    Case("x -> Resizing(5, 3, antialias=true)", lambda: layers.Resizing(5, 3, antialias=True), (7, 6, 4)),
    Case("x -> CenterCrop(5, 9)", lambda: layers.CenterCrop(5, 9), (7, 6, 4)),
    Case("x -> CenterCrop(5, 3)", lambda: layers.CenterCrop(5, 3), (7, 6, 4), "uint8"),
    Case("x -> GlobalAveragePooling2D()", lambda: layers.GlobalAveragePooling2D(), (6, 6, 4)),
    Case("x -> Flatten()", lambda: layers.Flatten(), (6, 6, 4)),
    Case("x -> Dropout(0.5)", lambda: layers.Dropout(0.5), (6, 6, 4)),
)
"""One layer each; that of several inputs has tests of its own."""


def compute_dtype(policy: str) -> torch.dtype:
    """Return the dtype in which a policy computes."""
    found: torch.dtype = getattr(torch, MIXED.get(policy, policy))
    return found


def compiled(body: str, policy: str, shape: tuple[int, ...], dtype: str = "float32") -> nndsl.Compiled:
    """Return a model whose input is ``x``, under a policy."""
    listed = ", ".join(map(str, shape))
    head = f'set dtype_policy = "{policy}"\nmodel Model {{\n  input x: {dtype}({listed})\n  '
    return nndsl.compile(head + body.replace("\n", "\n  ") + "\n}\n")


def array(shape: tuple[int, ...], dtype: str = "float32") -> np.ndarray:
    """Return random values, three samples of them."""
    generator = np.random.default_rng(1)
    if dtype.startswith("float"):
        return generator.normal(size=(3, *shape)).astype(dtype)
    return generator.integers(0, 9, size=(3, *shape)).astype(dtype)


def brought(model: nndsl.Compiled, *twins: layers.Layer) -> nn.Module:
    """Return the module with the weights of the Keras layers, given in order."""
    module = model.module(seed=1)
    kept: dict[str, tuple[Layer, Any]] = {}
    for node in model.model.nodes:
        if node.made is not None:
            kept.setdefault(key_of(node.made), (node.layer, [each.type for each in node.inputs]))
    weighted = [twin for twin in twins if twin.weights]
    for (key, (layer, types)), twin in zip(kept.items(), weighted, strict=True):
        weights = layer.weights(*types)
        load(module.get_submodule(key), weights, by_name(weights, [each.value.detach() for each in twin.weights]))
    return module


def near(mine: Tensor | None, other: Tensor | None, *, steps: int = 4) -> None:
    """Assert that two tensors have one dtype, and differ by a few of its steps at most."""
    assert mine is not None
    assert other is not None
    assert mine.dtype == other.dtype
    assert mine.shape == other.shape
    # Keras normalizes in float32 under every policy, float64 among them.
    step = max(torch.finfo(mine.dtype).eps, torch.finfo(torch.float32).eps)
    largest = max(1.0, other.abs().max().item())
    assert (mine.double() - other.double()).abs().max().item() <= steps * step * largest
