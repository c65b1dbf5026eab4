"""Every operation against Keras's, over a grid of arguments."""

from __future__ import annotations

import re

import pytest

from nndsl.ops import names
from tests.ops import cases_shapes, cases_values
from tests.ops.oracle import compare

CASES = [
    *cases_values.ELEMENTWISE,
    *cases_values.ARITHMETIC,
    *cases_values.COMPARING,
    *cases_values.REDUCTIONS,
    *cases_values.ALONG_AXES,
    *cases_shapes.LINEAR_ALGEBRA,
    *cases_shapes.SHAPING,
    *cases_shapes.JOINING,
    *cases_shapes.VALUES,
]


@pytest.mark.parametrize("expression", CASES)
def test_it_agrees_with_keras(expression: str) -> None:
    compare(expression)


def test_no_operation_is_without_cases() -> None:
    seen = {name for case in CASES for name in re.findall(r"ops\.(\w+)", case)}
    assert set(names()) - seen == {"random.normal", "random.uniform"}  # drawn: they have tests of their own


def test_no_case_stands_twice() -> None:
    assert len(set(CASES)) == len(CASES)
