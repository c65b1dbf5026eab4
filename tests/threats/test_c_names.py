"""Threats C: names and texts that would become code, or hide what the emitted module needs."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import torch

import nndsl
from tests.elaborate.compiling import codes, compiled, model

NAMES = [
    *("class", "lambda", "match", "del", "async", "yield"),
    *("forward", "training", "_modules", "_parameters", "state_dict", "to", "half", "type", "eval", "apply"),
    *("__init__", "__class__", "__dict__", "__reduce__", "__del__"),
    *("self", "x", "torch", "nn", "F", "math", "Tensor", "super", "print", "len", "range", "zip", "enumerate"),
    *("_t0", "layer_1", "x1", "x_1", "y", "y_1", "dense", "dense_1", "reset_parameters", "module"),
]


def runs(text: str) -> torch.nn.Module:
    """Compile a model of (8) floats, run it, and return the module."""
    found = nndsl.compile(text)
    ast.parse(found.source)
    module = found.module(seed=0)
    module(torch.zeros(2, 8))
    return module


@pytest.mark.parametrize("name", NAMES)
def test_38_to_43_any_name_for_a_value(name: str) -> None:
    text = (
        f"model Net {{\n  input (8)\n\n  {name} = Dense(8) -> ReLU()\n  z = x -> {name} -> Dense(3)\n  output z\n}}\n"
    )
    if name in ("x",):
        text = text.replace("input (8)", "input a: (8)").replace("x -> x", "a -> x")
    module = runs(text)
    assert len(module.state_dict()) == 4


def test_42_43_all_names_at_once() -> None:
    names = [name for name in NAMES if name not in ("x", "y", "dense", "dense_1") and not name.startswith("__")]
    lines = "".join(f"  {name} = x -> Dense(8)\n" for name in names)
    module = runs(f"model Net {{\n  input (8)\n\n{lines}  output y: {' + '.join(names)}\n}}\n")
    assert len(module.state_dict()) == 2 * len(names)


@pytest.mark.parametrize("name", ["F", "nn", "torch", "Tensor", "Module", "Linear", "super", "int", "object"])
def test_42_any_name_for_a_block(name: str) -> None:
    block = f"block {name} {{\n  Dense(8) -> ReLU()\n}}\n"
    runs(block + f"\nmodel Net {{\n  input (8)\n\n  {name}()\n  Dense(3)\n}}\n")


@pytest.mark.parametrize("name", ["self", "torch", "nn", "F", "super", "print", "forward", "class", "size"])
def test_42_any_name_for_an_input_and_a_parameter(name: str) -> None:
    runs(f"model Net({name}_={3}) {{\n  input {name}: (8)\n\n  Dense(8) -> ReLU()\n  Dense({name}_)\n}}\n")
    runs(f"block B({name}) {{\n  Dense({name})\n}}\n\nmodel Net {{\n  input x: (8)\n\n  B(8)\n  B(7)\n  B(6)\n}}\n")


def test_44_45_no_two_names_merge() -> None:
    module = runs(model("conv = x -> Dense(8)", "Conv = conv -> Dense(8)", "con_v = Conv -> Dense(8)", "output con_v"))
    assert len(module.state_dict()) == 6


@pytest.mark.parametrize("name", ["ﬁlter", "µ", "Dаta", "naïve"])
def test_46_47_names_are_ascii(name: str) -> None:
    found = nndsl.check(model(f"{name} = x -> Dense(3)"))
    assert found[0].severity == "error"
    assert found[0].code.startswith("E01")


@pytest.mark.parametrize("name", ["a.b", "", "a/b", "../x", "_a", "1a", "a b", "é", '"); import os #'])
def test_48_names_of_layers_are_identifiers(name: str) -> None:
    written = name.replace("\\", "\\\\").replace('"', '\\"')
    assert codes(f'Dense(3, name="{written}")') == ["E0208"]


INJECTIONS = [
    '"); import os; os.system("x") #',
    '"""',
    "'''",
    "\\",
    "\n",
    "{__import__('os')}",
    "%s {0.__class__}",
    "\u2028",
    "\x85\x0cimport os",
]


@pytest.mark.parametrize("text", INJECTIONS)
def test_49_to_53_text_never_becomes_code(text: str, tmp_path: Path) -> None:
    """Not through comments, strings of settings, nor the name of the file."""
    written = "".join(c if c.isalnum() else f"\\u{ord(c):04x}" for c in text)
    comment = "# " + " ".join(text.split("\n"))
    lines = f'  compile {{\n    optimizer = Adam(name="{written}")\n  }}\n'
    content = f"model Net {{\n  input (8)\n\n  Dense(3)\n{lines}}}\n"
    if text.isprintable():
        content = comment + "\n" + content
    plain = nndsl.compile("model Net {\n  input (8)\n\n  Dense(3)\n}\n").source
    assert nndsl.compile(content).source == plain
    path = tmp_path / (text.replace("/", "_").replace("\0", "") + ".nn")
    path.write_text(content, encoding="utf-8")
    assert nndsl.compile(path).source == plain


def test_54_a_coding_comment_stays_out() -> None:
    source = nndsl.compile("# -*- coding: utf-7 -*-\n" + model("Dense(3)")).source
    assert "coding" not in source


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ('Dense(3, activation="os.system")', "E0304"),
        ('Dense(3, activation="__import__")', "E0304"),
        ("Dense(3, activation=os.system)", "E0210"),
        ("Dense(3, activation=relu.__globals__)", "E0210"),
        ("Dense(3, activation=torch.relu)", "E0210"),
        ("Dense(3, activation=__import__)", "E0201"),
        ("Dense(3, activation=__builtins__)", "E0201"),
        ("ops.__class__(x)", "E0210"),
        ("Lambda(3)", "E0201"),
        ("eval(3)", "E0201"),
        ("exec(3)", "E0201"),
        ("open(3)", "E0201"),
        ("getattr(x, 3)", "E0201"),
    ],
)
def test_55_to_57_nothing_is_looked_up_by_name(lines: str, code: str) -> None:
    assert codes(lines)[0] == code


def test_55_losses_are_a_closed_table() -> None:
    (found,) = nndsl.check(model("Dense(3)", 'compile {\n  loss = "__import__"\n}'))
    assert found.severity == "error"


def test_the_source_imports_torch_alone() -> None:
    names = {
        alias.name if isinstance(node, ast.Import) else str(node.module)
        for node in ast.walk(ast.parse(compiled("Dense(3)", "Dense(2)").source))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    assert names <= {"torch", "torch.nn.functional", "math", "__future__"}
