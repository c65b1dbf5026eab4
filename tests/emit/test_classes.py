"""Blocks become classes: one for each structure, the numbers that differ as arguments with the block's own names."""

from __future__ import annotations

import inspect
import re

import pytest
import torch
from torch import nn

import nndsl
from tests.emit.awkward import CLASHES


def source_of(blocks: str, body: str, inputs: str = "x: (8)") -> str:
    """The source of a model ``Case`` with some blocks and lines."""
    lines = "\n".join(f"  {line}" for line in body.splitlines())
    return nndsl.compile(f"{blocks}\nmodel Case {{\n  input {inputs}\n\n{lines}\n}}\n").source


def classes_of(source: str) -> dict[str, list[str]]:
    """The classes of a source but the model's, with the parameters of their constructors."""
    namespace: dict[str, object] = {}
    exec(source, namespace)
    own = re.findall(r"^class (\w+)", source, re.MULTILINE)
    return {name: list(inspect.signature(namespace[name]).parameters) for name in own if name != "Case"}  # type: ignore[arg-type]


MLP = """
block Mlp(units, rate=0.1, repeats=1) {
  input x: (C)

  for i in range(repeats) {
    x = x -> Dense(2 * units, activation="relu") -> Dropout(rate)
  }
  output x -> Dense(C)
}
"""


def test_equal_structures_share_a_class() -> None:
    assert classes_of(source_of(MLP, "Mlp(4)\nMlp(4)")) == {"Mlp": []}


def test_numbers_become_arguments_with_the_names_of_the_block() -> None:
    assert classes_of(source_of(MLP, "Mlp(4)\nMlp(6)")) == {"Mlp": ["units"]}
    assert classes_of(source_of(MLP, "Mlp(4, 0.2)\nMlp(6)")) == {"Mlp": ["units", "rate"]}
    assert classes_of(source_of(MLP, "Mlp(4)\nDense(5)\nMlp(4)")) == {"Mlp": ["channels"]}


def test_expressions_are_over_the_arguments() -> None:
    source = source_of(MLP, "Mlp(4)\nDense(5)\nMlp(6)")
    assert "nn.Linear(channels, 2 * units)" in source
    assert "nn.Linear(2 * units, channels)" in source


CONVOLUTION = """
block Conv(filters, kernel_size=1, strides=1, padding="same") {
  Conv2D(filters, kernel_size, strides=strides, padding=padding)
}
"""


@pytest.mark.parametrize(
    ("body", "parameters", "written"),
    [
        ("Conv(3)\nConv(3, 5)", ["kernel_size"], "nn.Conv2d(3, 3, kernel_size, padding=(kernel_size - 1) // 2)"),
        ("Conv(3)\nConv(3, strides=2)", ["strides"], "nn.Conv2d(3, 3, 1, strides)"),
        ('Conv(3, 3)\nConv(3, 3, 1, "valid")', ["padding"], "nn.Conv2d(3, 3, 3, padding=padding)"),
        ('Conv(3, 3)\nConv(3, 3, 2, "valid")', ["strides", "padding"], "nn.Conv2d(3, 3, 3, strides, padding=padding)"),
        ("Conv(3)\nConv(3)", [], "nn.Conv2d(3, 3, 1)"),
        ('Conv(3, 3, 2, "valid")\nConv(3, 3, 2, "valid")', [], "nn.Conv2d(3, 3, 3, 2)"),
    ],
)
def test_an_argument_that_has_its_default_in_some_instances(body: str, parameters: list[str], written: str) -> None:
    source = source_of(CONVOLUTION, body, inputs="x: (16, 16, 3)")
    assert classes_of(source) == {"Conv": parameters}
    assert written in source
    text = f"{CONVOLUTION}\nmodel Case {{\n  input x: (16, 16, 3)\n\n  {body}\n}}\n"
    strides = [layer.stride for layer in nndsl.compile(text).module().modules() if isinstance(layer, nn.Conv2d)]
    assert strides == [((2, 2) if "2" in line else (1, 1)) for line in body.splitlines()]


def test_no_expression_by_coincidence() -> None:
    """In both instances one number is half of the other; only the text says how they follow."""
    block = "block Two(first, second) {\n  Dense(first)\n  Dense(second)\n}\n"
    source = source_of(block, "Two(4, 8)\nTwo(6, 12)")
    assert classes_of(source) == {"Two": ["first", "second"]}


def test_a_number_that_does_not_follow_everywhere_is_an_argument() -> None:
    """``max`` has no origin, so that its value is handed over as it is."""
    block = "block Wide(units) {\n  Dense(max(units, 6))\n}\n"
    source = source_of(block, "Dense(4)\nWide(4)\nDense(4)\nWide(8)")
    (parameters,) = classes_of(source).values()
    assert parameters == ["out_features"]
    module = nndsl.compile(f"{block}\nmodel Case {{\n  input (4)\n\n  Wide(4)\n  Wide(8)\n}}\n").module(seed=0)
    assert [part.out_features for part in module.modules() if isinstance(part, nn.Linear)] == [6, 8]


@pytest.mark.parametrize(
    ("first", "second"),
    [("Mlp(4)", "Mlp(4, repeats=2)"), ("Mlp(4)", "Mlp(4, 0)")],
    ids=["loop", "layer"],
)
def test_another_structure_is_another_class(first: str, second: str) -> None:
    source = source_of(
        MLP.replace("Dropout(rate)", "(Dropout(rate) if rate > 0 else Identity())"), f"{first}\n{second}"
    )
    assert list(classes_of(source)) == ["Mlp", "Mlp2"]


def test_another_activation_is_another_class() -> None:
    block = "block Act(kind) {\n  Dense(4, activation=kind)\n}\n"
    assert list(classes_of(source_of(block, 'Act("relu")\nAct("tanh")\nAct("relu")'))) == ["Act", "Act2"]


def test_an_expression_has_to_hold_in_every_instance() -> None:
    """The number follows from the same parameter in two ways: the first one's must not be taken for both."""
    block = "block Wide(units, double) {\n  Dense(2 * units if double else units + 3)\n}\n"
    body = "Dense(8)\nWide(4, true)\nDense(8)\nWide(4, false)"
    assert classes_of(source_of(block, body)) == {"Wide": ["out_features"]}
    lines = body.replace("\n", "\n  ")
    module = nndsl.compile(f"{block}\nmodel Case {{\n  input (8)\n\n  {lines}\n}}\n").module(seed=0)
    assert module(torch.rand(2, 8)).shape == (2, 7)


def test_a_size_that_is_known_at_run_time_is_never_an_argument() -> None:
    """One class must not serve a fixed and a symbolic size, whose code looks alike."""
    block = "block Middle {\n  input x: (L, C)\n\n  x[:, L // 2] -> Dense(4)\n}\n"
    lines = "input a: (8, 4)\n  input b: (T, 4)\n\n  output p: Middle()(a), q: Middle()(b)"
    module = nndsl.compile(f"{block}\nmodel Case {{\n  {lines}\n}}\n").module(seed=0)
    for length in (5, 11):
        a, b = torch.rand(2, 8, 4), torch.rand(2, length, 4)
        p, q = module(a, b)
        torch.testing.assert_close(p, module.p.dense(a[:, 4]))
        torch.testing.assert_close(q, module.q.dense(b[:, length // 2]))


def test_symbols_that_come_from_other_axes_are_not_shared() -> None:
    """Two bodies say ``T - 1``; the first one's input is twice as long as ``T``. The third says ``T - 2``."""
    block = "block Pick(n) {\n  input x: (L, C)\n\n  x[:, n - 1] -> Dense(4)\n}\n"
    lines = "input a: (2 * T, 4)\n  input b: (T, 4)\n\n  output p: Pick(T)(a), q: Pick(T)(b), r: Pick(T - 1)(b)"
    module = nndsl.compile(f"{block}\nmodel Case {{\n  {lines}\n}}\n").module(seed=0)
    a, b = torch.rand(2, 12, 4), torch.rand(2, 6, 4)
    p, q, r = module(a, b)
    torch.testing.assert_close(p, module.p.dense(a[:, 5]))
    torch.testing.assert_close(q, module.q.dense(b[:, 5]))
    torch.testing.assert_close(r, module.r.dense(b[:, 4]))


@pytest.mark.parametrize(
    ("lines", "feeds", "shape"),
    [
        ("input a: (H, W, 4)\n\n  a -> Reshape((H * W, 4)) -> Middle()", [(2, 5, 6, 4)], (2, 15, 4)),
        ("input a: (H, 4)\n\n  a -> Conv1D(4, 3, strides=2) -> Middle()", [(2, 13, 4)], (2, 3, 4)),
        ("input a: (T, 4)\n  input b: (9, 4)\n\n  output p: First(T)(b), q: a", [(2, 3, 4), (2, 9, 4)], (2, 3, 4)),
        ("input a: (H, 4)\n\n  a -> Conv1D(4, 3, strides=2) -> Outer(Middle())", [(2, 13, 4)], (2, 3, 4)),
        ("input a: (H, 4)\n\n  m = Middle()\n  a -> Conv1D(4, 3, strides=2) -> Outer(m)", [(2, 13, 4)], (2, 3, 4)),
    ],
    ids=["product", "quotient", "argument", "nested", "handed"],
)
def test_symbols_that_the_inputs_of_a_block_do_not_give(
    lines: str, feeds: list[tuple[int, ...]], shape: tuple[int, ...]
) -> None:
    blocks = """
block Middle {
  input x: (L, C)

  x[:, 0:L // 2]
}

block First(n) {
  input x: (L, C)

  x[:, :n]
}

block Outer(inner) {
  input x: (L, C)

  x -> ReLU() -> inner
}
"""
    module = nndsl.compile(f"{blocks}\nmodel Case {{\n  {lines}\n}}\n").module(seed=0)
    result = module(*(torch.rand(feed) for feed in feeds))
    assert (result[0] if isinstance(result, tuple) else result).shape == shape


def test_nested_arguments_go_through() -> None:
    outer = MLP + "block Outer(width) {\n  Mlp(width)\n  Mlp(3 * width)\n}\n"
    source = source_of(outer, "Outer(2)\nOuter(5)")
    assert classes_of(source) == {"Mlp": ["units"], "Outer": ["width"]}
    assert "self.mlp_1 = Mlp(3 * width)" in source


def test_a_layer_in_an_argument_is_built_by_its_owner() -> None:
    block = "block PreNorm(inner) {\n  LayerNormalization()\n  inner\n}\n"
    source = source_of(block, "PreNorm(Dense(8))\nPreNorm(Dense(8))\nPreNorm(Dense(8, activation='relu'))")
    assert list(classes_of(source)) == ["PreNorm", "PreNorm2"]
    assert "self.inner = nn.Linear(8, 8)" in source


def test_a_handed_layer_is_a_parameter_of_forward() -> None:
    block = "block PreNorm(inner) {\n  LayerNormalization()\n  inner\n}\n"
    source = source_of(block, "head = Dense(8)\nx -> PreNorm(head) -> PreNorm(head)")
    assert classes_of(source) == {"PreNorm": []}
    assert "def forward(self, x: Tensor, inner: nn.Module) -> Tensor:" in source
    assert source.count("self.head)") == 2


def test_names_of_classes_never_hide_what_the_source_uses() -> None:
    source = nndsl.compile(CLASHES["classes"]).source
    own = re.findall(r"^class (\w+)", source, re.MULTILINE)
    assert len(set(own)) == len(own)
    assert not {"F", "Tensor", "nn", "torch"} & set(own)
    helper, block = (source.index(text) for text in ("running_mean, self.running_var", "self.tensor = "))
    assert helper < block


def test_a_class_says_what_goes_in_and_comes_out() -> None:
    source = source_of(MLP, "Mlp(4)\nDense(5)\nMlp(6)")
    assert '"""(N, C) float32 -> (N, C) float32."""' in source
    assert '"""(N, 8) float32 -> (N, 5) float32."""' in source
    assert "# (N, 2 * units)" in source
