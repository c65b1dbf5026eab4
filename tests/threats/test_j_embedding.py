"""Threats J: the compiler inside another program."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

import nndsl

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.nn"))


def python(script: str, *, cwd: Path | None = None, **environment: str) -> str:
    """Run a script in a process of its own, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        cwd=cwd or ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_170_threads() -> None:
    with ThreadPoolExecutor(16) as pool:
        sources = [list(pool.map(lambda path: nndsl.compile(path).source, EXAMPLES[:4])) for _ in range(4)]
    assert all(each == sources[0] for each in sources)
    limit = sys.getrecursionlimit()
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: nndsl.check(EXAMPLES[0]), range(32)))
    assert sys.getrecursionlimit() == limit


WORDS = [
    "model",
    "block",
    "M",
    "x",
    "input",
    "output",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "->",
    "=",
    "+",
    "-",
    ",",
    ":",
    "\n",
    "Dense",
    "3",
    '"a"',
    "if",
    "for",
    "in",
    "as",
    "else",
    "range",
    "def",
    "T",
    ".",
    "set",
    "from",
    "compile",
]


@given(st.lists(st.sampled_from(WORDS), max_size=60))
@example(["model", "M", "{", "\n", "input", "x", ":", "(", "3", ")", "\n", "x", "->", "x", "\n", "}"])
def test_173_any_words_give_diagnostics(words: list[str]) -> None:
    nndsl.render(nndsl.check(" ".join(words)))


@given(st.binary(max_size=200))
def test_173_any_bytes_give_diagnostics(data: bytes) -> None:
    nndsl.render(nndsl.check(data))


EXPRESSIONS = [
    "x",
    "y",
    "3",
    "-1",
    "2.5",
    '"a"',
    "true",
    "none",
    "[x, 3]",
    "(1, 2)",
    "{1: 2}",
    "Dense(3)",
    "Dense",
    "T",
    "range(3)",
    "foo",
    "f",
    "Adam()",
    "B",
    "B(2)",
    "ops",
    "Weight((8,))",
    "pi",
    "len",
]
FORMS = [
    "{} + {}",
    "{} -> {}",
    "{}({})",
    "{}[{}]",
    "[{}, {}] -> Add()",
    "{} if {} else 3",
    "{} in {}",
    "{} ** {}",
    "Dense({}, activation={})",
    "B({})({})",
    "{} == {}",
    "zip({}, {})",
    "({} -> Dense(2)) as z + {}",
    "TimeDistributed({})({})",
    "{} and {}",
]


@given(
    st.lists(st.tuples(st.sampled_from(FORMS), st.sampled_from(EXPRESSIONS), st.sampled_from(EXPRESSIONS)), max_size=4)
)
def test_173_any_expressions_give_diagnostics(lines: list[tuple[str, str, str]]) -> None:
    body = "".join(
        f"  y = {form.format(first, second)}\n  {form.format(second, first)}\n" for form, first, second in lines
    )
    text = f"block B(n=1) {{\n  Dense(8)\n}}\n\nmodel Net {{\n  input x: (T, 8)\n\n  f = Dense(8)\n  y = x\n{body}}}\n"
    nndsl.render(nndsl.check(text))


@pytest.mark.parametrize("limit", [150, 10**6])
def test_174_the_recursion_limit_of_the_host(limit: int) -> None:
    script = f"""
import sys, nndsl
deep = "(" * 60 + "x" + ")" * 60
lines = ["y = " + deep + " -> Dense(8)", "z = y" + " + y" * 120, "output z -> Dense(3)"]
blocks = ["block A0 {{\\n  Dense(8)\\n}}\\n"]
blocks += ["block A" + str(i + 1) + " {{\\n  A" + str(i) + "()\\n}}\\n" for i in range(59)]
model = "model Net {{\\n  input x: (8)\\n" + "\\n".join(lines) + "\\n}}\\n"
nested = "".join(blocks) + "model Net {{\\n  input x: (8)\\n  A59()\\n}}\\n"
nndsl.check("")
sys.setrecursionlimit({limit})
print(len(nndsl.check(model)), len(nndsl.check(nested)))
assert sys.getrecursionlimit() == {limit}
"""
    assert python(script).split() == ["0", "0"]


def test_175_generators_of_random_numbers() -> None:
    before = random.getstate(), torch.get_rng_state()
    assert nndsl.compile(EXAMPLES[0]).source
    assert random.getstate() == before[0]
    assert torch.equal(torch.get_rng_state(), before[1])


def test_176_sources_do_not_depend_on_hashes() -> None:
    script = "import nndsl, pathlib; print(nndsl.compile(pathlib.Path('examples/unet.nn')).source)\n"
    script += "print(nndsl.render(nndsl.check('model Net {\\n  input x: (8)\\n  Flaten()\\n}\\n')))"
    assert len({python(script, PYTHONHASHSEED=str(seed)) for seed in range(4)}) == 1


@pytest.mark.parametrize("locale", ["C", "tr_TR.UTF-8"])
def test_177_locales(locale: str) -> None:
    script = "import nndsl, pathlib; print(len(nndsl.compile(pathlib.Path('examples/sequential.nn')).source))"
    assert python(script, LC_ALL=locale, LANG=locale) == python(script)


def test_177_a_folder_that_is_gone(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = "import os, nndsl; os.rmdir(os.getcwd())\n"
    script += "print(nndsl.check('model Net {\\n  input x: (8)\\n\\n  Dense(3)\\n}\\n'))"
    assert python(script, cwd=gone).strip() == "[]"
