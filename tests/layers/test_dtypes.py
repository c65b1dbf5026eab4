"""Dtype policies against Keras: of a file, of a layer, of a block."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import keras
import pytest
import torch
from keras import layers
from torch import Tensor, nn

import nndsl
from nndsl.layers.base import MIXED
from tests.layers.policies import CASES, DRAWN, OTHERS, Case, array, brought, compiled, compute_dtype, near
from tests.layers.sequences import randomized


@pytest.fixture(autouse=True)
def _policy() -> Iterator[None]:
    yield
    keras.config.set_dtype_policy("float32")


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


@pytest.mark.parametrize("name", ["BatchNormalization", "LayerNormalization", "GroupNormalization"])
def test_what_is_rounded_before_it_is_normalized(name: str) -> None:
    """Keras rounds the inputs of BatchNormalization first, and the others' results alone."""
    keras.config.set_dtype_policy("mixed_bfloat16")
    arguments = {"groups": 2} if name == "GroupNormalization" else {}
    twin = getattr(layers, name)(**arguments)
    x = 100 + torch.tensor(array((5, 4)))
    twin(x)
    written = f"x -> {name}({', '.join(f'{key}={value}' for key, value in arguments.items())})"
    module = brought(compiled(written, "mixed_bfloat16", (5, 4)), twin)
    near(module(x), twin(x, training=True) if name == "BatchNormalization" else twin(x))


@pytest.mark.parametrize("policy", OTHERS)
def test_softmax_with_a_mask(policy: str) -> None:
    keras.config.set_dtype_policy(policy)
    x, mask = torch.tensor(array((4,))), torch.tensor([[True, True, False, True]] * 3)
    body = "input m: bool(4)\nSoftmax()(x, mask=m)\n"
    near(compiled(body, policy, (4,)).module()(x, mask), layers.Softmax()(x, mask=mask))


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
        step = torch.finfo(compute_dtype(policy)).eps
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
    near(module(x).to(compute_dtype(policy)), twin(x).to(compute_dtype(policy)), steps=8)
    assert module(x).dtype == torch.float32
    keys = list(nndsl.compile(text.replace(policy, "float32")).module().state_dict())
    assert list(module.state_dict()) == keys


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
block Twice() {
  x + x
}
model Model {
  input x: (8)
  a = x -> Outer()
  b = x -> Outer(dtype="float32")
  c = x -> Dense(3)
  d = x -> Head(1)
  e = x -> Head(1, dtype="float16")
  f = x -> Twice()
  output a, b, c, d, e, f
}
"""
    module = nndsl.compile(text).module()
    dtypes = {key: str(value.dtype).removeprefix("torch.") for key, value in module.state_dict().items()}
    half, single, double = torch.float16, torch.float32, torch.float64
    assert [output.dtype for output in module(torch.ones(2, 8))] == [half, single, half, double, double, half]
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
            "d.dense": "float32",
            "d.dense_1": "float64",
            "e.dense": "float16",
            "e.dense_1": "float64",
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
    near(model.module()(x), plain.to(compute_dtype(policy)))


def test_a_loop_stays_one() -> None:
    body = "y = 2.0 * x\nfor i in range(4) {\n  y = Dense(4)([y, x] -> Add())\n}\noutput y"
    source = compiled(body, "mixed_bfloat16", (4,)).source
    assert source.count("x.to(torch.bfloat16)") == 1
    assert re.search(r"for \w+ in self\.y:\n", source)


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


@pytest.mark.parametrize("wrapper", ["Bidirectional", "TimeDistributed"])
@pytest.mark.parametrize(("inner", "codes"), [("LSTM(4)", ["E0305"]), ('LSTM(4, dtype="float32")', [])])
def test_a_policy_that_the_layer_inside_has_not(wrapper: str, inner: str, codes: list[str]) -> None:
    shape = "5, 4" if wrapper == "Bidirectional" else "3, 5, 4"
    text = f"""
set dtype_policy = "mixed_bfloat16"
model Model {{
  input x: ({shape})
  x -> {wrapper}({inner}, dtype="float32")
}}
"""
    assert [each.code for each in nndsl.check(text)] == codes


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
