"""`nndsl.load`: a module that is ready, with initial weights or with those of a file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

import nndsl

TEXT = """model Small(units=3) {
  input x: (4)
  Dense(units) -> Dropout(0.5) -> Dense(2)
}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "small.nn"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_weights_come_from_the_file(file: Path, tmp_path: Path) -> None:
    first = nndsl.load(file, seed=1)
    save_file(first.state_dict(), tmp_path / "small.safetensors")
    again = nndsl.load(str(file), weights=tmp_path / "small.safetensors", seed=2)
    x = torch.rand(5, 4)
    assert not torch.equal(nndsl.load(file, seed=2).eval()(x), first.eval()(x))
    torch.testing.assert_close(again.eval()(x), first.eval()(x), rtol=0, atol=0)


def test_weights_of_another_model_are_refused_with_the_difference(file: Path, tmp_path: Path) -> None:
    state = nndsl.load(file, settings={"units": 5}).state_dict()
    state["extra"] = state.pop("dense_1.bias")
    save_file(state, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match="another model") as caught:
        nndsl.load(file, weights=tmp_path / "other.safetensors")
    told = str(caught.value)
    assert "missing: dense_1.bias" in told
    assert "unknown: extra" in told
    assert "dense.weight is (5, 4), and should be (3, 4)" in told


def test_what_is_no_safetensors_file_is_refused(file: Path, tmp_path: Path) -> None:
    (tmp_path / "junk.safetensors").write_bytes(b"junk")
    with pytest.raises(ValueError, match="is not a safetensors file"):
        nndsl.load(file, weights=tmp_path / "junk.safetensors")


def test_a_file_with_errors_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wrong.nn"
    path.write_text("model M {\n  input (4)\n  Dens(3)\n}\n", encoding="utf-8")
    with pytest.raises(nndsl.NNDSLError, match="E0201"):
        nndsl.load(path)


@pytest.mark.parametrize("call", ["nndsl.load('small.nn')", "nndsl.compile(open('small.nn').read()).module()"])
def test_without_pytorch_it_says_what_to_install(file: Path, call: str) -> None:
    code = f"import sys; sys.modules['torch'] = None; import nndsl; {call}"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=file.parent)
    told = process.stderr.strip().splitlines()[-1]
    assert told == (
        "ModuleNotFoundError: a live module needs torch, which is not installed: pip install 'nndsl[torch]'"
    )
