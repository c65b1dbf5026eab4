"""Files of tensors: read as safetensors itself reads them, refused where they are damaged, renamed at once."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, load_file, save, save_file

from nndsl.tensor_file import LARGEST_HEADER, TensorFileError, read_tensor_file, rename_tensors

TENSORS = {
    "encoder.weight": torch.arange(6.0).reshape(2, 3),
    "encoder.bias": torch.zeros(2, dtype=torch.bfloat16),
    "head.weight": torch.ones(0, 3, dtype=torch.int64),
    "count": torch.tensor(3, dtype=torch.uint8),
    "kept": torch.tensor([True, False]),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save_file(TENSORS, tmp_path / "w.safetensors", {"format": "pt", "note": "é"})
    return tmp_path / "w.safetensors"


def written(header: object, data: bytes = b"", folder: Path | None = None, name: str = "x") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def test_it_reads_what_safetensors_reads(path: Path) -> None:
    file = read_tensor_file(path)
    with safe_open(path, framework="pt") as other:
        assert file.entries.keys() == set(other.keys())
        assert file.metadata == other.metadata()
        for key, entry in file.entries.items():
            tensor = other.get_tensor(key)
            assert (entry.shape, f"torch.{entry.word}") == (tuple(tensor.shape), str(tensor.dtype))
            assert entry.count == tensor.numel()


ENTRY = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
DAMAGED = {
    "nothing": b"",
    "text": b"junk",
    "no_header": b"\x00" * 8,
    "beyond_the_end": (1000).to_bytes(8, "little") + b"{}",
    "huge_header": (2**63).to_bytes(8, "little") + b"{}",
    "no_json": written(b"{nonsense}"),
    "no_text": written(b'{"\xff": 1}'),
    "deep": written(b"[" * 100_000),
    "digits": written(b'{"a": ' + b"9" * 5000 + b"}"),
    "list": written([]),
    "twice": written(b'{"a": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}, "a": {}}'),
    "no_dtype": written({"a": {**ENTRY, "dtype": "F7"}}, b"\x00" * 8),
    "no_shape": written({"a": {"dtype": "F32", "data_offsets": [0, 8]}}, b"\x00" * 8),
    "negative": written({"a": {**ENTRY, "shape": [-2]}}, b"\x00" * 8),
    "fraction": written({"a": {**ENTRY, "shape": [2.0]}}, b"\x00" * 8),
    "truth": written({"a": {"dtype": "F32", "shape": [True], "data_offsets": [0, 4]}}, b"\x00" * 4),
    "bomb": written({"a": {**ENTRY, "shape": [2**40, 2**40]}}, b"\x00" * 8),
    "other_size": written({"a": {**ENTRY, "shape": [3]}}, b"\x00" * 8),
    "too_short": written({"a": ENTRY}, b"\x00" * 7),
    "too_long": written({"a": ENTRY}, b"\x00" * 9),
    "hole": written({"a": {**ENTRY, "data_offsets": [4, 12]}}, b"\x00" * 12),
    "shared": written({"a": ENTRY, "b": ENTRY}, b"\x00" * 8),
    "backwards": written({"a": {**ENTRY, "data_offsets": [8, 0]}}, b"\x00" * 8),
    "metadata": written({"__metadata__": {"a": 1}}),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_files_are_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(DAMAGED[name])
    with pytest.raises(TensorFileError, match="is not a safetensors file, or a damaged one: "):
        read_tensor_file(tmp_path / "x")


def test_a_header_that_would_fill_the_memory_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "x").open("wb") as file:
        file.write((LARGEST_HEADER + 1).to_bytes(8, "little"))
        file.truncate(LARGEST_HEADER + 100)
    with pytest.raises(TensorFileError, match="more than are allowed"):
        read_tensor_file(tmp_path / "x")


def test_every_truncation_is_refused(path: Path) -> None:
    data = path.read_bytes()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(TensorFileError):
            read_tensor_file(path)


@given(st.binary(max_size=60), st.integers(0, 300))
def test_what_is_read_is_what_safetensors_takes(tmp_path_factory: pytest.TempPathFactory, junk: bytes, at: int) -> None:
    """Whatever bytes are changed: this reader takes no file that safetensors refuses."""
    data = save({"a": torch.ones(2, 2), "b": torch.ones(3)})
    changed = data[:at] + junk + data[at + len(junk) :]
    path = tmp_path_factory.mktemp("x") / "x"
    path.write_bytes(changed)
    try:
        file = read_tensor_file(path)
    except TensorFileError:
        return
    try:
        assert file.entries.keys() == load(changed).keys()
    except SafetensorError as error:
        pytest.fail(f"safetensors refuses it: {error}")


def test_what_is_no_regular_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(TensorFileError, match="is not a regular file"):
            read_tensor_file(path)
    with pytest.raises((TensorFileError, IsADirectoryError)):
        read_tensor_file(tmp_path)


def test_keys_are_exchanged_and_all_else_stays(path: Path) -> None:
    path.chmod(0o640)
    rename_tensors(path, {"encoder.weight": "encoder.bias", "encoder.bias": "encoder.weight", "count": "a_longer_name"})
    found = load_file(path)
    assert torch.equal(found["encoder.bias"], TENSORS["encoder.weight"])
    assert torch.equal(found["encoder.weight"], TENSORS["encoder.bias"])
    assert torch.equal(found["a_longer_name"], TENSORS["count"])
    assert found.keys() == {*TENSORS, "a_longer_name"} - {"count"}
    assert read_tensor_file(path).metadata == {"format": "pt", "note": "é"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_link_stays_a_link(path: Path) -> None:
    link = path.with_name("link.safetensors")
    link.symlink_to(path)
    rename_tensors(link, {"count": "number"})
    assert link.is_symlink()
    assert "number" in load_file(path)


@pytest.mark.parametrize("stage", ["fsync", "copyfileobj"])
def test_a_failure_leaves_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch, stage: str) -> None:
    before = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr(f"nndsl.tensor_file.{'os' if stage == 'fsync' else 'shutil'}.{stage}", fail)
    with pytest.raises(OSError, match="no space left"):
        rename_tensors(path, {"count": "number"})
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]
