"""What operations refuse, where, and with what help."""

from __future__ import annotations

import pytest

import nndsl
from nndsl.ops.elsewhere import suggested
from tests.ops.oracle import model

BATCH = [
    *(
        f"ops.{name}({rest})"
        for name in ("mean", "sum", "max", "any", "norm")
        for rest in ("x", "x, axis=0", "x, axis=-2")
    ),
    "ops.argmax(x)",
    "ops.sum(m, axis=(0, 1))",
    "ops.softmax(x, axis=0)",
    "ops.softmax(x, axis=none)",
    "ops.cumsum(x)",
    "ops.normalize(x, axis=0)",
    "ops.top_k(v, 1)",
    "ops.matmul(x, y)",
    "ops.matmul(x, m)",
    "ops.matmul(v, x)",
    "ops.matmul(w3, x)",
    "ops.dot(x, y)",
    "ops.dot(m, n)",
    "ops.tensordot(m, n, 1)",
    "ops.tensordot(w, m, 0)",
    "ops.tensordot(m, w, axes=((0,), (0,)))",
    'ops.einsum("ni,ni->i", x, y)',
    'ops.einsum("ni->in", x)',
    'ops.einsum("ni,mi->nm", x, y)',
    'ops.einsum("ni,ai->nai", x, y)',
    "ops.concatenate([x, y])",
    "ops.concatenate([x, y], axis=-2)",
    "ops.stack([x, y])",
    "ops.split(x, 3)",
    "ops.expand_dims(x, 0)",
    "ops.expand_dims(x, (0, 1))",
    "ops.squeeze(x, 0)",
    "ops.reshape(x, (4, -1))",
    "ops.reshape(x, (2, 2))",
    "ops.transpose(x)",
    "ops.transpose(m, (1, 0, 2))",
    "ops.swapaxes(x, 0, 1)",
    "ops.swapaxes(x, 1, -2)",
    "ops.flip(x)",
    "ops.flip(x, 0)",
    "ops.roll(x, 1)",
    "ops.roll(x, 1, 0)",
    "ops.repeat(x, 2)",
    "ops.repeat(x, 2, axis=0)",
    "ops.tile(x, (2, 1))",
    "ops.tile(x, (1, 1, 1))",
    "ops.pad(x, 1)",
    "ops.pad(x, ((1, 0), (0, 0)))",
    "ops.take(x, 0)",
    "ops.take(x, 0, axis=0)",
    "ops.take(m, i, axis=1)",
    "ops.take(w, i, axis=1)",
    "ops.one_hot(i, 3, axis=0)",
]  # fmt: skip

OTHERS = [
    ("E0210", "ops.system(x)"),
    ("E0210", "ops.random.system(x)"),
    ("E0210", "keras.ops.relu(x)"),
    ("E0209", "ops.relu"),
    ("E0209", "ops.random.normal"),
    ("E0301", "ops.relu()"),
    ("E0301", "ops.clip(x, 1)"),
    ("E0301", "ops.where(b)"),
    ("E0205", "ops.relu(x, 1)"),
    ("E0205", "ops.mean(x, axes=1)"),
    ("E0206", "ops.mean(x, x=x)"),
    ("E0302", "ops.relu(3)"),
    ("E0302", "ops.relu(Dense(3))"),
    ("E0302", "ops.maximum(1, 2)"),
    ("E0302", 'ops.maximum(x, "a")'),
    ("E0302", "ops.mean(x, axis=y)"),
    ("E0302", "ops.mean(x, axis=1.5)"),
    ("E0302", "ops.concatenate(x, axis=1)"),
    ("E0302", "ops.concatenate([x, 1], axis=1)"),
    ("E0302", "ops.max(i, axis=1, initial=0.5)"),
    ("E0302", "ops.one_hot(i, 2.5)"),
    ("E0303", "ops.power(i, -1)"),
    ("E0303", 'ops.norm(x, ord="fro", axis=1)'),
    ("E0303", "ops.norm(m, ord=3, axis=(1, 2))"),
    ("E0303", "ops.normalize(m, axis=(1, 2), order=1)"),
    ("E0303", "ops.roll(m, (1, 2), 1)"),
    ("E0303", "ops.pad(m, ((0, 0), (1, 1)))"),
    ("E0303", "ops.split(m, [2, 1], axis=1)"),
    ("E0303", 'ops.einsum("ni->nn", x)'),
    ("E0303", 'ops.einsum("ni->nj", x)'),
    ("E0303", 'ops.einsum("n i; exit", x)'),
    ("E0303", "ops.add(x, ops.arange(0))"),
    ("E0303", "ops.add(x, ops.arange(0, 4, 0))"),
    ("E0304", 'ops.cast(x, "int128")'),
    ("E0304", 'ops.pad(x, ((0, 0), (1, 1)), mode="wrap")'),
    ("E0305", 'ops.pad(x, ((0, 0), (1, 1)), mode="reflect", constant_values=1)'),
    ("E0312", "ops.divide(x, 0)"),
    ("E0401", "ops.transpose(m, (0, 1))"),
    ("E0401", 'ops.einsum("n->n", x)'),
    ("E0401", "ops.matmul(x, w0)"),
    ("E0403", "ops.add(x, m)"),
    ("E0403", "ops.add(x, n)"),
    ("E0403", "ops.add(m, n)"),
    ("E0403", "ops.add(x, w)"),
    ("E0403", "ops.matmul(m, w)"),
    ("E0403", 'ops.einsum("nij,njk->nik", m, m)'),
    ("E0403", "ops.concatenate([m, n], axis=1)"),
    ("E0403", "ops.concatenate([x, w], axis=1)"),
    ("E0403", "ops.stack([m, n], axis=1)"),
    ("E0403", "ops.repeat(m, [1, 2], axis=1)"),
    ("E0404", "ops.reshape(m, (-1, 7))"),
    ("E0404", "ops.split(m, 3, axis=1)"),
    ("E0404", "ops.squeeze(m, 1)"),
    ("E0405", "ops.add(b, b)"),
    ("E0405", "ops.subtract(b, x)"),
    ("E0405", "ops.gelu(i)"),
    ("E0405", "ops.softmax(i)"),
    ("E0405", "ops.one_hot(x, 3)"),
    ("E0405", "ops.take(w, x, axis=0)"),
    ("E0407", "ops.mean(x, axis=2)"),
    ("E0407", "ops.mean(m, axis=(1, -2))"),
    ("E0407", "ops.expand_dims(x, 3)"),
    ("E0407", "ops.transpose(m, (0, 1, 1))"),
    ("E0407", "ops.tensordot(m, w, 3)"),
    ("E0409", "ops.top_k(x, 5)"),
    ("E0409", "ops.take(x, 4, axis=1)"),
    ("E0409", "ops.take(x, [0, -5], axis=1)"),
    ("E0409", "ops.split(x, [4], axis=1)"),
    ("E0409", 'ops.pad(x, ((0, 0), (4, 0)), mode="reflect")'),
    ("E0422", 'ops.einsum("ni,nj->nij", x)'),
]


def refusals(expression: str) -> list[nndsl.Diagnostic]:
    return [each for each in nndsl.check(model(expression)) if each.severity == "error"]


@pytest.mark.parametrize("expression", BATCH)
def test_the_batch_is_left_alone(expression: str) -> None:
    (found,) = refusals(expression)
    assert found.code == "E0428"


@pytest.mark.parametrize(("code", "expression"), OTHERS)
def test_refused(code: str, expression: str) -> None:
    (found,) = refusals(expression)
    assert found.code == code


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("ops.mean(x, axis=0)", "axis=0"),
        ("ops.clip(x, 0, y, 3)", "3"),
        ("ops.relu(Dense(3))", "Dense(3)"),
        ('ops.einsum("nn;", x)', '"nn;"'),
        ("ops.concatenate([x, 1], axis=1)", "[x, 1]"),
        ("ops.concatenate([x, y])", "ops.concatenate([x, y])"),
        ("ops.system(x)", "ops.system"),
    ],
)
def test_the_message_stands_at_what_is_wrong(expression: str, text: str) -> None:
    (found,) = refusals(expression)
    assert found.span.text == text


@pytest.mark.parametrize(
    ("name", "help"),
    [
        ("men", "did you mean `ops.mean`?"),
        ("cat", "write `ops.concatenate([a, b], axis=1)`"),
        ("while_loop", "a model has no loops over values: `for` is unfolded"),
        ("fft", "the operations are a closed list: `nndsl layers` prints it"),
    ],
)
def test_what_is_not_there(name: str, help: str) -> None:
    (found,) = refusals(f"ops.{name}(x)")
    assert (found.message, found.help) == (f"there is no `ops.{name}`", help)


def test_what_stands_elsewhere_is_not_there() -> None:
    from nndsl import ops
    from nndsl.ops import elsewhere

    assert not {*elsewhere._HERE, *elsewhere._NONE} & set(ops.names())
    assert suggested("absolute") == "write `ops.abs(x)`"


def test_operations_are_for_models_and_blocks() -> None:
    (found,) = nndsl.check("a = ops.arange(3)\nmodel M {\n  input x: (3)\n  output y: x\n}\n")
    assert found.code == "E0302"


def test_a_size_that_must_be_known() -> None:
    (found,) = nndsl.check("model M {\n  input x: int32(T)\n  output ops.one_hot(x, T)\n}\n")
    assert (found.code, found.span.text) == ("E0313", "T")
