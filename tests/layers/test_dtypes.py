"""Dtype policies against Keras: of a file, of a layer, of a block."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import torch
from keras import layers
from torch import Tensor, nn

import nndsl
from nndsl.layers.base import MIXED, POLICIES, Layer
from nndsl.summary import key_of
from nndsl.weights import load
from tests.layers.sequences import by_name, randomized

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
    Case("x -> GlobalAveragePooling2D()", lambda: layers.GlobalAveragePooling2D(), (6, 6, 4)),
    Case("x -> Flatten()", lambda: layers.Flatten(), (6, 6, 4)),
    Case("x -> Dropout(0.5)", lambda: layers.Dropout(0.5), (6, 6, 4)),
)
"""One layer each; that of several inputs has tests of its own."""


@pytest.fixture(autouse=True)
def _policy() -> Iterator[None]:
    yield
    keras.config.set_dtype_policy("float32")


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


@pytest.mark.parametrize("policy", OTHERS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_layer(case: Case, policy: str) -> None:
    keras.config.set_dtype_policy(policy)
    twin = case.twin()
    x = array(case.shape, case.dtype)
    twin(torch.tensor(x))
    randomized(twin)
    model = compiled(case.written, policy, case.shape, case.dtype)
    module = brought(model, twin).eval()
    mine, other = module(torch.tensor(x)), twin(torch.tensor(x))
    near(mine, other)
    assert str(mine.dtype) == f"torch.{model.model.outputs[0][1].type.dtype}"
    kinds = {str(value.dtype) for value in module.state_dict().values()}
    assert kinds <= {f"torch.{'float32' if policy in MIXED else policy}"}


@pytest.mark.parametrize("policy", OTHERS)
@pytest.mark.parametrize("scores", [False, True])
def test_attention(policy: str, scores: bool) -> None:
    keras.config.set_dtype_policy(policy)
    twin = layers.MultiHeadAttention(2, 4)
    x, mask = torch.tensor(array((5, 4))), torch.ones(5, 5, dtype=torch.bool).tril()
    twin(x, x)
    randomized(twin)
    applied = f"(x, x, use_causal_mask=true{', return_attention_scores=true' * scores})"
    target = "y, scores" if scores else "y"
    model = compiled(f"{target} = MultiHeadAttention(2, 4){applied}\noutput {target}", policy, (5, 4))
    found = brought(model, twin)(x)
    expected = twin(x, x, attention_mask=mask, return_attention_scores=scores)
    for mine, other in zip(found if scores else (found,), expected if scores else (expected,), strict=True):
        near(mine, other)


@pytest.mark.parametrize("policy", OTHERS)
def test_states_are_cast(policy: str) -> None:
    keras.config.set_dtype_policy(policy)
    twin = layers.LSTM(4, return_state=True, **DRAWN)
    x, state = torch.tensor(array((5, 4))), torch.tensor(array((4,)))
    twin(x, initial_state=[state, state])
    randomized(twin)
    body = "input h: (4)\ny, a, b = LSTM(4, return_state=true)(x, initial_state=[h, h])\noutput y, a, b"
    found = brought(compiled(body, policy, (5, 4)), twin)(x, state)
    for mine, other in zip(found, twin(x, initial_state=[state, state]), strict=True):
        near(mine, other)


@pytest.mark.parametrize("policy", OTHERS)
def test_normalization_in_training(policy: str) -> None:
    keras.config.set_dtype_policy(policy)
    twin = layers.BatchNormalization(momentum=0.5)
    x = torch.tensor(array((5, 4)))
    twin(x)
    module = brought(compiled("x -> BatchNormalization(momentum=0.5)", policy, (5, 4)), twin).train()
    near(module(x), twin(x, training=True))
    near(module.get_buffer("batch_normalization.running_mean"), twin.moving_mean.value)
    near(module.get_buffer("batch_normalization.running_var"), twin.moving_variance.value)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_gradients_reach_the_variables(policy: str) -> None:
    keras.config.set_dtype_policy(policy)
    twins = [layers.Conv1D(4, 3), layers.LayerNormalization(), layers.LSTM(6, **DRAWN), layers.Dense(3)]
    twin = keras.Sequential([keras.Input((7, 4)), *twins])
    model = compiled("x -> Conv1D(4, 3) -> LayerNormalization() -> LSTM(6) -> Dense(3)", policy, (7, 4))
    module = brought(model, *twins)
    x = torch.tensor(array((7, 4)))
    mine, other = module(x), twin(x)
    near(mine, other)
    mine.float().sum().backward()
    other.float().sum().backward()
    near(module.get_parameter("dense.bias").grad, twins[3].bias.value.grad)
    expected = twins[2].cell.bias.value.grad, twins[3].kernel.value.grad.T
    for key, other in zip(("lstm.bias_ih_l0", "dense.weight"), expected, strict=True):
        step = torch.finfo(getattr(torch, _compute(policy))).eps
        assert (module.get_parameter(key).grad - other).abs().max() <= 8 * step * other.abs().max()
    trained = [weight for weight in module.parameters() if weight.requires_grad]
    assert all(weight.grad is not None and weight.grad.dtype == torch.float32 for weight in trained)
    assert all(weight.grad.any() for weight in trained if weight.grad is not None)


def test_a_last_layer_in_float32() -> None:
    keras.config.set_dtype_policy("mixed_bfloat16")
    twins = [layers.Dense(8, activation="relu"), layers.Dense(3, activation="softmax", dtype="float32")]
    twin = keras.Sequential([keras.Input((4,)), *twins])
    body = 'x -> Dense(8, activation="relu") -> Dense(3, activation="softmax", dtype="float32")'
    model = compiled(body, "mixed_bfloat16", (4,))
    module = brought(model, *twins)
    x = torch.tensor(array((4,)))
    near(module(x), twin(x), steps=8)
    assert "(N, 4) float32 -> (N, 3) float32." in model.source
    rounded = brought(compiled(body, "float32", (4,)), *twins)(x)
    assert (module(x) - rounded).abs().max() > 1e-4


@pytest.mark.parametrize("policy", OTHERS)
def test_model(policy: str) -> None:
    """A residual network: an operator between a layer's output and another's, a block, a head in another dtype."""
    keras.config.set_dtype_policy(policy)
    source = keras.Input((8, 8, 3))
    first, second = layers.Conv2D(6, 3, padding="same"), layers.BatchNormalization()
    third, last = layers.Conv2D(6, 3, padding="same"), layers.Dense(3, dtype="float32")
    y = first(source)
    y = y + third(layers.ReLU()(second(y)))
    twin = keras.Model(source, last(layers.GlobalAveragePooling2D()(y)))
    randomized(twin)
    text = f"""
set dtype_policy = "{policy}"
block Residual(filters) {{
  BatchNormalization() -> ReLU() -> Conv2D(filters, 3, padding="same") as y
  x + y
}}
model Model {{
  input x: (8, 8, 3)
  x -> Conv2D(6, 3, padding="same") -> Residual(6) -> GlobalAveragePooling2D() -> Dense(3, dtype="float32")
}}
"""
    module = nndsl.compile(text).module(seed=1).eval()
    module.load_state_dict(_renamed(module, [first, second, third, last]))
    x = torch.tensor(array((8, 8, 3)))
    # The head gives float32 of what was rounded before it.
    near(module(x).to(getattr(torch, _compute(policy))), twin(x).to(getattr(torch, _compute(policy))), steps=8)
    assert module(x).dtype == torch.float32
    keys = list(nndsl.compile(text.replace(policy, "float32")).module().state_dict())
    assert list(module.state_dict()) == keys


def _compute(policy: str) -> str:
    return MIXED.get(policy, policy)


def _renamed(module: nn.Module, twins: list[layers.Layer]) -> dict[str, Tensor]:
    """Return the state of a module with the values of Keras layers, in its order of convolutions and the rest."""
    first, norm, third, last = ([each.value.detach() for each in twin.weights] for twin in twins)
    state = module.state_dict()
    found = dict(state)
    for key in state:
        leaf = key.rpartition(".")[2]
        place = {"weight": 0, "bias": 1, "running_mean": 2, "running_var": 3}[leaf]
        if key.startswith("dense"):
            found[key] = last[place].T if leaf == "weight" else last[place]
        elif "batch_normalization" in key:
            found[key] = norm[place]
        else:
            value = (third if key.startswith("residual") else first)[place]
            found[key] = value.permute(3, 2, 0, 1) if leaf == "weight" else value
    return found


def test_blocks_have_policies() -> None:
    text = """
set dtype_policy = "mixed_float16"
block Head(units) {
  Dense(units) -> Dense(units, dtype="float64")
}
block Outer() {
  Head(4, dtype="bfloat16") -> Dense(2)
}
model Model {
  input x: (8)
  a = x -> Outer()
  b = x -> Outer(dtype="float32")
  c = x -> Dense(3)
  output a, b, c
}
"""
    module = nndsl.compile(text).module()
    dtypes = {key: str(value.dtype).removeprefix("torch.") for key, value in module.state_dict().items()}
    assert [output.dtype for output in module(torch.ones(2, 8))] == [torch.float16, torch.float32, torch.float16]
    assert dtypes == {
        f"{layer}.{leaf}": dtype
        for layer, dtype in {
            "a.head.dense": "bfloat16",
            "a.head.dense_1": "float64",
            "a.dense": "float32",
            "b.head.dense": "bfloat16",
            "b.head.dense_1": "float64",
            "b.dense": "float32",
            "c": "float32",
        }.items()
        for leaf in ("weight", "bias")
    }


def test_float64_is_cast_under_the_default_policy() -> None:
    model = compiled("x -> Dense(3)", "float32", (4,), "float64")
    assert "(N, 4) float64 -> (N, 3) float32." in model.source
    assert model.module()(torch.ones(2, 4, dtype=torch.float64)).dtype == torch.float32


def test_operators_keep_or_promote() -> None:
    body = "y = x -> Dense(4)\noutput y * 2.5, -y, y + y, x + y, y[:, 0], x / 2"
    keras.config.set_dtype_policy("mixed_bfloat16")
    x = keras.Input((4,))
    y = layers.Dense(4)(x)
    expected = [each.dtype for each in (y * 2.5, -y, y + y, x + y, y[:, 0], x / 2)]
    model = compiled(body, "mixed_bfloat16", (4,))
    found = model.module()(torch.ones(2, 4))
    assert [str(each.dtype) for each in found] == [f"torch.{dtype}" for dtype in expected]
    assert [tensor.type.dtype for _, tensor in model.model.outputs] == expected


def test_free_weights_and_positions() -> None:
    body = 'scale = Weight((4,), initializer="ones")\n(x * scale) -> PositionEmbedding(5)'
    mixed = compiled(body, "mixed_bfloat16", (5, 4)).module(seed=1)
    x = torch.tensor(array((5, 4)))
    near(mixed(x), compiled(body, "float32", (5, 4)).module(seed=1)(x).bfloat16())
    assert {value.dtype for value in mixed.state_dict().values()} == {torch.float32}
    pure = compiled(body, "bfloat16", (5, 4)).module()
    assert all(isinstance(value, nn.Parameter) and value.dtype == torch.bfloat16 for value in pure.parameters())
    assert pure(x).dtype == torch.bfloat16


@pytest.mark.parametrize("policy", OTHERS)
def test_normalization_of_each_step(policy: str) -> None:
    model = compiled("x -> TimeDistributed(BatchNormalization())", policy, (5, 4))
    x = torch.tensor(array((5, 4)))
    plain = compiled("x -> TimeDistributed(BatchNormalization())", "float32", (5, 4)).module()(x)
    near(model.module()(x), plain.to(getattr(torch, _compute(policy))))


def test_a_shared_block_takes_both_dtypes() -> None:
    text = """
set dtype_policy = "mixed_bfloat16"
block Step() {
  x + (x -> Dense(4))
}
block Wide() {
  input x: float32(4)
  x -> Dense(4) as y
  output y, wide: x
}
model Model {
  input x: (4)
  step = Step()
  for i in range(3) {
    step
  }
  y, z = Wide()(step(x))
  output y, z
}
"""
    model = nndsl.compile(text)
    y, z = model.module()(torch.ones(2, 4))
    assert (y.dtype, z.dtype) == (torch.bfloat16, torch.float32)
    assert model.source.count("class Step(") == 1


def test_integers_stay() -> None:
    model = compiled("x -> Flatten()", "mixed_bfloat16", (2, 3), "int32")
    assert model.module()(torch.ones(2, 2, 3, dtype=torch.int32)).dtype == torch.int32


def test_a_policy_that_the_layer_inside_has_not() -> None:
    found = nndsl.check(
        'set dtype_policy = "mixed_bfloat16"\nmodel M {\n  input x: (5, 4)\n'
        '  x -> Bidirectional(LSTM(4), dtype="float32")\n}\n'
    )
    assert [each.code for each in found] == ["E0305"]


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=" ".join)
def test_ruff_accepts_the_sources(command: list[str], tmp_path: Path) -> None:
    for policy in OTHERS:
        for number, case in enumerate(CASES):
            source = compiled(case.written, policy, case.shape, case.dtype).source
            (tmp_path / f"{policy}_{number}.py").write_text(source, encoding="utf-8")
        body = "y, scores = MultiHeadAttention(2, 4)(x, x, return_attention_scores=true)\noutput y, scores"
        (tmp_path / f"{policy}.py").write_text(compiled(body, policy, (5, 4)).source, encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff", *command, "--isolated", str(tmp_path)]
    done = subprocess.run(ruff, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
