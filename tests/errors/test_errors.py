"""Each ``CODE_name.nn`` has the messages of ``CODE_name.txt``, and CODE is among them; scripts of Keras are ``.py``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import nndsl
import tests.errors.fits
import tests.errors.runs
import tests.errors.scripts
import tests.errors.using  # noqa: F401  registers its cases
from nndsl.importing.script import read_script
from nndsl.train.errors import TrainingError
from tests.errors.training import CASES as TRAINING
from tests.goldens import compare, options_of, read_options

FOLDER = Path(__file__).parent
CASES = sorted([*FOLDER.glob("[EW][0-9]*.nn"), *FOLDER.glob("E09*.py")])
PAGES = sorted((Path(nndsl.__file__).parent / "codes").glob("*.md"))
FENCE = re.compile(r"^```(?:nn|python) *(\{[^\n]*\})?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# These cannot be shown in a page, which is a text of a usual size; their goldens show them.
WITHOUT_EXAMPLE = frozenset({"E0101", "E0603", "E0604", "E0605", "E0608", "E0717", "E0718", "W0401"})


TEXTS = {*(case.stem for case in CASES), *TRAINING}
"""What has a golden: texts, scripts of Keras, and what happens in training."""


def code_of(stem: str) -> str:
    return stem.partition("_")[0]


def read(script: str, name: str = "<text>") -> list[nndsl.Diagnostic]:
    """What is wrong with a script of Keras."""
    try:
        read_script(nndsl.Source(name, script))
    except nndsl.NNDSLError as error:
        return list(error.diagnostics)
    return []


def check(text: Path | str, *, module: bool = False, **options: Any) -> list[nndsl.Diagnostic]:
    """What is wrong with a text; with ``module`` what is found when its module is made."""
    if not module:
        return nndsl.check(text, **options)
    with pytest.raises(nndsl.NNDSLError) as caught:
        nndsl.compile(text, **options).module(seed=0)
    return list(caught.value.diagnostics)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_messages(case: Path, update: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)  # messages show the name of the file as it was given
    if case.suffix == ".py":
        diagnostics = read(case.read_text(encoding="utf-8"), case.name)
    else:
        diagnostics = check(Path(case.name), **options_of(case))
    assert code_of(case.stem) in [diagnostic.code for diagnostic in diagnostics]
    compare(nndsl.render(diagnostics) + "\n", case.with_suffix(".txt"), update=update)


@pytest.mark.parametrize("name", TRAINING)
def test_messages_of_training(name: str, update: bool, tmp_path: Path) -> None:
    try:
        said = list(TRAINING[name](tmp_path) or ())
    except TrainingError as error:
        said = [error]
    assert [each.code for each in said] == [code_of(name)]
    text = str(said[0]).replace(str(tmp_path), "FOLDER")
    compare(text + "\n", FOLDER / f"{name}.txt", update=update)


def test_every_code_has_a_page_and_every_page_a_golden() -> None:
    assert {code_of(stem) for stem in TEXTS} == {page.stem for page in PAGES}


def test_every_text_has_a_case() -> None:
    assert {text.stem for text in FOLDER.glob("*.txt")} == TEXTS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_pages_are_right(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# ")
    if page.stem in WITHOUT_EXAMPLE:
        return
    if page.stem[1:3] in ("10", "11", "12"):  # what happens in training, to files that are right
        for options, shown in re.findall(r"^```nn *(\{[^\n]*\})?\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            assert check(shown, **read_options(options or "{}")) == []
        return
    checked = read if page.stem.startswith("E09") else check
    (wrong_options, wrong), *_, (right_options, right) = FENCE.findall(text)
    found = checked(wrong, **read_options(wrong_options or "{}"))
    assert [diagnostic.code for diagnostic in found] == [page.stem]
    assert checked(right, **read_options(right_options or "{}")) == []
