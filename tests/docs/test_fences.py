"""Each example in the README and in docs/ is right, and each wrong example has the code that it is given for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import nndsl
from nndsl.limits import Limits

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
FENCE = re.compile(r"^```nn(?: error ([EW]\d{4}))?\n(.*?)^```$(?:\n\nKeys: ([^\n]*))?", re.MULTILINE | re.DOTALL)


def line_of(page: Path, offset: int) -> str:
    line = page.read_text(encoding="utf-8").count("\n", 0, offset) + 1
    return f"{page.name}:{line}"


FENCES = [
    pytest.param(*match.groups(), id=line_of(page, match.start()))
    for page in PAGES
    for match in FENCE.finditer(page.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(("code", "text", "keys"), FENCES)
def test_examples(code: str | None, text: str, keys: str | None) -> None:
    assert [each.code for each in nndsl.check(text)] == ([code] if code else [])
    if code is None:
        assert nndsl.format(text) == text
    if keys is not None:
        state = nndsl.compile(text).module(device="meta").state_dict()
        assert {key.rpartition(".")[0] or key for key in state} == set(re.findall("`(.*?)`", keys))


def test_every_fence_of_the_language_is_read() -> None:
    written = sum(page.read_text(encoding="utf-8").count("\n```nn") for page in PAGES)
    assert written == len(FENCES) > 20


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    headings = {
        re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", text, re.M)
    }
    for target in re.findall(r"\]\(([^)]+)\)", text):
        path, _, anchor = target.partition("#")
        assert target.startswith("https://") or not path or (page.parent / path).exists(), target
        assert path or anchor in headings, target


def test_the_budgets_are_those_of_the_compiler() -> None:
    text = (ROOT / "docs" / "language.md").read_text(encoding="utf-8").partition("### Budgets")[2]
    numbers = {int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", text)}
    assert {getattr(Limits(), name) for name in Limits.__slots__} <= numbers
