"""Random graphs: what the compiler says of shapes and dtypes, against a real forward and backward pass."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import traceback
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from nndsl import ops
from nndsl.layers import FAMILIES
from tests.property import operations
from tests.property.graphs import written
from tests.property.running import Ran, run
from tests.property.shrinking import shrunk

FULL, SHORT = 20_000, 1_000


@pytest.fixture(name="count")
def count_of_graphs(full_size: bool) -> int:
    """How many graphs are tried; NNDSL_PROPERTY_COUNT says otherwise."""
    return int(os.environ.get("NNDSL_PROPERTY_COUNT", FULL if full_size else SHORT))


def agreed(text: str) -> Ran | None:
    """Run a text; a failure shows the shortest text that fails in the same way."""
    try:
        return run(text, Random(0))
    except Exception as error:
        kind = kind_of(error)
        error.add_note(shrunk(text, lambda other: failure_of(other) == kind))
        raise


def kind_of(error: Exception) -> tuple[type[Exception], str, int | None]:
    """Return the class of a failure, and the line that it came from."""
    origin = traceback.extract_tb(error.__traceback__)[-1]
    return type(error), origin.name, origin.lineno


def failure_of(text: str) -> tuple[type[Exception], str, int | None] | None:
    """Return the kind of failure of a text, or None if it has none."""
    try:
        run(text, Random(0))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a failure of the compiler
        return kind_of(error)
    return None


def test_random_graphs(count: int, tmp_path: Path) -> None:
    """What is accepted runs with the shapes that were said, for all sizes that were said; its source is in form."""
    ran: list[Ran | None] = []
    held: set[str] = set()

    # The short form tries the same graphs each time, so that a change is not blamed for what another one did.
    alike = count <= SHORT

    @settings(max_examples=count, derandomize=alike, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(seed=st.integers(0, 2**32 - 1))
    def check(seed: int) -> None:
        text = written(Random(seed))
        found = agreed(text)
        ran.append(found)
        if found is not None:
            held.update(re.findall(r"[A-Z]\w+(?=\()", text) if found.sizes else ())
            (tmp_path / f"graph_{len(ran)}.py").write_text(found.source, encoding="utf-8")

    check()
    accepted = [each for each in ran if each is not None]
    assert len(accepted) > 0.6 * len(ran)
    assert len({each.source for each in accepted}) > 0.6 * len(ran)
    assert sum(each.sizes == 2 for each in accepted) > 0.2 * len(accepted)
    assert sum(each.refusals for each in accepted) > 0.02 * len(accepted)
    if count >= SHORT:  # a new layer must be written into the texts, so that they are accepted with it
        assert not {name for names in FAMILIES.values() for name in names} - held
    for arguments in (["check", "--isolated", "--quiet"], ["format", "--isolated", "--check", "--quiet"]):
        ruff = [sys.executable, "-m", "ruff", *arguments, str(tmp_path)]
        found = subprocess.run(ruff, capture_output=True, text=True, check=False)
        assert found.returncode == 0, found.stdout + found.stderr


def test_the_texts_hold_every_operation() -> None:
    """A new operation must be written into the texts."""
    found = {name for seed in range(4_000) for name in re.findall(r"ops\.(\w+)\(", written(Random(seed)))}
    wanted = {name for family in operations.WRITERS for name in ops.FAMILIES[family]}
    assert wanted - {*operations.LEFT_OUT} <= found
    assert ops.FAMILIES.keys() - operations.WRITERS.keys() == {"random"}
