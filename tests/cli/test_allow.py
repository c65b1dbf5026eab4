"""``--allow``: the Python modules that a file may take layers from."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from nndsl.cli.main import main

TEXT = """from python "mylib.layers" import Gate

extern Gate(units) {
  input x: (..., D)
  output (..., units)
}

model M {
  input x: (8)

  Gate(3)
}
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "gate.nn").write_text(TEXT)
    return str(tmp_path / "gate.nn")


@pytest.mark.parametrize("command", ["check", "build", "summary"])
def test_commands_allow_modules_by_name(command: str, file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, file]) == 1
    assert main([command, file, "--allow", "other"]) == 1
    assert "--allow mylib.layers" in capsys.readouterr().err
    for allowed in (["--allow", "mylib"], ["--allow", "other", "--allow", "mylib.layers"]):
        assert main([command, file, *allowed]) == 0
        assert capsys.readouterr().err == ""
    assert not [name for name in sys.modules if name.startswith("mylib")]


@pytest.mark.parametrize("module", ["", "my/lib.py", ".layers", "a b"])
def test_what_is_no_module_is_wrong_use(module: str, file: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["check", file, "--allow", module])
    assert stop.value.code == 2
    assert "is not the name of a Python module" in capsys.readouterr().err


def test_the_summary_as_data_says_what_is_not_known(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", file, "--allow", "mylib", "--format", "json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["parameters"], summary["unknown"]) == (0, ["Gate"])
    assert [row["unknown"] for row in summary["rows"]] == [[], ["Gate"]]


def test_the_graph_shows_its_arguments(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", file, "--allow", "mylib", "--emit", "graph"]) == 0
    assert "= Gate(%0, units=3): (N, 3) float32 [gate]" in capsys.readouterr().out
