"""Threats B, as far as reading and parsing go: depth and size are refused while reading, and nothing recurses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nndsl.diagnostics import Source
from nndsl.limits import Limits
from nndsl.rendering import render
from nndsl.syntax import nodes
from nndsl.syntax.format import format, unparse
from nndsl.syntax.lexer import MOST_ERRORS, scan
from nndsl.syntax.parser import parse
from nndsl.syntax.visitor import Transformer, Visitor

MANY = 10**5


def codes(text: str, limits: Limits = Limits()) -> list[str]:
    return [found.code for found in parse(Source("", text), limits)[1]]


BOMBS = {
    "18 lists": ("a = " + "[" * MANY, "E0703"),
    "19 calls": ("a = " + "f(" * MANY, "E0703"),
    "19 brackets": ("a = " + "(" * MANY + "1" + ")" * MANY, "E0703"),
    "19 indices": ("a = " + "x[" * MANY, "E0703"),
    "19 dicts": ("a = " + "{1: " * MANY, "E0703"),
    "20 bodies": ("model A {\n" + "if a {\n" * MANY, "E0703"),
    "20 branches": ("model A {\n  if a {\n" + "  } else if a {\n" * 1000 + "  }\n}\n", "E0703"),
    "21 signs": ("a = " + "-" * 10**6 + "1", "E0702"),
    "21 fewer signs": ("a = " + "-" * 1000 + "1", "E0703"),
    "21 negations": ("a = " + "not " * 1000 + "b", "E0703"),
    "22 sum": ("a = 1" + " + 1" * 10**6, "E0702"),
    "22 shorter sum": ("a = 1" + " + 1" * 1000, "E0708"),
    "22 powers": ("a = 1" + " ** 1" * 1000, "E0708"),
    "sums in sums": ("a = " + "(" * 60 + "1" + (" + 1" * 200 + ")") * 60, "E0703"),
    "applications": ("a = f" + "(x)" * 1000, "E0703"),
    "conditions": ("a = " + "b if c else " * 1000 + "d", "E0703"),
    "23 lines": ("model A {\n" + "  Dense(3)\n" * 10**6 + "}\n", "E0702"),
    "30 string": ('a = "' + "b" * 10**6 + '"', "E0705"),
    "31 name": ("a" * 10**6 + " = 1", "E0704"),
    "32 arguments": ("a = f(" + "1, " * MANY + ")", "E0707"),
    "33 open string": ('a = "' + '\\"' * (10**6 // 2), "E0105"),
    "59 digits": ("a = 1" + "0" * 400, "E0706"),
    "60 more digits": ("a = " + "9" * 5000, "E0706"),
    "60 digits of a float": ("a = 0." + "9" * 5000, "E0706"),
    "66 too large": ("a = 1e400", "E0104"),
}


@pytest.mark.parametrize(("text", "code"), BOMBS.values(), ids=BOMBS.keys())
def test_bombs_give_one_message(text: str, code: str) -> None:
    tree, diagnostics = parse(Source("", text))
    assert [found.code for found in diagnostics] == [code]
    assert len(render(diagnostics)) < 1_000
    repr(tree)


def test_bombs_take_little_memory() -> None:
    program = (
        "import resource\nfrom nndsl.syntax.parser import parse\nfrom nndsl.diagnostics import Source\n"
        "from tests.threats.test_depth import BOMBS\n"
        "virtual = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (virtual + 300_000_000,) * 2)\n"
        "for text, code in BOMBS.values():\n  assert [found.code for found in parse(Source('', text))[1]] == [code]\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=root)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("limit", [50, 10**6])
def test_174_the_recursion_limit_of_the_host_does_not_matter(limit: int) -> None:
    texts = [
        "a = " + "[" * 60 + "]" * 60 + "\n",
        "a = 1" + " + 1" * 255 + "\n",
        "a = " + "- " * 200 + "1\n",
        "model A {\n" + "if a {\n" * 60 + "}\n" * 60 + "}\n",
        "a = " + "[" * 60,
        "x = (" * 50,
    ]
    before = sys.getrecursionlimit()
    frame, used = sys._getframe(), 0
    while frame.f_back:
        frame, used = frame.f_back, used + 1
    sys.setrecursionlimit(used + limit)
    try:
        for text in texts:
            tree, diagnostics = parse(Source("", text))
            if not diagnostics:
                laid_out = format(text)
                assert format(laid_out) == laid_out
                assert unparse(Transformer().transform(tree)) == laid_out
                Visitor().visit(tree)
    finally:
        sys.setrecursionlimit(before)


def test_the_limits_are_inclusive() -> None:
    limits = Limits(nesting=3, name=4, string=4, digits=4, arguments=3, tokens=20, depth=5)
    for right, wrong, code in (
        ("a = [[[1]]]", "a = [[[[1]]]]", "E0703"),
        ("abcd = 1", "abcde = 1", "E0704"),
        ('a = "abcd"', 'a = "abcde"', "E0705"),
        ("a = 1234", "a = 12345", "E0706"),
        ("a = f(1, 2, 3)", "a = f(1, 2, 3, 4)", "E0707"),
        ("a = 1 + 2 + 3", "a = 1 + 2 + 3 + 4", "E0708"),
        ("a = ----1", "a = -----1", "E0703"),
        ("a = (" + "1, " * 8 + ")", "a = (" + "1, " * 9 + ")", "E0702"),
    ):
        assert codes(right, limits) == []
        assert codes(wrong, limits) == [code]


def test_34_comments_do_not_nest() -> None:
    assert codes("a = 1\n/* # (" + "/* # (" * 10**5) == ["E0103"]
    assert codes("/*" * 10**5) == ["E0103"] * MOST_ERRORS
    assert codes("# (* /* " * 10**5 + "\na = 1\n") == []


def test_37_errors_end() -> None:
    diagnostics = parse(Source("", "a = )\n" * MANY))[1]
    assert len(diagnostics) == MOST_ERRORS
    shown = render(diagnostics)
    assert shown.count("error[") == 20
    assert "980 more errors" in shown


@pytest.mark.parametrize(
    "piece", ['"\\', '"a', "'", "1_", "1.", "1e+", ".5", "a", "é", " \t", "*/=<>!&|", "#", "\0", "\n"]
)
def test_33_every_pattern_is_linear(piece: str) -> None:
    """With a pattern that is not, this would not end."""
    scan(Source("", piece * 10**6), Limits(tokens=10**9))


def test_broken_statements_are_read_in_linear_time() -> None:
    """Each mistake costs no more than its own statement, however many there are and however long the file is."""
    line = "  Dense(3, (4, 5), activation 3)\n"
    for lines in (200, 800):
        found = parse(Source("", "model A {\n" + line * lines + "}\n"))[1]
        assert len(found) == lines


def test_partial_trees_are_given_back() -> None:
    tree, diagnostics = parse(Source("", "a = 1\nb = (\nc = 2\n"))
    assert diagnostics
    assert [type(item) for item in tree.items] == [nodes.Assign, nodes.Broken, nodes.Assign]
