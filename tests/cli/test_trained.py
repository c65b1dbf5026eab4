"""Wrong use of the commands around training: each says in a line what is wrong, and ends with 2."""

from __future__ import annotations

from pathlib import Path

import pytest

from nndsl.cli.main import main


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate", "RUN", "--best", "--weights", "x"], "`--best` and `--weights` say both which weights are taken"),
        (["predict", "RUN", "--model", "Net"], "a run has its own model and settings: leave the other options out"),
        (["export", "RUN"], "say which format: `--format onnx`, or `-o FILE.onnx`"),
        (["evaluate", "RUN", "--data", "a.npz", "b.npz"], "the data are one file"),
        (["evaluate", "nowhere.nn", "--data", "a.npz"], "No such file or directory: 'nowhere.nn'"),
    ],
)
def test_wrong_use(arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path) if each == "RUN" else each for each in arguments]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["predict", "x", "--rows", "5:2"], "neither a row, such as 3, nor rows, such as 0:10"),
        (["export", "x", "--size", "T"], "is not of the form NAME=N, such as T=32"),
        (["evaluate", "x", "--batch-size", "0"], "is no whole number of at least 1"),
        (["export", "x", "--format", "h5"], "invalid choice"),
    ],
)
def test_wrong_values(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err
