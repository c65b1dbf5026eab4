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


def test_a_size_that_is_known_at_run_time_is_never_an_argument() -> None:
    """One class must not serve a fixed and a symbolic size, whose code looks alike."""
    block = "block Cut {\n  input x: (T, C)\n\n  x[:, 1:T - 1] -> Dense(4)\n}\n"
    text = f"{block}\nmodel Case {{\n  input a: (8, 4)\n  input b: (T, 4)\n\n  output p: Cut()(a), q: Cut()(b)\n}}\n"
    module = nndsl.compile(text).module(seed=0)
    for length in (5, 11):
        first, second = module(torch.rand(2, 8, 4), torch.rand(2, length, 4))
        assert first.shape == (2, 6, 4)
        assert second.shape == (2, length - 2, 4)


def test_sizes_with_the_same_text_and_other_meanings_are_not_shared() -> None:
    """``T`` is the first input's length in one instance, and half of it in the other."""
    block = "block Half {\n  input x: (L, C)\n\n  x[:, 0:L // 2] -> Dense(4)\n}\n"
    text = (
        f"{block}\nmodel Case {{\n  input a: (2 * T, 4)\n  input b: (T, 4)\n\n  output p: Half()(a), q: Half()(b)\n}}\n"
    )
    first, second = nndsl.compile(text).module(seed=0)(torch.rand(2, 12, 4), torch.rand(2, 6, 4))
    assert first.shape == (2, 6, 4)
    assert second.shape == (2, 3, 4)


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
