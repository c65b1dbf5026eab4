"""Every layer against Keras: values, gradients and shapes."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from nndsl.arguments import ArgumentError
from nndsl.layers import FAMILIES
from nndsl.layers.base import LayerError
from tests.layers.cases_refused import CONTRADICTIONS, INPUTS, VALUES
from tests.layers.oracle import Case, Free, compare, made, twin, types

FOLDER = Path(__file__).parent
MODULES = [import_module(f"tests.layers.{file.stem}") for file in sorted(FOLDER.glob("cases_*.py"))]
CASES: list[Case] = [case for module in MODULES for case in getattr(module, "CASES", [])]
FIRST = {case.layer: case for case in reversed(CASES)}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_inference(case: Case) -> None:
    compare(case, training=False)


@pytest.mark.parametrize("case", FIRST.values(), ids=str)
def test_training(case: Case) -> None:
    compare(case, training=True)


def test_every_layer_has_cases() -> None:
    """Layers of several inputs or outputs are no cases of this file; they have tests beside it, by name."""
    others = [file.read_text(encoding="utf-8") for file in FOLDER.glob("test_*.py") if file.name != "test_layers.py"]
    words = set(re.findall(r"\w+", " ".join(others)))
    assert {name for names in FAMILIES.values() for name in names} - set(FIRST) <= words


@pytest.mark.parametrize(("code", "case"), CONTRADICTIONS, ids=str)
def test_contradictions_are_refused_as_in_keras(code: str, case: Case) -> None:
    with pytest.raises(LayerError) as caught:
        made(case)
    assert caught.value.code == code
    assert caught.value.argument in case.arguments
    with pytest.raises(ValueError, match=r"."):
        twin(case)


@pytest.mark.parametrize(("code", "case"), VALUES, ids=str)
def test_values_are_refused(code: str, case: Case) -> None:
    with pytest.raises(ArgumentError) as caught:
        made(case)
    assert caught.value.code == code


@pytest.mark.parametrize(("code", "case"), INPUTS, ids=str)
def test_inputs_are_refused(code: str, case: Case) -> None:
    layer = made(case)
    with pytest.raises(LayerError) as caught:
        layer.infer(Free(), *types(case))
    assert caught.value.code == code


def test_kernel_error_has_both_numbers() -> None:
    case = Case("Conv2D", {"filters": 3, "kernel_size": 4, "dilation_rate": 3}, ((8, 7, 4),))
    with pytest.raises(LayerError, match="spans 10, and the height of its input is 8"):
        made(case).infer(Free(), *types(case))


def test_rank_error_says_what_to_reshape_to() -> None:
    case = Case("Conv2D", {"filters": 3, "kernel_size": 3}, ((28, 28),))
    with pytest.raises(LayerError) as caught:
        made(case).infer(Free(), *types(case))
    assert "Reshape((28, 28, 1))" in caught.value.help
