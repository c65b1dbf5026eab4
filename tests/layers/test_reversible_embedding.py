"""ReversibleEmbedding in both directions, against Keras."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import torch

import nndsl
from nndsl.layers.base import POLICIES, TensorType
from nndsl.layers.embedding import ReversibleEmbedding
from nndsl.weights import load
from tests.language.checking import refused
from tests.layers import masked
from tests.layers.sequences import by_name, compare, kind_of, random, randomized, refusal

ARGUMENTS: tuple[dict[str, Any], ...] = (
    {},
    {"tie_weights": False},
    {"logit_soft_cap": 0.5},
    {"tie_weights": False, "logit_soft_cap": 3},
    {"reverse_dtype": "float32"},
    {"mask_zero": True},
)
TOKENS = np.array([[1, 2, 0, 6], [3, 0, 0, 5]])


@pytest.mark.parametrize("arguments", ARGUMENTS, ids=str)
@pytest.mark.parametrize("shape", [(3, 4), (3, 5, 4), (2, 3, 5, 4)])
def test_in_reverse(arguments: dict[str, Any], shape: tuple[int, ...]) -> None:
    layer, twin = ReversibleEmbedding(7, 4, **arguments), keras.layers.ReversibleEmbedding(7, 4, **arguments)
    compare(layer, twin, random(shape), {"reverse": True})


def both_ways(arguments: str, *, input: str = "int64(4)") -> str:
    """Return a model that applies one layer in both directions."""
    lines = [f"input tokens: {input}", f"e = ReversibleEmbedding(7, 6{arguments})", "x = e(tokens)"]
    return "\n".join(["model M {", *lines, "output e(x * x, reverse=true), x", "}", ""])


@pytest.mark.parametrize("arguments", ["", ", tie_weights=false", ", logit_soft_cap=2.5"])
def test_one_layer_in_two_directions_has_one_set_of_weights(arguments: str) -> None:
    """Gradients of both directions add up in one table."""
    given = {key: value == "true" for key, _, value in [arguments.removeprefix(", ").partition("=")] if "tie" in key}
    given |= {"logit_soft_cap": 2.5} if "cap" in arguments else {}
    twin = keras.layers.ReversibleEmbedding(7, 6, **given)

    def expected(tokens: torch.Tensor) -> tuple[Any, Any]:
        x = twin(tokens)
        return twin(x * x, reverse=True), x

    compiled = masked.compare(both_ways(arguments), {"e": twin}, expected, TOKENS)
    leaves = ["e.weight"] if given.get("tie_weights", True) else ["e.weight", "e.reverse_embeddings"]
    assert list(compiled.module(seed=1).state_dict()) == leaves
    assert compiled.summary().trainable == twin.count_params()


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("reverse_dtype", [None, "float32", "bfloat16"])
def test_policies(policy: str, reverse_dtype: str | None) -> None:
    """What Keras calculates in which dtype, to the last rounding."""
    written = f'"{reverse_dtype}"' if reverse_dtype else "none"
    compiled = nndsl.compile(both_ways(f', reverse_dtype={written}, dtype="{policy}"'))
    module = compiled.module(seed=1)
    twin = keras.layers.ReversibleEmbedding(7, 6, reverse_dtype=reverse_dtype, dtype=policy)
    tokens = torch.tensor(TOKENS)
    twin.build()
    randomized(twin)
    node = compiled.model.nodes[0]
    weights = node.layer.weights(*(tensor.type for tensor in node.inputs))
    load(module.e, weights, by_name(weights, [each.value.detach() for each in twin.weights]))
    x = twin(tokens)
    scores = twin(x * x, reverse=True)
    for mine, other, (_, tensor) in zip(module(tokens), (scores, x), compiled.model.outputs, strict=True):
        assert str(mine.dtype) == f"torch.{tensor.type.dtype}"
        assert mine.dtype == other.dtype or policy == "float64"  # of which Keras's products are float32
        torch.testing.assert_close(mine, other, rtol=1e-5, atol=1e-6, check_dtype=policy != "float64")


def test_a_mask_is_made_forwards_alone() -> None:
    first, recurrent = (
        keras.layers.ReversibleEmbedding(8, 5, mask_zero=True),
        keras.layers.LSTM(5, return_sequences=True),
    )
    last = keras.layers.GlobalAveragePooling1D()

    def expected(tokens: torch.Tensor) -> Any:
        return last(first(recurrent(first(tokens)), reverse=True))

    lines = ["e = ReversibleEmbedding(8, 5, mask_zero=true)", "r = e(tokens) -> LSTM(5, return_sequences=true)"]
    text = "\n".join(["model M {", "input tokens: int64(6)", *lines, "s = e(r, reverse=true)"])
    text += "\noutput s -> GlobalAveragePooling1D()\n}\n"
    assert [found.code for found in nndsl.check(text)] == ["W0402"]
    masked.compare(text, {"e": first, "r": recurrent}, expected, masked.FILLED)


def test_initial_weights() -> None:
    module = nndsl.compile(both_ways(", tie_weights=false").replace("(7, 6", "(500, 60")).module(seed=1)
    for weight in (module.e.weight, module.e.reverse_embeddings):
        assert weight.shape == (500, 60)
        assert 0.0499 < weight.abs().max().item() <= 0.05
        assert abs(weight.mean().item()) < 1e-3
    assert not torch.equal(module.e.weight, module.e.reverse_embeddings)


def test_the_source_of_a_tied_embedding() -> None:
    source = nndsl.compile(both_ways("")).source
    assert "self.e = nn.Embedding(7, 6)" in source
    assert "F.linear(y, self.e.weight)" in source


def test_it_is_handed_to_a_block_and_exported() -> None:
    block = "block Head(table) {\n  input x: (T, C)\n  output table(x -> LayerNormalization(), reverse=true)\n}\n"
    lines = ["input tokens: int64(T)", "e = ReversibleEmbedding(7, 6)", "output e(tokens) -> Head(e) as scores"]
    compiled = nndsl.compile(block + "\n".join(["model M {", *lines, "}", ""]))
    module = compiled.module(seed=1)
    assert next(iter(module.state_dict())) == "e.weight"
    assert sum("e.weight" in key for key in module.state_dict()) == 1
    tokens = torch.randint(0, 7, (3, 5))
    sizes = {0: torch.export.Dim.AUTO, 1: torch.export.Dim.AUTO}
    exported = torch.export.export(module, (tokens,), dynamic_shapes=(sizes,)).module()
    other = torch.randint(0, 7, (2, 9))
    torch.testing.assert_close(exported(other), module(other))


@pytest.mark.parametrize(
    ("kind", "keywords", "code", "message"),
    [
        (random((2, 3, 4))[0], {}, "E0405", "takes integers, and its input is float32"),
        (TOKENS, {"reverse": True}, "E0405", "takes floats in reverse, and its input is int64"),
        (random((2, 3, 5))[0], {"reverse": True}, "E0421", "have 4 numbers, and its input in reverse is (N, 3, 5)"),
        (random((2,))[0], {"reverse": True}, "E0401", "needs an axis besides the batch"),
    ],
)
def test_refusals(kind: np.ndarray, keywords: dict[str, Any], code: str, message: str) -> None:
    error = refusal(ReversibleEmbedding(7, 4), [kind_of(kind)], keywords)
    assert error.code == code
    assert message in error.message


def test_a_free_width_is_refused() -> None:
    from nndsl.dims import symbol

    error = refusal(ReversibleEmbedding(7, 4), [TensorType((symbol("N"), symbol("C")))], {"reverse": True})
    assert error.code == "E0421"


def test_a_plain_embedding_has_no_reverse() -> None:
    body = "model M {\n  input x: int64(5)\n  e = Embedding(10, 4)\n  h = e(x)\n  output e(h, «reverse=true»)\n}\n"
    assert refused(body, "E0205").help == "`ReversibleEmbedding` can be applied in reverse"
