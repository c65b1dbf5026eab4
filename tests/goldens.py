"""What the runners of goldens share: cases as files, and the comparison with what is expected."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nndsl


def options_of(case: Path) -> dict[str, Any]:
    """Return the arguments of a case: those in the .json beside it, if there is one.

    Its keys are those of ``nndsl.check``; ``limits`` has the fields of ``Limits`` to change.
    """
    file = case.with_suffix(".json")
    return read_options(file.read_text() if file.exists() else "{}")


def read_options(text: str) -> dict[str, Any]:
    """Return the arguments that JSON describes."""
    options: dict[str, Any] = json.loads(text)
    if "limits" in options:
        options["limits"] = nndsl.Limits(**options["limits"])
    return options


def compare(actual: str, golden: Path, *, update: bool) -> None:
    """Assert that the text is that of the golden, or rewrite the golden."""
    if update:
        golden.write_text(actual, encoding="utf-8", newline="\n")
    assert golden.exists(), f"{golden.name} is missing; --update writes it"
    assert actual == golden.read_text(encoding="utf-8")
