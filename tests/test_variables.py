"""The variables of a model are Keras's, and their parts are the tensors of the module, each once."""

from __future__ import annotations

from math import prod
from pathlib import Path

import pytest

import nndsl
from nndsl.elaborate.weights import parameter_count
from nndsl.variables import variables

ROOT = Path(__file__).parents[1]
ALL = [*sorted((ROOT / "examples").glob("*.nn")), *sorted((ROOT / "tests" / "golden").glob("*.nn"))]
# What a layer of Python holds is not known.
FILES = [file for file in ALL if "extern" not in file.read_text(encoding="utf-8")]

HANDED = """
block PreNorm(inner) {
  input x: (T, C)
  output x + (x -> LayerNormalization() -> inner)
}

block Twice(inner) {
  input x: (T, C)
  output x -> inner -> inner
}

model M {
  input (4, 8)
  head = Dense(8)
  for i in range(2) {
    PreNorm(Twice(Dense(8)))
  }
  PreNorm(head)
  PreNorm(Twice(head))
  GRU(4)
}
"""


def check(compiled: nndsl.Compiled) -> None:
    found = variables(compiled.model)
    keys = [key for variable in found for key, _ in variable.parts]
    state = compiled.module(seed=0).state_dict()
    assert len(keys) == len(set(keys))
    assert set(keys) == {key for key in state if "bias_hh_l0" not in key or key in keys}
    assert sum(prod(variable.shape) for variable in found) == parameter_count(compiled.model)
    assert compiled.summary().parameters == parameter_count(compiled.model)
    for variable in found:
        assert prod(variable.shape) == sum(state[key].numel() for key, _ in variable.parts), variable.name


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_every_tensor_is_part_of_one_variable(file: Path) -> None:
    check(nndsl.compile(file))


def test_handed_layers_and_a_bias_of_two_rows() -> None:
    compiled = nndsl.compile(HANDED)
    check(compiled)
    names = [variable.name for variable in variables(compiled.model)]
    assert names[:3] == [
        "pre_norm.0.layer_normalization.gamma",
        "pre_norm.0.layer_normalization.beta",
        "pre_norm.0.inner.inner.kernel",
    ]
    assert names.count("head.kernel") == 1
    (bias,) = (variable for variable in variables(compiled.model) if variable.name == "gru.bias")
    assert bias.shape == (2, 12)
    assert [key for key, _ in bias.parts] == ["gru.bias_ih_l0", "gru.bias_hh_l0"]
