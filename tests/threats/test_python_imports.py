"""Imports from Python: nothing is reached that the caller has not allowed, and nothing before it is needed."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import nndsl
from nndsl.elaborate.externals import is_allowed, is_module

ROOT = Path(__file__).parents[2]


def text(module: str, name: str = "L", parameters: str = "", arguments: str = "") -> str:
    written = module.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    extern = f"extern {name}({parameters}) {{\n  input x: (D)\n  output (D)\n}}\n"
    body = f"model M {{\n  input x: (8)\n\n  {name}({arguments})\n}}\n"
    return f'from python "{written}" import {name}\n{extern}{body}'


@pytest.mark.parametrize(
    "module", ["os", "builtins", "subprocess", "torch", "torch.nn.utils", "torch.nn.functional", "nn", "torch.nnx"]
)
def test_a_module_must_be_allowed(module: str) -> None:
    for options in ({}, {"allow": ("mylib", "o", "torch.n", "sub")}):
        assert [each.code for each in nndsl.check(text(module), **options)] == ["E0607"]
        with pytest.raises(nndsl.NNDSLError, match="E0607"):
            nndsl.compile(text(module), **options)


@pytest.mark.parametrize(
    ("module", "allow", "expected"),
    [
        ("torch.nn", (), True),
        ("torch.nn.utils", (), False),
        ("torch", (), False),
        ("torch.nn.utils", ("torch.nn",), True),
        ("a.b", ("a.b",), True),
        ("a.b.c", ("a.b",), True),
        ("a", ("a.b",), False),
        ("a.bc", ("a.b",), False),
        ("a.b.c", ("a",), True),
    ],
)
def test_what_is_allowed(module: str, allow: tuple[str, ...], expected: bool) -> None:
    assert is_allowed(module, frozenset(allow)) is expected
    found = [each.code for each in nndsl.check(text(module), allow=allow)]
    assert found == ([] if expected else ["E0607"])


@pytest.mark.parametrize(
    "module",
    [
        *("", ".", ".layers", "a..b", "a.", "a b", "a;import os", "a\nimport os", "a/b.py", "../a", "a-b", "lambda"),
        *("a.class", "ünicode", "__import__('os')", 'a"', "a\\b", "file:///a", "x" * 300 + "!"),
    ],
)
def test_what_is_no_module_is_none(module: str) -> None:
    assert not is_module(module)
    assert [each.code for each in nndsl.check(text(module))] == ["E0612"]
    with pytest.raises(ValueError, match="is not the name of a Python module"):
        nndsl.check(text("a"), allow=(module,))


def test_a_file_cannot_allow_itself() -> None:
    for line in ('set allow = "os"', 'allow = ("os",)', 'model N(allow=("os",)) {\n  input x: (8)\n\n  Dense(1)\n}'):
        found = {each.code for each in nndsl.check(f"{line}\n{text('os')}")}
        assert "E0607" in found


STRINGS = [
    '"); import os; os.system("x") #',
    "''' + __import__('os').name + '''",
    "{0.__class__}",
    "\\",
    "a\nb\x0c\x85\u2028",
]


@pytest.mark.parametrize("string", STRINGS)
def test_arguments_are_literals_in_the_source(string: str) -> None:
    quoted = nndsl.unparse(nndsl.parse(f'x = "{_escaped(string)}"\n')).partition("= ")[2].strip()
    value = f'{{"k": [{quoted}, (1, none)]}}'
    compiled = nndsl.compile(text("mylib", parameters="value", arguments=value), allow="mylib")
    tree = ast.parse(compiled.source)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "L"]
    (call,) = calls
    assert ast.literal_eval(call.keywords[0].value) == {"k": [string, (1, None)]}
    imported = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))}
    assert imported == {"from mylib import L", "from torch import Tensor, nn"}


def _escaped(string: str) -> str:
    return "".join(f"\\u{ord(each):04x}" for each in string)


@pytest.mark.parametrize("name", ["__import__", "__class__", "self", "super", "torch", "nn", "F", "Tensor", "print"])
def test_names_shadow_nothing(name: str) -> None:
    source = nndsl.compile(text("mylib", name), allow="mylib").source
    tree = ast.parse(source)
    defined = [
        alias.asname or alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names
    ]
    defined += [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    assert len(defined) == len(set(defined))
    assert {"nn", "Tensor"} <= set(defined)


AUDITED = """
import sys
import nndsl

text, allow = sys.argv[1], tuple(sys.argv[2:])
good = text.replace("no_such_module_at_all", "torch.nn")
nndsl.check(good); nndsl.compile(good).source; str(nndsl.compile(good).summary())  # all that is loaded on first use
events = []
sys.addaudithook(lambda event, given: events.append((event, given[0])) if event in ("import", "exec") else None)
nndsl.check(text, allow=allow)
compiled = nndsl.compile(text, allow=allow)
print(len(compiled.source) > 0, len(str(compiled.summary())) > 0, events, "torch" in sys.modules)
"""


def test_nothing_is_imported_while_a_file_is_checked_or_written() -> None:
    given = [text("no_such_module_at_all", "Tanh"), "no_such_module_at_all"]
    done = subprocess.run(
        [sys.executable, "-c", AUDITED, *given], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert (done.stdout, done.stderr) == ("True True [] False\n", "")


def test_it_is_judged_before_the_source_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no layer is refused although its module was imported: nothing of it is called."""
    (tmp_path / "evil_layers.py").write_text("called = []\n\n\ndef L(**given):\n    called.append(given)\n")
    monkeypatch.syspath_prepend(tmp_path)
    compiled = nndsl.compile(text("evil_layers"), allow="evil_layers")
    with pytest.raises(nndsl.NNDSLError, match="E0613"):
        compiled.module()
    assert sys.modules.pop("evil_layers").called == []
