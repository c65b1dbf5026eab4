"""`nndsl.load`: a module that is ready, with initial weights or with those of a file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

import nndsl
from nndsl.cli.main import main
from nndsl.tensor_file import read_tensor_file

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


def test_a_renamed_layer_is_recognised(file: Path, tmp_path: Path) -> None:
    state = nndsl.load(file).state_dict()
    renamed = {key.replace("dense_1", "head"): value for key, value in state.items()}
    save_file(renamed, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match="another model") as caught:
        nndsl.load(file, weights=tmp_path / "other.safetensors")
    assert "help: if they were renamed, `nndsl weights rename" in str(caught.value)
    assert "head=dense_1`" in str(caught.value)
    assert main(["weights", "rename", str(tmp_path / "other.safetensors"), "head=dense_1"]) == 0
    nndsl.load(file, weights=tmp_path / "other.safetensors")


def test_floats_are_no_integers(file: Path, tmp_path: Path) -> None:
    state = nndsl.load(file).state_dict()
    save_file({**state, "dense.bias": torch.ones(3, dtype=torch.int64)}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match=r"dense\.bias is int64, and should be float32"):
        nndsl.load(file, weights=tmp_path / "other.safetensors")
    save_file({key: value.double() for key, value in state.items()}, tmp_path / "other.safetensors")
    assert nndsl.load(file, weights=tmp_path / "other.safetensors").dense.bias.dtype == torch.float32


def test_a_part_of_the_weights(file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    state = nndsl.load(file, seed=1).state_dict()
    state["extra"] = state.pop("dense_1.bias")
    path = tmp_path / "part.safetensors"
    save_file(state, path)
    module = nndsl.load(file, weights=path, only="dense.*", seed=2)
    assert torch.equal(module.dense.weight, state["dense.weight"])
    assert torch.equal(module.dense_1.weight, nndsl.load(file, seed=2).dense_1.weight)
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("nndsl", "WARNING")
    assert record.getMessage().splitlines() == [
        f"2 of 4 weights are taken from {path}",
        "  taken: dense.weight",
        "  taken: dense.bias",
        "  kept as it was: dense_1.weight",
        "  kept as it was: dense_1.bias",
        *(f"  left in the file: {key}" for key in read_tensor_file(path).entries if not key.startswith("dense.")),
    ]
    loaded = nndsl.load_weights(module, path, only=["dense.bias", "dense_1.weight"])
    assert loaded.taken == ("dense.bias", "dense_1.weight")
    assert loaded.kept == ("dense.weight", "dense_1.bias")
    assert set(loaded.left) == {"dense.weight", "extra"}
    assert torch.equal(module.dense_1.weight, state["dense_1.weight"])


def test_a_part_that_is_not_whole_is_refused_and_changes_nothing(file: Path, tmp_path: Path) -> None:
    state = nndsl.load(file, seed=1).state_dict()
    del state["dense.bias"]
    save_file(state, tmp_path / "part.safetensors")
    module = nndsl.load(file, seed=2)
    before = {key: value.clone() for key, value in module.state_dict().items()}
    with pytest.raises(ValueError, match=r"missing: dense\.bias"):
        nndsl.load_weights(module, tmp_path / "part.safetensors", only="dense.*")
    with pytest.raises(ValueError, match=r"no weight of the model matches 'dens\.\*'"):
        nndsl.load_weights(module, tmp_path / "part.safetensors", only="dens.*")
    assert all(torch.equal(value, before[key]) for key, value in module.state_dict().items())
    with pytest.raises(ValueError, match="no file is given"):
        nndsl.load(file, only="dense.*")


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
