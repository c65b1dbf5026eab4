"""Normalization adapted to data as Keras adapts, and the encodings that take more than one input."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import nndsl
from nndsl.layers.base import LayerError, TensorType
from nndsl.weights import load
from tests.layers.oracle import Case, Free, close, emitted, keras, made, types, variables

AXES = (-1, 1, 2, (1, 3), (-1, 1), (1, 2, 3), None)
SHAPE = (5, 4, 3)


def data(count: int = 40) -> Tensor:
    """Return images with other means and deviations in each place."""
    generator = torch.Generator().manual_seed(1)
    scale = 0.5 + torch.arange(60.0).view(SHAPE) / 60
    return scale + torch.randn(count, *SHAPE, generator=generator) * scale.flip(0)


def built(**arguments: Any) -> tuple[nn.Module, keras.layers.Layer]:
    """Return the module of a Normalization, and Keras's layer."""
    case = Case("Normalization", arguments, (SHAPE,))
    return emitted(made(case), types(case)), keras.layers.Normalization(**arguments)


@pytest.mark.parametrize("invert", [False, True])
@pytest.mark.parametrize("axis", AXES, ids=str)
def test_adapted(axis: Any, invert: bool) -> None:
    module, layer = built(axis=axis, invert=invert)
    x = data()
    module.layer.adapt(x)
    layer.adapt(x.numpy())
    close(module(x), layer(x))
    close(module.layer.mean, layer.adapt_mean.value)
    close(module.layer.variance, layer.adapt_variance.value)
    assert module.layer.count == x.numel() // module.layer.mean.numel()


@pytest.mark.parametrize(
    "batches",
    [
        lambda x: x.split(7),
        lambda x: iter(x.split(40)),
        lambda x: [[part] for part in x.split(13)],
        lambda x: ((part, torch.zeros(len(part))) for part in x.split(1)),
    ],
)
@pytest.mark.parametrize("axis", AXES, ids=str)
def test_adapted_to_batches(axis: Any, batches: Callable[[Tensor], Iterable[Any]]) -> None:
    (one, layer), (many, _) = built(axis=axis), built(axis=axis)
    one.layer.adapt(data())
    many.layer.adapt(batches(data()))
    layer.adapt(data().numpy())
    for name in ("mean", "variance", "count"):
        close(many.layer.get_buffer(name).double(), one.layer.get_buffer(name).double())
    close(many(data()), layer(data()))


def test_adapting_again_starts_anew() -> None:
    module, _ = built()
    module.layer.adapt(torch.full((3, *SHAPE), 7.0))
    module.layer.adapt(data())
    other, _ = built()
    other.layer.adapt(data())
    close(module.layer.mean, other.layer.mean)
    assert module.layer.count == other.layer.count


def test_data_that_do_not_fit() -> None:
    module, _ = built()
    with pytest.raises(ValueError, match="no data"):
        module.layer.adapt([])
    with pytest.raises(ValueError, match=r"\(2, 5, 4, 6\) does not fit"):
        module.layer.adapt(torch.zeros(2, 5, 4, 6))


def test_weights_of_keras() -> None:
    module, layer = built(axis=(1, 3))
    layer.adapt(data().numpy())
    case = Case("Normalization", {"axis": (1, 3)}, (SHAPE,))
    weights = made(case).weights(*types(case))
    assert [weight.variable for weight in weights] == [variable.name for variable in layer.variables]
    assert [weight.shape for weight in weights] == [tuple(variable.shape) for variable in layer.variables]
    load(module.layer, weights, variables(layer))
    close(module(data()), layer(data()))
    assert list(module.state_dict()) == ["layer.mean", "layer.variance", "layer.count"]


def test_counted_as_in_keras() -> None:
    compiled = nndsl.compile("model M {\n  input (6)\n\n  Normalization()\n  Dense(2)\n}\n")
    model = keras.Sequential([keras.Input((6,)), keras.layers.Normalization(), keras.layers.Dense(2)])
    assert f"{model.count_params()} parameters, 14 trainable" in str(compiled.summary())
    assert sum(value.numel() for value in compiled.module().state_dict().values()) == model.count_params()


def test_given_numbers_are_no_weights_and_survive() -> None:
    text = "model M {\n  input (2)\n\n  Normalization(mean=[1.0, 2.0], variance=[4.0, 9.0])\n}\n"
    module = nndsl.compile(text).module()
    x = torch.tensor([[3.0, 8.0]])
    assert not module.state_dict()
    close(module(x), torch.tensor([[1.0, 2.0]]))
    module.reset_parameters()
    close(module(x), torch.tensor([[1.0, 2.0]]))
    assert module.double()(x.double()).dtype == torch.float64


def test_given_numbers_are_written_as_short_as_float32_holds_them() -> None:
    lines = "Normalization(mean=[0.485, 0.456], variance=[0.052441, 0.050176])"
    source = nndsl.compile(f"model M {{\n  input (2)\n\n  {lines}\n}}\n").source
    assert "FixedNormalization([0.485, 0.456], [0.229, 0.224])" in source


@pytest.mark.parametrize("policy", ["bfloat16", "float16", "mixed_bfloat16", "mixed_float16", "float64"])
@pytest.mark.parametrize("arguments", ["", "mean=[1.0, 2.0], variance=[4.0, 9.0]"])
def test_policies(policy: str, arguments: str) -> None:
    written = ", ".join(filter(None, (arguments, f'dtype="{policy}"')))
    module = nndsl.compile(f"model M {{\n  input (2)\n\n  Normalization({written})\n}}\n").module()
    layer = module.normalization
    if not arguments:
        layer.adapt(torch.tensor([[-1.0, -1.0], [3.0, 5.0]]))
    found = module(torch.tensor([[3.0, 8.0]]))
    dtype = policy.removeprefix("mixed_")
    assert str(found.dtype) == f"torch.{dtype}"
    assert str(layer.mean.dtype) == ("torch.float32" if policy.startswith("mixed") else f"torch.{dtype}")
    close(found.float(), torch.tensor([[1.0, 2.0]]))


def test_free_sizes() -> None:
    module = nndsl.compile("model M {\n  input (H, W, 3)\n\n  Normalization()\n}\n").module()
    module.normalization.adapt([torch.rand(2, 5, 6, 3), torch.rand(2, 7, 3, 3)])
    assert module(torch.rand(1, 4, 4, 3)).shape == (1, 4, 4, 3)
    with pytest.raises(nndsl.NNDSLError, match="fixed size along axis 1"):
        nndsl.compile("model M {\n  input (H, W, 3)\n\n  Normalization(axis=1)\n}\n")
    for lines in ("Normalization(mean=1.0, variance=2.0, axis=1)", 'Discretization([0.5], output_mode="one_hot")'):
        free = nndsl.compile(f"model M {{\n  input (T, 4)\n\n  {lines}\n}}\n").module()
        assert free(torch.rand(2, 7, 4)).shape[:3] == (2, 7, 4)


def test_count_weights() -> None:
    text = """
model M {
  input tokens: int64(T)
  input weights: (T)
  output CategoryEncoding(6, output_mode="count")(tokens, count_weights=weights)
}
"""
    module = nndsl.compile(text).module()
    generator = torch.Generator().manual_seed(2)
    tokens = torch.randint(0, 6, (5, 9), generator=generator)
    weights, others = (torch.linspace(-1, 2, 45).view(5, 9).requires_grad_() for _ in range(2))
    layer = keras.layers.CategoryEncoding(6, output_mode="count")
    mine, other = module(tokens, weights), layer(tokens, count_weights=others)
    close(mine, other)
    slope = torch.randn(mine.shape, generator=generator)
    mine.backward(slope)
    other.backward(slope)
    close(weights.grad, others.grad)


def test_bins_of_boundaries_and_what_is_no_number() -> None:
    bounds = [-1.0, 0.0, 0.0, 2.5]
    x = torch.tensor([[-float("inf"), -1.0, -0.0, 0.0, 2.4999998, 2.5, float("inf"), float("nan")]])
    case = Case("Discretization", {"bin_boundaries": bounds}, ((8,),))
    found = emitted(made(case), types(case))(x)
    assert found.dtype == torch.int32
    assert found[0, :-1].tolist() == np.digitize(x[0, :-1].numpy(), bounds).tolist()
    assert torch.equal(found, keras.layers.Discretization(bounds)(x))


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "float64", "bfloat16"])
@pytest.mark.parametrize("mode", ["int", "one_hot", "multi_hot", "count"])
def test_bins_of_other_dtypes(mode: str, dtype: str) -> None:
    case = Case("Discretization", {"bin_boundaries": [0.5, 1.0, 3.0], "output_mode": mode}, ((6,),), dtype)
    text = f'model M {{\n  input x: {dtype}(6)\n\n  x -> Discretization([0.5, 1.0, 3.0], output_mode="{mode}")\n}}\n'
    x = torch.tensor([[0, 1, 2, 3, 4, 1]]).to(getattr(torch, dtype))
    assert torch.equal(nndsl.compile(text).module()(x), emitted(made(case), types(case))(x))
    close(nndsl.compile(text).module()(x), keras.layers.Discretization([0.5, 1.0, 3.0], output_mode=mode)(x.float()))


@pytest.mark.parametrize("mode", ["one_hot", "multi_hot", "count"])
def test_encodings_have_the_dtype_of_the_policy(mode: str) -> None:
    for lines in (f'CategoryEncoding(5, output_mode="{mode}", dtype="bfloat16")',):
        text = f"model M {{\n  input x: int64(6)\n\n  x -> {lines}\n}}\n"
        found = nndsl.compile(text).module()(torch.tensor([[0, 1, 2, 3, 4, 1]]))
        assert found.dtype == torch.bfloat16
        close(found.float(), keras.layers.CategoryEncoding(5, output_mode=mode)(torch.tensor([[0, 1, 2, 3, 4, 1]])))


def test_tokens_out_of_range_are_an_error() -> None:
    for mode in ("one_hot", "multi_hot", "count"):
        case = Case("CategoryEncoding", {"num_tokens": 4, "output_mode": mode}, ((3,),), "int64")
        with pytest.raises(RuntimeError):
            emitted(made(case), types(case))(torch.tensor([[0, 4, 1]]))


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("E0405", Case("CategoryEncoding", {"num_tokens": 4}, ((3,),))),
        ("E0401", Case("CategoryEncoding", {"num_tokens": 4}, ((3, 2),), "int64")),
        ("E0401", Case("CategoryEncoding", {"num_tokens": 4}, ((),), "int64")),
        ("E0401", Case("Discretization", {"bin_boundaries": [1.0], "output_mode": "count"}, ((),))),
        ("E0403", Case("Normalization", {"mean": [1.0, 2.0], "variance": [1.0, 2.0]}, ((3,),))),
        ("E0403", Case("Normalization", {"mean": [1.0, 2.0], "variance": [1.0, 2.0], "axis": 1}, ((3, 2),))),
        ("E0407", Case("Normalization", {"axis": 0}, ((3,),))),
        ("E0407", Case("Normalization", {"axis": 3}, ((3,),))),
        ("E0407", Case("Normalization", {"axis": (1, -1)}, ((3,),))),
        ("E0401", Case("RandomFlip", {}, ((8, 8),))),
        ("E0401", Case("RandomCrop", {"height": 2, "width": 2}, ((8, 8),))),
        ("E0405", Case("RandomFlip", {}, ((8, 8, 3),), "bool")),
        ("E0405", Case("GaussianNoise", {"stddev": 0.1}, ((8,),), "int32")),
        ("E0403", Case("AlphaDropout", {"rate": 0.1, "noise_shape": (None, 3)}, ((8,),))),
    ],
    ids=str,
)
def test_inputs_are_refused(code: str, case: Case) -> None:
    with pytest.raises(LayerError) as caught:
        made(case).infer(Free(), *types(case))
    assert caught.value.code == code


@pytest.mark.parametrize("weights", [TensorType((3, 7)), TensorType((3, 6), "int64"), TensorType((3, 6, 1))])
def test_count_weights_are_refused(weights: TensorType) -> None:
    case = Case("CategoryEncoding", {"num_tokens": 4, "output_mode": "count"}, ((6,),), "int64")
    with pytest.raises(LayerError, match="count_weights"):
        made(case).infer(Free(), *types(case), count_weights=weights)
    other = Case("CategoryEncoding", {"num_tokens": 4}, ((6,),), "int64")
    with pytest.raises(LayerError, match="count_weights"):
        made(other).infer(Free(), *types(other), count_weights=TensorType((3, 6)))


@pytest.mark.parametrize(
    ("code", "name", "arguments"),
    [
        ("E0301", "Discretization", {}),
        ("E0307", "Discretization", {"num_bins": 4}),
        ("E0307", "Discretization", {"bin_boundaries": [1.0], "output_mode": "count", "sparse": True}),
        ("E0301", "CategoryEncoding", {}),
        ("E0307", "CategoryEncoding", {"num_tokens": 4, "sparse": True}),
    ],
)
def test_what_is_missing_or_not_there(code: str, name: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(LayerError) as caught:
        made(Case(name, arguments, ((6,),)))
    assert caught.value.code == code
    assert caught.value.help
