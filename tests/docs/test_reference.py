"""The pages of `docs/reference/` are those of the declarations; `--update` writes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from nndsl.reference import documents

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
PAGES = documents()


@pytest.mark.parametrize("path", PAGES)
def test_page(path: str, request: pytest.FixtureRequest) -> None:
    file = FOLDER / path
    if request.config.getoption("--update"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(PAGES[path], encoding="utf-8")
    assert file.read_text(encoding="utf-8") == PAGES[path]


def test_no_page_is_left_over() -> None:
    assert {file.relative_to(FOLDER).as_posix() for file in FOLDER.rglob("*.md")} == set(PAGES)
