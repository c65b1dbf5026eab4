"""The layers that use masks, against Keras: recurrent ones, attention, means, batch normalization."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import torch

import nndsl
from tests.layers.masked import FILLED, OTHERS, TOKENS, compare, embedded, embedding, mask_of, written

RECURRENT = ("LSTM", "GRU", "SimpleRNN")
ARGUMENTS: tuple[dict[str, Any], ...] = (
    {},
    {"return_sequences": True},
    {"return_state": True},
    {"return_sequences": True, "return_state": True, "go_backwards": True},
    {"go_backwards": True, "use_bias": False},
    {"activation": "elu", "return_sequences": True, "return_state": True},
    {"activation": "elu", "go_backwards": True},
)


@pytest.mark.parametrize("name", RECURRENT)
@pytest.mark.parametrize("arguments", ARGUMENTS, ids=str)
def test_recurrent(name: str, arguments: dict[str, Any]) -> None:
    table, layer = embedding(), getattr(keras.layers, name)(4, **arguments)
    states = arguments.get("return_state", False) * (2 if name == "LSTM" else 1)
    targets = ", ".join(["y", "h", "c"][: 1 + states])
    text = embedded(f"{targets} = {written(name, {'units': 4, **arguments, 'name': 'layer'})}(x)", f"output {targets}")
    compare(text, {"embedding": table, "layer": layer}, lambda tokens: layer(table(tokens)), TOKENS)


@pytest.mark.parametrize("name", RECURRENT)
@pytest.mark.parametrize("arguments", [*ARGUMENTS[:4], ARGUMENTS[5]], ids=str)
def test_initial_state(name: str, arguments: dict[str, Any]) -> None:
    """Keras hands a layer with an initial state no mask by itself, but takes it where it is asked to."""
    table, layer = embedding(), getattr(keras.layers, name)(4, **arguments)
    count = 2 if name == "LSTM" else 1
    targets = ", ".join(["y", "h", "c"][: 1 + arguments.get("return_state", False) * count])
    given = ["first", "second"][:count]
    call = written(name, {"units": 4, **arguments, "name": "layer"})
    text = embedded(
        f"{targets} = {call}(x, initial_state=[{', '.join(given)}])",
        f"output {targets}",
        inputs="; ".join(["tokens: int64(6)", *(f"{each}: (4)" for each in given)]),
    )

    def expected(tokens: Any, *states: Any) -> Any:
        x = table(tokens)
        return layer(x, initial_state=list(states), mask=mask_of(x))

    states = np.random.default_rng(1).normal(size=(count, len(TOKENS), 4)).astype("float32")
    compare(text, {"embedding": table, "layer": layer}, expected, TOKENS, *states)


@pytest.mark.parametrize("name", RECURRENT)
@pytest.mark.parametrize("merge_mode", ["concat", "sum", "ave", None])
@pytest.mark.parametrize(("sequences", "state"), [(False, False), (True, False), (False, True), (True, True)])
@pytest.mark.parametrize("activation", ["tanh", "elu"])
def test_bidirectional(name: str, merge_mode: str | None, sequences: bool, state: bool, activation: str) -> None:
    arguments = {"return_sequences": sequences, "return_state": state, "activation": activation}
    table = embedding()
    layer = keras.layers.Bidirectional(getattr(keras.layers, name)(4, **arguments), merge_mode=merge_mode)
    count = (1 if merge_mode else 2) + state * (4 if name == "LSTM" else 2)
    targets = ", ".join("abcdef"[:count])
    inner = written(name, {"units": 4, **arguments})
    mode = f'"{merge_mode}"' if merge_mode else "none"
    text = embedded(f'{targets} = Bidirectional({inner}, {mode}, name="layer")(x)', f"output {targets}")
    compare(text, {"embedding": table, "layer": layer}, lambda tokens: layer(table(tokens)), TOKENS)


def test_bidirectional_initial_state() -> None:
    table, layer = embedding(), keras.layers.Bidirectional(keras.layers.GRU(4))
    text = embedded(
        'output Bidirectional(GRU(4), name="layer")(x, initial_state=[h, b])',
        inputs="tokens: int64(6); h: (4); b: (4)",
    )

    def expected(tokens: Any, *states: Any) -> Any:
        x = table(tokens)
        return layer(x, initial_state=list(states), mask=mask_of(x))

    states = np.random.default_rng(1).normal(size=(2, len(TOKENS), 4)).astype("float32")
    compare(text, {"embedding": table, "layer": layer}, expected, TOKENS, *states)


@pytest.mark.parametrize("keepdims", [False, True])
def test_pooling(keepdims: bool) -> None:
    """The mean of no steps is not a number, as in Keras."""
    table, layer = embedding(), keras.layers.GlobalAveragePooling1D(keepdims=keepdims)
    text = embedded(f"SpatialDropout1D(0.5)(x) -> {written('GlobalAveragePooling1D', {'keepdims': keepdims})}")
    for tokens, gradients in ((FILLED, True), (TOKENS, False)):
        compare(text, {"embedding": table}, lambda tokens: layer(table(tokens)), tokens, gradients=gradients)


@pytest.mark.parametrize("training", [False, True])
def test_batch_normalization(training: bool) -> None:
    table, layer = embedding(), keras.layers.BatchNormalization(momentum=0.9)
    text = embedded('x -> BatchNormalization(momentum=0.9, name="layer")')

    def expected(tokens: Any) -> Any:
        y = layer(table(tokens), training=training and len(calls) > 0)
        calls.append(0)
        return y

    calls: list[int] = []
    compare(text, {"embedding": table, "layer": layer}, expected, TOKENS, training=training)


def test_batch_normalization_of_each_step() -> None:
    table, inner = embedding(), keras.layers.BatchNormalization(momentum=0.9)
    layer = keras.layers.TimeDistributed(inner)
    text = embedded('x -> TimeDistributed(BatchNormalization(momentum=0.9), name="layer")')

    def expected(tokens: Any) -> Any:
        y = layer(table(tokens), training=len(calls) > 0)
        calls.append(0)
        return y

    calls: list[int] = []
    compare(text, {"embedding": table, "layer": layer}, expected, TOKENS, training=True)


@pytest.mark.parametrize(
    ("arguments", "keywords"),
    [
        ({}, {}),
        ({"dropout": 0.3}, {}),
        ({}, {"use_causal_mask": True}),
        ({}, {"return_attention_scores": True}),
        ({"sliding_window": 2}, {}),
        ({"use_gate": True, "value_dim": 2}, {}),
    ],
    ids=str,
)
@pytest.mark.parametrize("inputs", ["x, x", "x, y", "y, x", "p, x", "x, p", "x, y, p", "x, p, y"])
def test_multi_head_attention(arguments: dict[str, Any], keywords: dict[str, Any], inputs: str) -> None:
    table, other, plain = embedding(), embedding(), keras.layers.Embedding(8, 5)
    layer = keras.layers.MultiHeadAttention(2, 3, **arguments)
    given = {"num_heads": 2, "key_dim": 3, **arguments, "name": "layer"}
    flags = "".join(f", {name}=true" for name in keywords)
    targets = "a, s" if "return_attention_scores" in keywords else "a"
    text = embedded(
        *(['y = Embedding(8, 5, mask_zero=true, name="other")(others)'] if "y" in inputs else []),
        *(['p = Embedding(8, 5, name="plain")(others)'] if "p" in inputs else []),
        f"{targets} = {written('MultiHeadAttention', given)}({inputs}{flags})",
        f"output {targets}",
        inputs="tokens: int64(6)" + ("; others: int64(6)" if len(set(inputs.split(", "))) > 1 else ""),
    )

    def expected(tokens: Any, others: Any = None) -> Any:
        made = {"x": table(tokens)}
        if others is not None:
            made |= {"y": other(others), "p": plain(others)}
        return layer(*(made[each] for each in inputs.split(", ")), **keywords)

    twins = {"embedding": table, "layer": layer}
    twins |= {"other": other} if "y" in inputs else {}
    twins |= {"plain": plain} if "p" in inputs else {}
    compiled = compare(text, twins, expected, *([TOKENS, OTHERS] if "others" in text else [TOKENS]))
    assert compiled.diagnostics == ()


@pytest.mark.parametrize("shape", ["(6, 6)", "(2, 6, 6)"])
def test_attention_mask_besides(shape: str) -> None:
    """With heads, Keras broadcasts the mask of the steps to the heads as if they were samples."""
    table, layer = embedding(), keras.layers.MultiHeadAttention(2, 3)
    text = embedded(
        'output MultiHeadAttention(2, 3, name="layer")(x, x, attention_mask=m)',
        inputs=f"tokens: int64(6); m: bool{shape}",
    )
    mask = np.random.default_rng(2).integers(0, 2, size=(len(TOKENS), *map(int, shape[1:-1].split(",")))) == 1

    def expected(tokens: Any, mask: Any) -> Any:
        x = table(tokens)
        valid = mask_of(x)
        x._keras_mask = None
        both = valid[:, None] & valid[:, :, None]
        return layer(x, x, attention_mask=mask & (both[:, None] if mask.dim() == 4 else both))

    compare(text, {"embedding": table, "layer": layer}, expected, TOKENS, mask)


@pytest.mark.parametrize("name", ["Attention", "AdditiveAttention"])
@pytest.mark.parametrize("arguments", [{}, {"use_scale": True}, {"score_mode": "concat"}, {"dropout": 0.2}], ids=str)
@pytest.mark.parametrize("keywords", [{}, {"use_causal_mask": True}, {"return_attention_scores": True}], ids=str)
@pytest.mark.parametrize("inputs", ["x, x", "x, y", "p, x", "x, p", "p, y, x"])
def test_attention(name: str, arguments: dict[str, Any], keywords: dict[str, Any], inputs: str) -> None:
    if name == "AdditiveAttention" and "score_mode" in arguments:
        return
    table, other, plain = embedding(), embedding(), keras.layers.Embedding(8, 5)
    layer = getattr(keras.layers, name)(**arguments)
    flags = "".join(f", {each}=true" for each in keywords)
    targets = "a, s" if "return_attention_scores" in keywords else "a"
    text = embedded(
        'y = Embedding(8, 5, mask_zero=true, name="other")(others)',
        'p = Embedding(8, 5, name="plain")(others)',
        f"{targets} = {written(name, {**arguments, 'name': 'layer'})}([{inputs}]{flags})",
        f"output {targets}, x, y, p",
        inputs="tokens: int64(6); others: int64(6)",
    )

    def expected(tokens: Any, others: Any) -> Any:
        made = {"x": table(tokens), "y": other(others), "p": plain(others)}
        result = layer([made[each] for each in inputs.split(", ")], **keywords)
        return [*(result if isinstance(result, tuple) else [result]), *made.values()]

    twins = {"embedding": table, "other": other, "plain": plain, "layer": layer}
    compare(text, twins, expected, TOKENS, OTHERS)


def test_softmax_over_steps() -> None:
    """Keras refuses it: its mask does not broadcast. What is masked has no part in it."""
    text = embedded("Softmax(axis=1)(x)")
    module = nndsl.compile(text).module(seed=1)
    found = module(torch.tensor(FILLED))
    x, mask = module.embedding(torch.tensor(FILLED)), torch.tensor(FILLED != 0)[..., None]
    torch.testing.assert_close(found, x.masked_fill(~mask, -torch.inf).softmax(1))
    assert "mask" not in nndsl.compile(embedded("Flatten()(Softmax()(x))")).source
