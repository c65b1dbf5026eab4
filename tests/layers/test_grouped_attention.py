"""GroupQueryAttention against Keras, and the masks that are given to layers of several heads."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import torch

import nndsl
from nndsl.layers.attention import MultiHeadAttention
from nndsl.layers.base import Layer, LayerError, TensorType
from nndsl.layers.grouped_attention import GroupQueryAttention
from nndsl.module import build
from tests.layers import masked
from tests.layers.masked import FILLED, OTHERS, TOKENS, embedded, embedding
from tests.layers.sequences import compare, kind_of, outputs_of, random, refusal, source

pytestmark = pytest.mark.filterwarnings(r"ignore:Layer '\w+' \(of type EinsumDense\)")
"""Keras's own sublayers complain of the masks that the layer has used."""
QUERY, VALUE, KEY = (3, 5, 6), (3, 7, 6), (3, 7, 2)
ARGUMENTS: tuple[dict[str, Any], ...] = (
    {},
    {"num_key_value_heads": 4},
    {"num_key_value_heads": 1, "use_bias": False},
    {"sliding_window": 2},
    {"use_gate": True},
    {"use_gate": True, "use_bias": False, "sliding_window": 3},
    {"dropout": 0.5},
    {"flash_attention": False},
)
KEYWORDS: tuple[dict[str, Any], ...] = ({}, {"use_causal_mask": True}, {"return_attention_scores": True})


def bools(*shape: int, seed: int = 2) -> np.ndarray:
    """Return a random mask that leaves something of each row."""
    found = np.random.default_rng(seed).random(shape) < 0.6
    found[..., 0] = True
    return found


def pair(arguments: dict[str, Any]) -> tuple[GroupQueryAttention, keras.layers.Layer]:
    """Return the layer, and Keras's."""
    given = {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2, **arguments}
    return GroupQueryAttention(**given), keras.layers.GroupQueryAttention(**given)


@pytest.mark.parametrize("arguments", ARGUMENTS)
@pytest.mark.parametrize("keywords", KEYWORDS)
@pytest.mark.parametrize("shapes", [(QUERY, QUERY), (QUERY, VALUE), (QUERY, VALUE, KEY), (QUERY, (3, 7, 4))])
def test_values(arguments: dict[str, Any], keywords: dict[str, Any], shapes: tuple[tuple[int, ...], ...]) -> None:
    compare(*pair(arguments), random(*shapes), keywords)


@pytest.mark.parametrize("arguments", [{}, {"use_gate": True}, {"sliding_window": 3, "use_bias": False}])
def test_training(arguments: dict[str, Any]) -> None:
    compare(*pair(arguments), random(QUERY, VALUE), training=True)


@pytest.mark.parametrize("arguments", [{}, {"dropout": 0.5}, {"sliding_window": 3}])
@pytest.mark.parametrize("shape", [(3, 5, 7), (3, 1, 7), (3, 4, 5, 7), (3, 1, 5, 7)])
@pytest.mark.parametrize("keywords", KEYWORDS)
def test_attention_mask(arguments: dict[str, Any], shape: tuple[int, ...], keywords: dict[str, Any]) -> None:
    compare(*pair(arguments), random(QUERY, VALUE), {"attention_mask": bools(*shape), **keywords})


@pytest.mark.parametrize("arguments", [{}, {"dropout": 0.5}])
@pytest.mark.parametrize("keywords", [{}, {"return_attention_scores": True}])
def test_rows_without_anything_to_attend_to(arguments: dict[str, Any], keywords: dict[str, Any]) -> None:
    found = bools(3, 5, 7)
    found[:, 2] = False
    compare(*pair(arguments), random(QUERY, VALUE), {"attention_mask": found, **keywords})


GIVEN: tuple[dict[str, Any], ...] = (
    {"query_mask": bools(3, 5)},
    {"value_mask": bools(3, 7)},
    {"key_mask": bools(3, 7, seed=4), "value_mask": bools(3, 7)},
    {"query_mask": bools(3, 5), "value_mask": bools(3, 7), "use_causal_mask": True},
    {"value_mask": bools(3, 7), "attention_mask": bools(3, 5, 7), "return_attention_scores": True},
)


@pytest.mark.parametrize("keywords", GIVEN)
def test_masks_that_are_given(keywords: dict[str, Any]) -> None:
    compare(*pair({}), random(QUERY, VALUE), keywords)
    heads = MultiHeadAttention(num_heads=2, key_dim=3), keras.layers.MultiHeadAttention(2, 3)
    if "query_mask" not in keywords:  # which Keras's MultiHeadAttention does not look at
        compare(*heads, random(QUERY, VALUE), keywords)


GROUPED = "GroupQueryAttention(3, 4, 2)"
MULTIPLE = "MultiHeadAttention(4, 3)"


def twin_of(written: str) -> keras.layers.Layer:
    return keras.layers.GroupQueryAttention(3, 4, 2) if "Group" in written else keras.layers.MultiHeadAttention(4, 3)


@pytest.mark.parametrize("tokens", [FILLED, TOKENS], ids=["filled", "with an empty one"])
def test_masks_travel_to_it_and_past_it(tokens: np.ndarray) -> None:
    text = embedded(f"y = {GROUPED}(x, x, use_causal_mask=true)", "output y -> LSTM(3)")
    first, attention, last = embedding(), twin_of(GROUPED), keras.layers.LSTM(3)

    def expected(given: torch.Tensor) -> Any:
        x = first(given)
        return last(attention(x, x, use_causal_mask=True))

    twins = {"embedding": first, "y": attention, "lstm": last}
    masked.compare(text, twins, expected, tokens)


def test_masks_of_query_and_value() -> None:
    body = f"y, s = {GROUPED}(x, a, b, return_attention_scores=true)"
    text = embedded('a = Embedding(8, 5, mask_zero=true)(others)', "b = Masking()(a)", body, "output y, s",
                    inputs="tokens: int64(6); others: int64(6)")  # fmt: skip
    first, second, attention = embedding(), embedding(), twin_of(GROUPED)

    def expected(given: torch.Tensor, others: torch.Tensor) -> Any:
        value = second(others)
        return attention(first(given), value, keras.layers.Masking()(value), return_attention_scores=True)

    masked.compare(text, {"embedding": first, "a": second, "y": attention}, expected, TOKENS, OTHERS)


@pytest.mark.parametrize("written", [GROUPED, MULTIPLE])
def test_a_mask_that_is_given_takes_the_place_of_another(written: str) -> None:
    text = embedded(f"output y: {written}(x, x, value_mask=ops.not_equal(others, 0))",
                    inputs="tokens: int64(6); others: int64(6)")  # fmt: skip
    first, attention = embedding(), twin_of(written)

    def expected(given: torch.Tensor, others: torch.Tensor) -> Any:
        x = first(given)
        return attention(x, x, value_mask=others != 0)

    masked.compare(text, {"embedding": first, "y": attention}, expected, FILLED, OTHERS[:4])


def test_nobody_computes_a_mask_whose_place_is_taken() -> None:
    given = "mask = ops.not_equal(others, 0)"
    text = embedded(given, f"output y: {GROUPED}(x, x, query_mask=mask, value_mask=mask)[:, 0]",
                    inputs="tokens: int64(6); others: int64(6)")  # fmt: skip
    assert nndsl.compile(text).source.count("!= 0") == 1
    assert nndsl.compile(text.replace("query_mask=mask, ", "")).source.count("!= 0") == 2


def test_the_mask_of_the_query_of_several_heads_comes_along_alone() -> None:
    text = embedded(f"output y: {MULTIPLE}(x, x, query_mask=ops.not_equal(tokens, 0))")
    with pytest.raises(nndsl.NNDSLError, match="is not applied with `query_mask`"):
        nndsl.compile(text)


def test_dropout() -> None:
    torch.manual_seed(1)
    x = torch.randn(4, 30, 6) / 3
    layer = GroupQueryAttention(head_dim=3, num_query_heads=4, num_key_value_heads=2, dropout=0.5)
    module = build(*source(layer, [kind_of(x.numpy())] * 2), seed=1)
    assert not torch.equal(module(x, x), module(x, x))
    mean = torch.stack([module(x, x) for _ in range(500)]).mean(0)
    torch.testing.assert_close(mean, module.eval()(x, x), rtol=0, atol=0.15)


def test_leaves_and_initial_weights() -> None:
    layer = GroupQueryAttention(head_dim=25, num_query_heads=4, num_key_value_heads=2)
    module = build(*source(layer, [kind_of(*random((2, 3, 50)))] * 2), seed=1).layer
    assert list(module.state_dict()) == [
        f"{part}.{leaf}" for part in ("query", "key", "value", "output") for leaf in ("weight", "bias")
    ]
    for part, fan_in, fan_out in (("query", 50, 100), ("key", 50, 50), ("value", 50, 50), ("output", 100, 50)):
        limit = (6 / (fan_in + fan_out)) ** 0.5
        assert limit * 0.98 < getattr(module, part).weight.abs().max() <= limit
        assert not getattr(module, part).bias.any()


def test_free_sizes_and_export() -> None:
    call = f"{GROUPED}(x, b, use_causal_mask=true, return_attention_scores=true)"
    lines = ["input a: (T, 6)", "input b: (S, 6)", "x = a -> Dense(6)", f"y, s = {call}", "output y, s"]
    text = "\n".join(["model M {", *lines, "}", ""])
    compiled = nndsl.compile(text)
    module = compiled.module(seed=1).eval()
    assert [str(tensor.type.shape) for _, tensor in compiled.model.outputs] == ["(N, T, 6)", "(N, 4, T, S)"]
    a, b = torch.randn(2, 5, 6), torch.randn(2, 4, 6)
    assert [tuple(each.shape) for each in module(a, b)] == [(2, 5, 6), (2, 4, 5, 4)]
    one = nndsl.compile(text.replace(", return_attention_scores=true", "").replace("y, s", "y")).module(seed=1).eval()
    sizes = dict.fromkeys((0, 1), torch.export.Dim.AUTO)
    exported = torch.export.export(one, (a, b), dynamic_shapes=(sizes, sizes)).module()
    other = torch.randn(3, 8, 6), torch.randn(3, 9, 6)
    torch.testing.assert_close(exported(*other), one(*other))
    torch.testing.assert_close(one(a, b), module(a, b)[0])


@pytest.mark.parametrize("policy", ["float64", "bfloat16", "mixed_bfloat16"])
def test_policies(policy: str) -> None:
    arguments = f'3, 4, 2, dtype="{policy}"'
    text = f"model M {{\n  input x: (5, 6)\n  y, s = GroupQueryAttention({arguments})(x, x, return_attention_scores=true)\n  output y, s\n}}\n"  # noqa: E501
    wanted = policy.removeprefix("mixed_")
    for found in nndsl.compile(text).module(seed=1)(torch.randn(2, 5, 6)):
        assert str(found.dtype) == f"torch.{wanted}"


LAYER = GroupQueryAttention(head_dim=3, num_query_heads=4, num_key_value_heads=2)
FLASH = GroupQueryAttention(head_dim=3, num_query_heads=4, num_key_value_heads=2, flash_attention=True)


@pytest.mark.parametrize(
    ("layer", "shapes", "keywords", "code", "message"),
    [
        (LAYER, ((3, 6), (3, 6)), {}, "E0401", "the query"),
        (LAYER, ((3, 2, 5, 6),) * 2, {}, "E0401", "(N, steps, features)"),
        (LAYER, (QUERY, VALUE, (3, 8, 2)), {}, "E0411", "a key for each value"),
        (LAYER, (QUERY, VALUE), {"attention_mask": (3, 5, 6)}, "E0411", "must be (N, 5, 7), and it is (N, 5, 6)"),
        (LAYER, (QUERY, VALUE), {"attention_mask": (3, 2, 5, 7)}, "E0411", "must be (N, 5, 7)"),
        (LAYER, (QUERY, VALUE), {"query_mask": (3, 7)}, "E0411", "the `query_mask` must be (N, 5), and it is (N, 7)"),
        (LAYER, (QUERY, VALUE), {"key_mask": (3, 7, 1)}, "E0411", "the `key_mask` must be (N, 7)"),
        (FLASH, (QUERY, VALUE), {"return_attention_scores": True}, "E0305", "no scores"),
        (
            GroupQueryAttention(head_dim=3, num_query_heads=4, num_key_value_heads=3),
            (QUERY, VALUE),
            {},
            "E0305",
            "must be a multiple of `num_key_value_heads`, not 4 of 3",
        ),
        (
            GroupQueryAttention(
                head_dim=3, num_query_heads=4, num_key_value_heads=2, flash_attention=True, dropout=0.1
            ),
            (QUERY, VALUE),
            {},
            "E0305",
            "no dropout",
        ),
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


def test_a_mask_of_numbers_is_refused() -> None:
    kinds = [kind_of(each) for each in random(QUERY, VALUE)]
    error = refusal(LAYER, kinds, {"value_mask": kind_of(np.zeros((3, 7), "int32"))})
    assert (error.code, "`value_mask` must be bool" in error.message) == ("E0405", True)


def test_features_must_be_known() -> None:
    from nndsl.dims import symbol

    free = TensorType((symbol("N"), 5, symbol("C")))
    with pytest.raises(LayerError) as caught:
        outputs_of(LAYER, [free, free], {})
    assert caught.value.code == "E0426"
