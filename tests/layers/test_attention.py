"""The layers of attention against Keras."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import torch

from nndsl.dims import symbol
from nndsl.layers.attention import AdditiveAttention, Attention, MultiHeadAttention
from nndsl.layers.base import Layer, TensorType
from nndsl.module import build
from tests.layers.sequences import compare, kind_of, outputs_of, random, refusal, source

QUERY, VALUE, KEY = (3, 5, 6), (3, 7, 4), (3, 7, 2)
ARGUMENTS: tuple[dict[str, Any], ...] = (
    {},
    {"use_bias": False},
    {"value_dim": 5},
    {"output_shape": 7},
    {"output_shape": (2, 3), "use_bias": False},
    {"sliding_window": 2},
    {"use_gate": True},
    {"use_gate": True, "value_dim": 3, "use_bias": False},
    {"dropout": 0.5},
    {"flash_attention": False},
)
KEYWORDS: tuple[dict[str, Any], ...] = ({}, {"use_causal_mask": True}, {"return_attention_scores": True})


def mask(*shape: int) -> np.ndarray:
    """Return a random mask that leaves something of each row."""
    found = np.random.default_rng(2).random(shape) < 0.6
    found[..., 0] = True
    return found


def pair(arguments: dict[str, Any]) -> tuple[MultiHeadAttention, keras.layers.Layer]:
    """Return the layer, and Keras's."""
    read = {
        name: (value,) if name == "output_shape" and isinstance(value, int) else value
        for name, value in arguments.items()
    }
    return MultiHeadAttention(num_heads=2, key_dim=3, **read), keras.layers.MultiHeadAttention(2, 3, **arguments)


@pytest.mark.parametrize("arguments", ARGUMENTS)
@pytest.mark.parametrize("keywords", KEYWORDS)
@pytest.mark.parametrize("shapes", [(QUERY, QUERY), (QUERY, VALUE), (QUERY, VALUE, KEY)])
def test_heads(arguments: dict[str, Any], keywords: dict[str, Any], shapes: tuple[tuple[int, ...], ...]) -> None:
    compare(*pair(arguments), random(*shapes), keywords)


@pytest.mark.parametrize("arguments", [{}, {"dropout": 0.5}, {"sliding_window": 3}])
@pytest.mark.parametrize("shape", [(3, 5, 7), (3, 1, 7), (3, 2, 5, 7), (3, 1, 5, 7), (3, 2, 1, 7)])
@pytest.mark.parametrize("keywords", KEYWORDS)
def test_mask(arguments: dict[str, Any], shape: tuple[int, ...], keywords: dict[str, Any]) -> None:
    given = {"attention_mask": mask(*shape), **keywords}
    compare(*pair(arguments), random(QUERY, VALUE), given)


@pytest.mark.parametrize("arguments", [{}, {"dropout": 0.5}])
@pytest.mark.parametrize("keywords", [{}, {"return_attention_scores": True}])
def test_rows_without_anything_to_attend_to(arguments: dict[str, Any], keywords: dict[str, Any]) -> None:
    """The mean of the values, or with dropout or scores zeros, as Keras has it."""
    found = mask(3, 5, 7)
    found[:, 2] = False
    compare(*pair(arguments), random(QUERY, VALUE), {"attention_mask": found, **keywords})


def test_mask_of_numbers() -> None:
    given = {"attention_mask": mask(3, 5, 7).astype("int32")}
    compare(*pair({}), random(QUERY, VALUE), given)


@pytest.mark.parametrize("axes", [None, 1, 2, (1, 2), -2, (-3,)])
def test_axes(axes: int | tuple[int, ...] | None) -> None:
    compare(*pair({"attention_axes": axes}), random((2, 3, 4, 6), (2, 3, 4, 5)))


def test_axes_of_other_sizes() -> None:
    compare(*pair({"attention_axes": (1, 2)}), random((2, 3, 4, 6), (2, 5, 2, 6)))
    compare(*pair({"attention_axes": 2}), random((2, 3, 4, 6), (2, 3, 7, 6)))


@pytest.mark.parametrize("arguments", [{}, {"use_scale": True}, {"score_mode": "concat"}])
@pytest.mark.parametrize("keywords", KEYWORDS)
@pytest.mark.parametrize("shapes", [(QUERY, QUERY), (QUERY, (3, 7, 6)), (QUERY, VALUE, (3, 7, 6))])
def test_attention(arguments: dict[str, Any], keywords: dict[str, Any], shapes: tuple[tuple[int, ...], ...]) -> None:
    compare(Attention(**arguments), keras.layers.Attention(**arguments), random(*shapes), keywords)


@pytest.mark.parametrize("use_scale", [True, False])
@pytest.mark.parametrize("keywords", KEYWORDS)
def test_additive_attention(use_scale: bool, keywords: dict[str, Any]) -> None:
    twin = keras.layers.AdditiveAttention(use_scale=use_scale)
    compare(AdditiveAttention(use_scale=use_scale), twin, random(QUERY, VALUE, (3, 7, 6)), keywords)


@pytest.mark.parametrize(
    "layer",
    [MultiHeadAttention(num_heads=2, key_dim=3, dropout=0.5), Attention(dropout=0.5), AdditiveAttention(dropout=0.5)],
)
@pytest.mark.parametrize("keywords", KEYWORDS)
def test_dropout(layer: Layer, keywords: dict[str, Any]) -> None:
    """Training drops scores and keeps their mean; afterwards nothing is dropped."""
    torch.manual_seed(1)
    x = torch.randn(4, 30, 6) / 3
    module = build(*source(layer, [kind_of(x.numpy())] * 2, keywords), seed=1)

    def first(*given: torch.Tensor) -> torch.Tensor:
        found = module(*given)
        return found if isinstance(found, torch.Tensor) else found[0]

    assert not torch.equal(first(x, x), first(x, x))
    mean = torch.stack([first(x, x) for _ in range(500)]).mean(0)
    torch.testing.assert_close(mean, module.eval() and first(x, x), rtol=0, atol=0.15)
    assert torch.equal(first(x, x), first(x, x))


def test_leaves_and_initial_weights() -> None:
    """Fans are counted over heads and sizes together."""
    layer = MultiHeadAttention(num_heads=4, key_dim=25)
    module = build(*source(layer, [kind_of(*random((2, 3, 50)))] * 2), seed=1).layer
    assert list(module.state_dict()) == [
        f"{part}.{leaf}" for part in ("query", "key", "value", "output") for leaf in ("weight", "bias")
    ]
    limit = (6 / 150) ** 0.5
    for part in (module.query, module.key, module.value, module.output):
        assert limit * 0.98 < part.weight.abs().max() <= limit
        assert not part.bias.any()


def test_free_sizes() -> None:
    query = TensorType((symbol("N"), symbol("T"), 6))
    value = TensorType((symbol("N"), symbol("S"), 6))
    layer = MultiHeadAttention(num_heads=2, key_dim=3)
    keywords = {"use_causal_mask": True, "return_attention_scores": True}
    module = build(*source(layer, [query, value], keywords))
    output, scores = module(torch.ones(2, 5, 6), torch.ones(2, 4, 6))
    assert output.shape == (2, 5, 6)
    assert scores.shape == (2, 2, 5, 4)
    assert str(outputs_of(layer, [query, value], keywords)[1].shape) == "(N, 2, T, S)"


def free_image(*sizes: Any) -> TensorType:
    return TensorType((symbol("N"), *sizes))


def test_free_axes() -> None:
    layer = MultiHeadAttention(num_heads=2, key_dim=3)
    module = build(*source(layer, [free_image(symbol("H"), symbol("W"), 6)] * 2))
    x = torch.randn(2, 3, 4, 6)
    flat = build(*source(layer, [free_image(12, 6)] * 2))
    flat.load_state_dict(module.state_dict())
    torch.testing.assert_close(module(x, x), flat(x.flatten(1, 2), x.flatten(1, 2)).unflatten(1, (3, 4)))


HEADS = MultiHeadAttention(num_heads=2, key_dim=3)


@pytest.mark.parametrize(
    ("layer", "shapes", "keywords", "code", "message"),
    [
        (HEADS, ((3, 6), (3, 6)), {}, "E0401", "the query"),
        (HEADS, (QUERY, (3, 7, 5, 4)), {}, "E0401", "the value"),
        (HEADS, (QUERY, VALUE, (3, 8, 2)), {}, "E0411", "a key for each value"),
        (HEADS, (QUERY, VALUE), {"attention_mask": (3, 5, 6)}, "E0411", "must be (N, 5, 7), and it is (N, 5, 6)"),
        (HEADS, (QUERY, VALUE), {"attention_mask": (3, 5)}, "E0411", "must be (N, 5, 7)"),
        (HEADS, (QUERY, VALUE), {"attention_mask": (3, 3, 5, 7)}, "E0411", "must be (N, 5, 7)"),
        (HEADS, ((2, 3, 4, 6),) * 2, {"use_causal_mask": True}, "E0307", "`use_causal_mask`"),
        (HEADS, ((2, 3, 4, 6),) * 2, {"return_attention_scores": True}, "E0307", "`return_attention_scores`"),
        (MultiHeadAttention(num_heads=2, key_dim=3, attention_axes=0), (QUERY, VALUE), {}, "E0407", "the batch"),
        (MultiHeadAttention(num_heads=2, key_dim=3, attention_axes=2), (QUERY, VALUE), {}, "E0407", "between"),
        (
            MultiHeadAttention(num_heads=2, key_dim=3, attention_axes=2),
            ((2, 3, 4, 6), (2, 5, 4, 6)),
            {},
            "E0411",
            "does not attend to axis 1",
        ),
        (Attention(), (QUERY, VALUE), {}, "E0411", "compares query and key, which have 6 and 4 features"),
    ],
)
def test_refusals(
    layer: Layer, shapes: tuple[tuple[int, ...], ...], keywords: dict[str, Any], code: str, message: str
) -> None:
    given = {
        name: kind_of(np.zeros(value, "bool")) if isinstance(value, tuple) else value
        for name, value in keywords.items()
    }
    error = refusal(layer, [kind_of(each) for each in random(*shapes)], given)
    assert error.code == code
    assert message in error.message
