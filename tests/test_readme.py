"""What the README shows is so."""

from __future__ import annotations

import re
from pathlib import Path
from shutil import copy

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


def run(text: str) -> dict[str, object]:
    scope: dict[str, object] = {}
    exec(text, scope)
    return scope


def test_the_first_minute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from nndsl.cli.main import main

    monkeypatch.chdir(tmp_path)
    Path("digits.nn").write_text(fences("nn")[0].replace("epochs = 30", "epochs = 2"))
    copy(ROOT / "examples" / "data" / "digits.npz", "digits.npz")
    for command in re.findall(r"^    nndsl ([^#\n]*digits\.nn[^#\n]*|predict[^#\n]*)#", README, re.MULTILINE):
        assert main(command.split()) == 0
    assert "labels" in capsys.readouterr().out
    assert run(fences("python")[0])["probabilities"].shape == (4, 10)  # type: ignore[attr-defined]


# Keras's own conversions of its variables to NumPy warn.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_a_model_comes_over_from_keras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nndsl.cli.main import main

    monkeypatch.chdir(tmp_path)
    saved, compared = (text for text in fences("python") if "import keras" in text)
    run(saved)
    (command,) = re.findall(r"^    nndsl (import .*)", README, re.MULTILINE)
    assert main(command.split()) == 0
    assert Path("digits.nn").read_text() in fences("nn")
    run(compared)


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
