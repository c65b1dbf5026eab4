"""``nndsl weights``: the table, and other names for keys."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from nndsl.cli.main import main

Run = tuple[int, str, str]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    state = {"dense.weight": torch.ones(3, 4), "dense.bias": torch.ones(3), "y\x1b[2J.weight": torch.ones(1000, 2)}
    save_file(state, tmp_path / "w.safetensors", {"format": "pt"})
    return tmp_path / "w.safetensors"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]):
    def call(*arguments: str | Path) -> Run:
        return main(["weights", *map(str, arguments)]), *capsys.readouterr()

    return call


def test_the_table(run, path: Path) -> None:
    status, out, err = run(path)
    assert (status, err) == (0, "")
    rule, head, _, *lines, _, total = out.splitlines()
    assert head.split() == ["Key", "Shape", "Type", "Numbers"]
    assert sorted(" ".join(line.split()) for line in lines) == [
        "dense.bias (3,) float32 3",
        "dense.weight (3, 4) float32 12",
        "y\\x1b[2J.weight (1000, 2) float32 2,000",
    ]
    assert total == "3 weights, 2,015 numbers"
    assert {len(line) for line in (head, *lines)} == {len(rule)}


def test_json(run, path: Path) -> None:
    status, out, _ = run(path, "--format", "json")
    data = json.loads(out)
    assert status == 0
    assert {"key": "dense.weight", "shape": [3, 4], "dtype": "float32"} in data["weights"]
    assert data["metadata"] == {"format": "pt"}


def test_rename(run, path: Path) -> None:
    before = load_file(path)
    status, out, err = run("rename", path, "dense=head", "dense.bias=shift")
    assert (status, err) == (0, "")
    assert sorted(out.splitlines()) == ["dense.bias -> shift", "dense.weight -> head.weight"]
    after = load_file(path)
    assert torch.equal(after["head.weight"], before["dense.weight"])
    assert torch.equal(after["shift"], before["dense.bias"])
    status, out, _ = run("rename", path, "head=dense", "--format", "json")
    assert (status, json.loads(out)) == (0, {"renamed": {"head.weight": "dense.weight"}})


def test_names_that_do_not_fit_change_nothing(run, path: Path) -> None:
    before = path.read_bytes()
    for names, told in [
        (("dens=head",), "nndsl: no key is 'dens', or begins so\nhelp: did you mean dense?\n"),
        (("dense.weight=dense.bias",), "would both be dense.bias"),
    ]:
        status, out, err = run("rename", path, *names)
        assert (status, out) == (1, "")
        assert told in err
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "arguments", [("rename", "FILE"), ("FILE", "a=b"), ("rename", "FILE", "a"), ("rename", "FILE", "a=b", "a=c")]
)
def test_wrong_use(run, path: Path, arguments: tuple[str, ...]) -> None:
    status, out, err = run(*(path if each == "FILE" else each for each in arguments))
    assert (status, out) == (2, "")
    assert err.startswith("nndsl: ")


def test_damaged_files(run, tmp_path: Path) -> None:
    (tmp_path / "junk").write_bytes(b"\x80\x02junk")
    for arguments in (("junk",), ("rename", "junk", "a=b")):
        status, out, err = run(*(tmp_path / each if each == "junk" else each for each in arguments))
        assert (status, out) == (1, "")
        assert "is not a safetensors file, or a damaged one" in err
    assert run(tmp_path / "gone")[0] == 2


def test_it_needs_no_pytorch(path: Path) -> None:
    script = (
        "import sys; from nndsl.cli.main import main\n"
        "assert main(['weights', sys.argv[1]]) == 0\n"
        "assert main(['weights', 'rename', sys.argv[1], 'dense=head']) == 0\n"
        "assert not {'torch', 'numpy', 'safetensors', 'lark', 'networkx', 'rich'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
