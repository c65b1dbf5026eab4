"""Random graphs: what the compiler says of shapes and dtypes, against a real forward and backward pass."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from nndsl.layers import FAMILIES
from tests.property.graphs import texts, written
from tests.property.running import Ran, run

FULL, SHORT = 20_000, 1_000


@pytest.fixture(name="count")
def count_of_graphs(full_size: bool) -> int:
    """How many graphs are tried; NNDSL_PROPERTY_COUNT says otherwise."""
    return int(os.environ.get("NNDSL_PROPERTY_COUNT", FULL if full_size else SHORT))


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Tensors are so small that a second thread only costs."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_random_graphs(count: int, tmp_path: Path) -> None:
    """What is accepted runs with the shapes that were said, for all sizes that were said; its source is in form."""
    ran: list[Ran | None] = []

    @settings(max_examples=count, suppress_health_check=list(HealthCheck), phases=set(Phase) - {Phase.reuse})
    @given(text=texts(), random=st.randoms(use_true_random=False))
    def check(text: str, random: Random) -> None:
        ran.append(run(text, random))
        if ran[-1] is not None:
            (tmp_path / f"graph_{len(ran)}.py").write_text(ran[-1].source, encoding="utf-8")

    check()
    accepted = [each for each in ran if each is not None]
    assert len(accepted) > 0.6 * len(ran)
    assert len({each.source for each in accepted}) > 0.6 * len(ran)
    assert sum(each.sizes == 2 for each in accepted) > 0.2 * len(accepted)
    assert sum(each.refusals for each in accepted) > 0.02 * len(accepted)
    for arguments in (["check", "--isolated", "--quiet"], ["format", "--isolated", "--check", "--quiet"]):
        ruff = [sys.executable, "-m", "ruff", *arguments, str(tmp_path)]
        found = subprocess.run(ruff, capture_output=True, text=True, check=False)
        assert found.returncode == 0, found.stdout + found.stderr


def test_the_texts_hold_every_layer() -> None:
    """A new layer must be written into the texts."""
    found = {name for seed in range(2_000) for name in re.findall(r"[A-Z]\w+(?=\()", written(Random(seed)))}
    assert {name for names in FAMILIES.values() for name in names} <= found
