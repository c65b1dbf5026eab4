"""The keys of modules: every worked case, from its text to the state of the module that is built."""

from __future__ import annotations

import pytest

import nndsl
from tests.elaborate.key_case import KeyCase
from tests.elaborate.key_cases import CASES


def in_order(keys: list[str]) -> list[str]:
    """The keys as PyTorch lists them: what a module itself holds comes before what its parts hold."""
    return sorted(keys, key=lambda key: "." in key)


@pytest.mark.parametrize("case", [case for case in CASES if not case.clash], ids=lambda case: case.name)
def test_keys_of_the_module(case: KeyCase) -> None:
    module = nndsl.compile(case.source, settings=case.settings).module(device="meta")
    assert list(module.state_dict()) == in_order(case.keys.split())


@pytest.mark.parametrize("case", [case for case in CASES if case.clash], ids=lambda case: case.name)
def test_a_clash_is_an_error_at_the_second(case: KeyCase) -> None:
    with pytest.raises(nndsl.NNDSLError) as caught:
        nndsl.compile(case.source, settings=case.settings)
    (found,) = caught.value.diagnostics
    assert found.code == "E0207"
    assert found.span.text == case.clash


def test_attributes_are_registered_in_the_order_of_the_text() -> None:
    """The second layer is applied first, and the third before it has been applied itself."""
    text = """
model Case {
  input x: (8)

  a = Dense(8)
  b = Dense(8)
  c = x -> b -> Dense(8) -> a

  output c
}
"""
    module = nndsl.compile(text).module(device="meta")
    assert [name for name, _ in module.named_children()] == ["a", "b", "c"]
