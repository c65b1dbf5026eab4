"""Casts from one float dtype to another, as Keras's dtype policies put them into a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nndsl.arguments import Choice, argument
from nndsl.code import Code, code
from nndsl.layers.base import FLOATS, Call, Layer, Order, Sizes, TensorType, layer

HALVES = ("float16", "bfloat16")


@layer
class Cast(Layer):
    """A tensor in another dtype. It is not in the index of names: only the compiler makes it."""

    to: str = argument(Choice(FLOATS))

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …) -> (N, …)."""
        return inputs[0].with_dtype(self.to)

    def forward(self, call: Call) -> Code:
        """x.to(…)."""
        return cast(call.inputs[0], self.to)

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None


def cast(value: Code, dtype: str) -> Code:
    """Return the expression of a tensor in a dtype."""
    return code(f"{{}}.to(torch.{dtype})", value)


def in_float32(function: Callable[[Code], Code], x: Code, dtype: str) -> Code:
    """Return a function of a tensor, computed in float32 if the tensor has 16 bits, for which PyTorch has no kernel."""
    return cast(function(cast(x, "float32")), dtype) if dtype in HALVES else function(x)


def computed(layer: Layer, value: Code) -> Code:
    """Return what comes of a layer's weights, in their dtype, in the dtype that the layer computes in."""
    return cast(value, layer.compute_dtype) if layer.is_mixed else value


def with_cast_weights(layer: Layer, module: Code, helper: Callable[[str], str]) -> Code:
    """Return a layer's module as what casts its weights to the dtype that the layer computes in."""
    if not layer.is_mixed:
        return module
    return code(f"{{}}({{}}, torch.{layer.compute_dtype})", helper("in_dtype"), module)


def promoted(first: str, second: str) -> str:
    """Return the dtype of an operation on floats of two dtypes: float32 unless they are one, as in keras.ops."""
    return first if first == second else "float32"
