"""Threats B: a few lines that would unfold into more than a machine can hold: a budget refuses them first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import nndsl
from tests.elaborate.compiling import codes, compiled, layers, model

ROOT = Path(__file__).parents[2]
NESTED = "for i in range(1000) {\n  for j in range(1000) {\n    for k in range(1000) {\n      Dense(8)\n    }\n  }\n}"


BOMBS = {
    "24 product of loops": (NESTED, "E0711"),
    "25 long loop with an empty body": ("for i in range(10**18) {\n}", "E0711"),
    "25 length beyond 64 bits": ("for i in range(-(10**18), 10**18) {\n}\nDense(3)", "E0711"),
    "list of a range": ("a = range(10**9) + [1]\nDense(len(a))", "E0713"),
    "repeated list": ("a = [0] * 10**12\nDense(len(a))", "E0713"),
    "doubled list": ("a = [1, 2]\nfor i in range(64) {\n  a = a + a\n}\nDense(len(a))", "E0713"),
    "doubled nesting": ("a = [1]\nfor i in range(64) {\n  a = [a, a]\n}\nDense(len(a))", "E0713"),
    "deep nesting": ("a = [1]\nfor i in range(999) {\n  a = [a]\n}\nDense(len(a))", "E0713"),
    "doubled string": ('a = "ab"\nfor i in range(64) {\n  a = a + a\n}\nDense(len(a))', "E0713"),
    "squared integer": ("a = 3\nfor i in range(64) {\n  a = a * a\n}\nDense(a)", "E0713"),
    "tower of powers": ("Dense(3 ** 3 ** 3 ** 3)", "E0713"),
    "doubled composed layer": ("f = Dense(8)\nfor i in range(64) {\n  f = f -> f\n}\nf", "E0713"),
    "35 wide merge": ("a = [x] * 100_000\na -> Add() -> Dense(3)", "E0714"),
}
"""Lines of a body, and the code of their refusal."""

LIMITED = """
import resource, sys, nndsl
from tests.threats.test_b_bombs import BOMBS
from tests.elaborate.compiling import codes
before = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (before + 300 * 2**20,) * 2)
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
print([name for name, (lines, code) in BOMBS.items() if codes(lines) != [code]])
"""


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_once(name: str) -> None:
    lines, code = BOMBS[name]
    assert codes(lines) == [code]


@pytest.mark.skipif(sys.platform != "linux", reason="limits of a process, and what it takes, are asked of Linux")
def test_bombs_take_little_memory_and_time() -> None:
    done = subprocess.run([sys.executable, "-c", LIMITED], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr


def test_26_odd_ranges() -> None:
    assert layers("for i in range(0) {\n  Dense(8)\n}", "Dense(3)") == ["Dense"]
    assert layers("for i in range(-1) {\n  Dense(8)\n}", "Dense(3)") == ["Dense"]
    assert codes("for i in range(2.5) {\n  Dense(8)\n}") == ["E0315"]
    assert codes("for i in range(true) {\n  Dense(8)\n}") == ["E0315"]


def test_27_28_recursion() -> None:
    for before, circle in (
        ("block A {\n  A()\n}\n", "A -> A"),
        ("block A {\n  B()\n}\n\nblock B {\n  A()\n}\n", "A -> B -> A"),
    ):
        (found,) = nndsl.check(model("A()", before=before))
        assert found.code == "E0203"
        assert circle in found.message


def doubled(depth: int) -> str:
    """Blocks of which each uses the one before it twice."""
    blocks = "block A0 {\n  Dense(8)\n  Dense(8)\n}\n\n"
    return blocks + "".join(f"block A{i} {{\n  A{i - 1}()\n  A{i - 1}()\n}}\n\n" for i in range(1, depth + 1))


def test_29_blocks_of_doubled_blocks() -> None:
    assert codes("A40()", before=doubled(40)) == ["E0712"]
    assert len(compiled("A10()", before=doubled(10)).model.nodes) == 1


def test_29_functions_of_doubled_functions() -> None:
    functions = "def f0(a) = a\n" + "".join(f"def f{i}(a) = f{i - 1}(a) + f{i - 1}(a)\n" for i in range(1, 41))
    assert codes("Dense(f40(1))", before=functions) == ["E0711"]


def test_many_definitions_in_a_row() -> None:
    functions = "def f0(a) = a\n" + "".join(f"def f{i}(a) = f{i - 1}(a)\n" for i in range(1, 500))
    assert codes("Dense(f499(1))", before=functions) == ["E0719"]
    blocks = "block A0 {\n  Dense(8)\n}\n\n" + "".join(f"block A{i} {{\n  A{i - 1}()\n}}\n\n" for i in range(1, 500))
    assert codes("A499()", before=blocks) == ["E0719"]
    assert codes("Dense(3)", before=blocks) == []


def test_36_chained_diamonds() -> None:
    assert len(compiled(*["x = x + x"] * 64, "output y: x").model.nodes) == 64


def test_37_many_errors_are_counted() -> None:
    found = nndsl.check(model(*[f"Dens{i}(3)" for i in range(1000)]))
    assert len(found) == 1000
    assert nndsl.render(found).count("error[") == 20


def test_a_caller_raises_the_budgets() -> None:
    lines = ["for i in range(30) {\n  Dense(8)\n}"]
    assert codes(*lines, limits=nndsl.Limits(layers=20)) == ["E0712"]
    assert codes(*lines, limits=nndsl.Limits(layers=30)) == []
    assert codes(*lines, limits=nndsl.Limits(steps=20)) == ["E0711"]


def test_long_chains_need_no_stack() -> None:
    limits = nndsl.Limits(tokens=10**7)
    found = nndsl.compile(model(*["Dense(8)"] * 5000), limits=limits).model
    assert len(found.nodes) == 5000
    assert len(nndsl.compile(model(*["x = x + x"] * 3000, "output y: x")).model.nodes) == 3000


@pytest.mark.parametrize(
    "lines",
    [
        "f = Dense(8)\nfor i in range(10_000) {\n  f = TimeDistributed(f)\n}\nf",
        "f = Dense(8)\nfor i in range(60) {\n  f = TimeDistributed(f -> f)\n}\nf",
        "f = Dense(8)\nfor i in range(10_000) {\n  f = Around(f)\n}\nf",
        "f = Dense(8)\nfor i in range(60) {\n  f = Both(f, f)\n}\nf",
        "r = L2(0.1)\nfor i in range(10_000) {\n  r = L1(r)\n}\nDense(3, kernel_regularizer=r)",
        "r = L2(0.1)\nfor i in range(60) {\n  r = L1L2(r, r)\n}\nDense(3, kernel_regularizer=r)",
    ],
)
def test_layers_and_recipes_that_are_made_of_themselves(lines: str) -> None:
    before = "block Around(inner) {\n  x -> inner\n}\n\nblock Both(one, other) {\n  x -> one -> other\n}\n"
    assert codes(lines, inputs="x: (2, 8)", before=before) == ["E0713"]
