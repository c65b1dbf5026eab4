"""What is emitted passes ruff's check and its formatter, as they come: whatever the names, numbers and nestings."""

from __future__ import annotations

import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
import torch

import nndsl
from nndsl.dims import Size, evaluate
from nndsl.emit.printer import docstring, statement
from tests.elaborate.key_cases import CASES
from tests.emit.awkward import CLASHES, MODELS

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.nn"))
RESNETS = (18, 34, 50, 101, 152)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sources of all examples, worked cases and awkward models."""
    folder = tmp_path_factory.mktemp("sources")
    sources = {path.stem: nndsl.compile(path).source for path in EXAMPLES}
    resnet = next(path for path in EXAMPLES if path.stem == "resnet")
    sources |= {f"resnet_{depth}": nndsl.compile(resnet, settings={"depth": depth}).source for depth in RESNETS}
    for case in CASES:
        if not case.clash:
            sources[f"case_{case.name}"] = nndsl.compile(case.source, settings=case.settings).source
    sources |= {name: nndsl.compile(text).source for name, text in {**MODELS, **CLASHES}.items()}
    for name, source in sources.items():
        (folder / f"{name.replace(' ', '_')}.py").write_text(source, encoding="utf-8")
    return folder


@pytest.mark.parametrize("command", [["check"], ["format", "--diff"]], ids=["check", "format"])
def test_ruff_finds_nothing(folder: Path, command: list[str]) -> None:
    ruff = [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", str(folder)]
    done = subprocess.run(ruff, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def value_of(size: Size) -> int:
    return evaluate(size, {"N": 2, "H": 8, "W": 8, "T": 9})


@pytest.mark.parametrize("name", [*MODELS, *CLASHES])
def test_awkward_models_run(name: str) -> None:
    """They not only look right: a clash of names shows when the text runs."""
    compiled = nndsl.compile({**MODELS, **CLASHES}[name])
    module = compiled.module(seed=0)
    shapes = [node.types[0].shape for node in compiled.model.inputs]
    feeds = [torch.rand([value_of(size) for size in shape]) for shape in shapes]
    outputs = module(*feeds)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    for output, (_, tensor) in zip(outputs, compiled.model.outputs, strict=True):
        expected = [value_of(size) for size in tensor.type.shape]
        assert list(output.shape) == expected


NAMES = ("a_name_of_thirty_letters_or_so", "a_name_that_is_even_longer_than_thirty_letters")
FORMS = [
    "x = f({0}, {0})",
    "x = f({0}, {0}, {0}, {0})",
    "self.{0} = nn.ModuleList(f({0}, {0}) for _ in range(3))",
    "self.{0} = nn.ModuleList(f({0}, {0}, {0}) for {0}, b in ((1, 2), (3, 4)))",
    "self.{0} = nn.ModuleList([nn.Identity(), *(f({0}) for _ in range(3)), {0}({0})])",
    "return {0}, {0}, {0}",
    "return {0}",
    "x = {0} + {0} + {0}",
    "x = {0} * {0}({0}) + {0}({0}, 3)",
    "x = {0} + {0}({0}, 3)",
    "return 0.01 * {0}({0}) + 0.01 * {0}.square().sum()",
    "x = {0}({0}).permute(0, 2, 3, 1)",
    "x = F.softmax({0}({0}), dim=-1).permute(0, 2, 3, 1)",
    "x, h, c = {0}({0}, ({0}, h))",
    "x = {0}[:, {0} : {0} + 3, 1]",
    "x = torch.cat(({0}, {0}, {0}), dim=1)",
    'raise ValueError(f"{0} must be of shape (N, 3), not {{tuple({0}.shape)}}")',
    'raise ValueError("{0} must be at least 3 (Conv1D(4, 3), line 9), not " + str({0}))',
    "if {0}.dim() != 3 or {0}.shape[2] != 8:",
    "if {0}.shape[1:] != (8, 8, 3):",
    "if {0} != {0}:",
    "for {0}, b in zip({0}[1:], {0}[:3]):",
    "def forward(self, {0}: Tensor) -> tuple[Tensor, Tensor]:",
    "def forward(self, {0}: Tensor, {0}_1: Tensor, {0}_2: Tensor) -> Tensor:",
]


def test_printer_breaks_lines_as_ruff_does(tmp_path: Path) -> None:
    for number, (form, name) in enumerate(product(FORMS, NAMES)):
        text = form.format(name)
        lines = ["class A:", "    def f(self):", *statement(text, 8)]
        body = ["            pass"] if text.endswith(":") else []
        (tmp_path / f"form_{number}.py").write_text("\n".join([*lines, *body]) + "\n")
    ruff = [sys.executable, "-m", "ruff", "format", "--isolated", "--no-cache", "--diff", str(tmp_path)]
    done = subprocess.run(ruff, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_comments_stand_behind_the_code_or_above_it() -> None:
    short = "x = f(x)"
    assert statement(short, 4, "(N, 3)") == ["    x = f(x)  # (N, 3)"]
    just = "x" * (88 - 4 - len("  # (N, 3)"))
    assert statement(just, 4, "(N, 3)") == [f"    {just}  # (N, 3)"]
    assert statement(just + "x", 4, "(N, 3)") == ["    # (N, 3)", f"    {just}x"]


def test_docstrings_break_between_tensors() -> None:
    shapes = ", ".join(["(N, 16 * H, 16 * W, 3) float32"] * 3)
    lines = docstring(f"{shapes} -> (N, 3) float32.", 4)
    assert len(lines) > 1
    assert all(line.count("(") == line.count(")") for line in lines)
    assert all(len(line) <= 88 for line in lines)
