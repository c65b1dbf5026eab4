"""One expression, compiled and run, and evaluated by Python with ``keras.ops`` in the place of ``ops``."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"

import keras
import torch
from torch import Tensor, nn

import nndsl
from tests.ops.cases_shapes import OTHERWISE

BATCH = 3
INPUTS = {
    "x": "(4)", "y": "(4)", "p": "(4)", "v": "()", "m": "(4, 5)", "n": "(5, 3)", "e": "(1, 4, 1)",
    "i": "int32(4)", "j": "int32(4)", "s": "int8(4)", "u": "uint8(4)", "b": "bool(4)",
    "h": "float16(4)", "g": "bfloat16(4)", "a": "(3, 4, 3)", "c": "(3, 4, 3)",
}  # fmt: skip
"""The inputs that an expression may name; ``a`` and ``c`` are images whose channels a layer has moved."""
WEIGHTS = {"t": (4,), "w": (4, 5), "w0": (), "w1": (1, 4), "w3": (1, 5, 2), "q": (5, 5), "r": (4, 3), "z": (5,)}
"""The tensors without a batch that it may name."""
MOVED = ("a", "c")
_NAME = re.compile(r"(?<![\w.])[a-z]\d?\b(?!\s*=[^=])")


def names_in(expression: str) -> list[str]:
    """Return the tensors that an expression names."""
    return sorted(set(_NAME.findall(re.sub(r'"[^"]*"', "", expression))))


def model(expression: str, results: int = 1) -> str:
    """Return the text of a model that gives what the expression does."""
    names = names_in(expression)
    lines = [f"  input {name}: {INPUTS[name]}" for name in names if name in INPUTS]
    lines += [f"  {name} = {name} -> MaxPooling2D(1)" for name in names if name in MOVED]
    drawn = "initializer=RandomNormal(stddev=1.0)"
    lines += [f"  {name} = Weight({WEIGHTS[name]}, {drawn})" for name in names if name in WEIGHTS]
    targets = ", ".join(f"result_{place}" for place in range(results))
    lines += [f"  {targets} = {expression}", f"  output {targets}"]
    return "model M {\n" + "\n".join(lines) + "\n}\n"


def value_of(name: str) -> Tensor:
    """Return a random value for an input."""
    generator = torch.Generator().manual_seed(ord(name))
    dtype, _, sizes = INPUTS[name].rpartition("(")
    shape = [BATCH, *(int(size) for size in sizes.rstrip(")").split(",") if size)]
    if dtype == "bool":
        return torch.rand(shape, generator=generator) > 0.4
    if "int" in dtype:
        return torch.randint(0, 5, shape, generator=generator).to(getattr(torch, dtype))
    drawn = torch.randn(shape, generator=generator).to(getattr(torch, dtype or "float32"))
    return drawn.abs() + 0.5 if name == "p" else drawn


def tensors_of(given: Any) -> list[Tensor]:
    """Return results as a list: Keras gives a tensor, a list or a named tuple."""
    return list(given) if isinstance(given, (list, tuple)) else [given]


def leaf(value: Tensor) -> Tensor:
    """Return a copy that collects gradients, if it can."""
    copy = value.detach().clone()
    return copy.requires_grad_() if copy.is_floating_point() else copy


def keras_values(expression: str, values: dict[str, Tensor]) -> list[Tensor]:
    """Return what Keras makes of an expression."""
    text = OTHERWISE.get(expression, expression).replace('"edge"', '"symmetric"')
    names = {"ops": keras.ops, "true": True, "false": False, "none": None, **values}
    return tensors_of(eval(text, {"__builtins__": {}}, names))


def compare(expression: str) -> None:
    """Assert that an expression agrees with Keras: in shape, dtype, values, and gradients."""
    names = names_in(expression)
    theirs = {name: leaf(value_of(name)) for name in names if name in INPUTS}
    module, compiled = _compiled(expression, theirs)
    for name, parameter in module.named_parameters():
        theirs[name] = leaf(parameter)
    ours = {name: leaf(value_of(name)) for name in names if name in INPUTS}
    wanted = keras_values(expression, theirs)
    found = tensors_of(module(*ours.values()))
    assert len(found) == len(wanted)
    for (_, predicted), mine, other in zip(compiled.model.outputs, found, wanted, strict=True):
        assert tuple(mine.shape[1:]) == predicted.type.shape[1:]
        assert str(mine.dtype) == f"torch.{predicted.type.dtype}"
        assert mine.shape == other.shape
        if not expression.startswith("ops.top_k"):  # Keras's own rule says int32, its torch backend gives int64
            assert mine.dtype == other.dtype
        exact = mine.dtype not in (torch.float16, torch.bfloat16)
        tolerance = 1e-5 if exact else 1e-2
        torch.testing.assert_close(mine, other, rtol=tolerance, atol=tolerance, check_dtype=False, equal_nan=True)
    _compare_gradients(ours | dict(module.named_parameters()), theirs, found, wanted)


def _compiled(expression: str, values: dict[str, Tensor]) -> tuple[nn.Module, nndsl.Compiled]:
    probe = {**values, **{name: torch.randn(WEIGHTS[name]) for name in names_in(expression) if name in WEIGHTS}}
    compiled = nndsl.compile(model(expression, len(keras_values(expression, probe))))
    return compiled.module(seed=1), compiled


def _compare_gradients(
    ours: dict[str, Tensor], theirs: dict[str, Tensor], found: Sequence[Tensor], wanted: Sequence[Tensor]
) -> None:
    pairs = [(mine, other) for mine, other in zip(found, wanted, strict=True) if mine.requires_grad]
    assert [other.requires_grad for other in wanted] == [mine.requires_grad for mine in found]
    for mine, other in pairs:
        slope = torch.randn(mine.shape, generator=torch.Generator().manual_seed(3)).to(mine.dtype)
        mine.backward(slope, retain_graph=True)
        other.backward(slope, retain_graph=True)
    for name, mine in ours.items():
        tolerance = 1e-5 if mine.dtype == torch.float32 else 1e-2
        gradient, wanted_gradient = mine.grad, theirs[name].grad
        assert (gradient is None) == (wanted_gradient is None)
        if gradient is not None:
            torch.testing.assert_close(gradient, wanted_gradient, rtol=tolerance, atol=tolerance)
