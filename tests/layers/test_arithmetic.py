"""Operators, indices and free weights: PyTorch's own operators say what they should give."""

from __future__ import annotations

import operator
from typing import Any

import pytest
import torch

from nndsl.dims import symbol
from nndsl.layers.arithmetic import OPERATORS, Arithmetic, ConstantArithmetic, FreeWeight, Index, Negative, Slice
from nndsl.layers.base import Layer, LayerError, TensorType
from nndsl.layers.merging import Add, Concatenate
from nndsl.recipes.initializers import Ones
from tests.layers.oracle import Free, close, emitted

N = symbol("N")
FUNCTIONS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "**": operator.pow}


def kind(*shape: int, dtype: str = "float32", batched: bool = True) -> TensorType:
    return TensorType((N, *shape) if batched else shape, dtype, batched)


def run(layer: Layer, *inputs: torch.Tensor, weights: int = 0) -> torch.Tensor:
    """Return a layer's result; the last ``weights`` inputs have no batch."""
    count = len(inputs) - weights
    kinds = [
        kind(*(x.shape[1:] if place < count else x.shape), dtype=str(x.dtype)[6:], batched=place < count)
        for place, x in enumerate(inputs)
    ]
    predicted = layer.infer(Free(), *kinds)
    assert isinstance(predicted, TensorType)
    found: torch.Tensor = emitted(layer, tuple(kinds))(*inputs)
    assert tuple(found.shape[1:]) == predicted.shape[1:]
    assert str(found.dtype) == f"torch.{predicted.dtype}"
    return found


def refused(layer: Layer, *kinds: TensorType) -> str:
    with pytest.raises(LayerError) as caught:
        layer.infer(Free(), *kinds)
    return caught.value.code


@pytest.mark.parametrize("sign", OPERATORS)
def test_two_tensors(sign: str) -> None:
    a, b = torch.rand(3, 4, 5) + 0.5, torch.rand(3, 4, 5) + 0.5
    close(run(Arithmetic(sign), a, b), FUNCTIONS[sign](a, b))
    close(run(Arithmetic(sign), a, b[:, :1]), FUNCTIONS[sign](a, b[:, :1]))
    assert refused(Arithmetic(sign), kind(4, 5), kind(5)) == "E0403"
    assert refused(Arithmetic(sign), kind(4, 5), kind(4, 6)) == "E0403"
    assert refused(Arithmetic(sign), kind(4), kind(4, dtype="int32")) == "E0405"


@pytest.mark.parametrize("shape", [(), (5,), (1, 5), (4, 1), (1, 4, 5)])
def test_weights_broadcast_from_the_right(shape: tuple[int, ...]) -> None:
    a, w = torch.rand(3, 4, 5), torch.rand(shape)
    close(run(Arithmetic("*"), a, w, weights=1), a * w)


def test_weights_do_not_change_the_batch() -> None:
    weight = kind(7, 4, 5, batched=False)
    assert refused(Arithmetic("*"), kind(4, 5), weight) == "E0403"
    assert refused(Arithmetic("*"), kind(5), kind(1, 4, 5, batched=False)) == "E0403"


def test_sums_of_weights_have_no_batch() -> None:
    predicted = Arithmetic("+").infer(Free(), kind(4, 1, batched=False), kind(5, batched=False))
    assert predicted == kind(4, 5, batched=False)


@pytest.mark.parametrize("sign", OPERATORS)
@pytest.mark.parametrize("constant", [2, 0.5, -3])
@pytest.mark.parametrize("reversed", [False, True])
def test_constants(sign: str, constant: float, reversed: bool) -> None:
    base = constant < 0 and sign == "**" and reversed
    a = torch.arange(1.0, 7.0).reshape(2, 3) if base else torch.rand(2, 3) + 0.5
    wanted = FUNCTIONS[sign](constant, a) if reversed else FUNCTIONS[sign](a, constant)
    close(run(ConstantArithmetic(sign, constant, reversed), a), wanted)


def test_integers() -> None:
    a = torch.arange(6, dtype=torch.int32).reshape(2, 3)
    close(run(ConstantArithmetic("+", 1), a), a + 1)
    close(run(ConstantArithmetic("*", 0.5), a), a * 0.5)
    close(run(Arithmetic("/"), a, a + 1), a / (a + 1))
    close(run(Negative(), a), -a)
    assert refused(ConstantArithmetic("-", 1, reversed=True), kind(3, dtype="bool")) == "E0405"


SLICES: list[tuple[tuple[Index, ...], Any]] = [
    ((-1,), -1),
    ((0,), 0),
    (((2, 5, None),), slice(2, 5)),
    (((None, -1, None),), slice(None, -1)),
    (((-3, None, None),), slice(-3, None)),
    (((1, None, 2),), slice(1, None, 2)),
    (((None, None, 4),), slice(None, None, 4)),
]


@pytest.mark.parametrize(("indices", "wanted"), SLICES)
def test_slices(indices: tuple[Index, ...], wanted: Any) -> None:
    x = torch.rand(2, 7, 5)
    close(run(Slice(((None, None, None), *indices)), x), x[:, wanted])
    close(run(Slice(((None, None, None), (None, None, None), 3)), x), x[:, :, 3])


@pytest.mark.parametrize(
    ("code", "index"),
    [
        ("E0409", (2, 8, None)),
        ("E0409", 7),
        ("E0409", -8),
        ("E0409", (5, 5, None)),
        ("E0409", (-9, None, None)),
        ("E0303", (None, None, -1)),
        ("E0303", (None, None, 0)),
    ],
)
def test_slices_that_are_not_there(code: str, index: Index) -> None:
    assert refused(Slice(((None, None, None), index)), kind(7, 5)) == code


def test_slices_leave_the_batch_whole() -> None:
    assert refused(Slice((0,)), kind(7, 5)) == "E0407"
    assert refused(Slice(((None, None, None),) * 4), kind(7, 5)) == "E0401"
    weight = Slice((0,)).infer(Free(), kind(7, 5, batched=False))
    assert weight == kind(5, batched=False)


def test_slices_of_free_sizes() -> None:
    sizes = Free()
    steps = symbol("T")
    found = Slice(((None, None, None), (2, 5, None))).infer(sizes, TensorType((N, steps, 4)))
    assert found.shape == (N, 3, 4)
    assert (steps - 5, 0) in sizes.demands


def test_free_weight() -> None:
    layer = FreeWeight((2, 3), Ones())
    module = emitted(layer, ())
    close(module(), torch.ones(2, 3))
    assert [name for name, _ in module.named_parameters()] == ["layer"]
    frozen = emitted(FreeWeight((2, 3), trainable=False), ())
    assert not any(parameter.requires_grad for parameter in frozen.parameters())


def test_weights_take_the_batch() -> None:
    x, token, row = torch.rand(3, 4, 5), torch.rand(1, 5), torch.rand(5)
    close(run(Concatenate(1), x, token, weights=1), torch.cat((token.expand(3, 1, 5), x), 1).roll(-1, 1))
    close(run(Add(), x, row, weights=1), x + row)
    close(run(Add(), torch.ones(3, 5), token.expand(4, 5), weights=1), (1 + token).expand(3, 4, 5))
    assert refused(Concatenate(1), kind(4, batched=False)) == "E0427"
