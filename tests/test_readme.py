"""What the README shows is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import nndsl

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def fences(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("text", fences("nn"))
def test_models_are_clean_and_formatted(text: str) -> None:
    assert nndsl.check(text) == []
    assert nndsl.format(text) == text


def test_messages_are_those_of_the_wrong_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    wrong = fences("nn error E[0-9]+")
    assert len(wrong) == len(fences("text")) > 0
    for text, expected in zip(wrong, fences("text"), strict=True):
        name = re.search(r"--> (\S+):\d+:\d+", expected)
        assert name is not None
        Path(name[1]).write_text(text, encoding="utf-8")
        assert nndsl.render(nndsl.check(name[1])) == expected.rstrip("\n")


def test_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mnist.nn").write_text(fences("nn")[0])
    for text in fences("python"):
        scope: dict[str, object] = {}
        exec(text, scope)
        assert scope["probabilities"].shape == (4, 10)  # type: ignore[attr-defined]


def test_commands_exist() -> None:
    from nndsl.cli.main import COMMANDS

    commands = re.findall(r"^ {4}nndsl (\w+)", README, re.MULTILINE)
    assert commands
    assert set(commands) <= set(COMMANDS)
    targets = re.findall(r"^ {4}make (\w+)", README, re.MULTILINE)
    assert {"demo", "test"} <= set(targets)
    assert all(f"\n{target}:" in MAKEFILE for target in targets)


@pytest.mark.parametrize("page", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert target.startswith("https://") or (ROOT / target).exists(), target
