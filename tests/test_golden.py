"""Each ``golden/NAME.nn`` compiles to the source in ``golden/NAME.py``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import nndsl
from tests.goldens import compare, options_of

FOLDER = Path(__file__).parent / "golden"
CASES = sorted(FOLDER.glob("*.nn"))
HELPERS = sorted((Path(nndsl.__file__).parent / "emit" / "helpers").glob("*.py"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_source(case: Path, update: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    source = nndsl.compile(Path(case.name), **options_of(case)).source
    compare(source, case.with_suffix(".py"), update=update)


def test_there_are_cases() -> None:
    assert CASES


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids="-".join)
def test_ruff_accepts_the_sources(command: list[str]) -> None:
    sources = [case.with_suffix(".py") for case in CASES] + HELPERS
    ruff = [sys.executable, "-m", "ruff", *command, "--isolated", *sources]
    done = subprocess.run(ruff, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
