"""Files of tensors in the format of safetensors: their headers are read, and rewritten, without PyTorch."""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

LARGEST_HEADER = 16_000_000
"""The bytes that a header may have: enough for some 100,000 tensors."""
METADATA = "__metadata__"
BITS = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2", "F8_E8M0"), 8),
    **dict.fromkeys(("U16", "I16", "F16", "BF16"), 16),
    **dict.fromkeys(("U32", "I32", "F32"), 32),
    **dict.fromkeys(("U64", "I64", "F64", "C64"), 64),
    **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
    "F4": 4,
}
"""The bits of a number of each dtype of the format."""
_WORDS = {"BOOL": "bool", "F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64", "C64": "complex64"}
_WORDS |= {
    f"{letter}{bits}": f"{word}{bits}" for letter, word in (("I", "int"), ("U", "uint")) for bits in (8, 16, 32, 64)
}
_NO_WAIT = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class TensorFileError(ValueError):
    """A file is not, or not wholly, one of safetensors."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A tensor in a file: the format's name of its dtype, its shape, and where its bytes are behind the header."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int

    @property
    def count(self) -> int:
        """The number of its numbers."""
        count = 1
        for size in self.shape:
            count *= size
        return count

    @property
    def word(self) -> str:
        """The dtype as PyTorch calls it."""
        return _WORDS.get(self.dtype, self.dtype.lower())


@dataclass(frozen=True, slots=True)
class TensorFile:
    """The header of a file: its tensors by their keys, in the order of their bytes, and what else it says."""

    entries: Mapping[str, Entry]
    metadata: Mapping[str, str]
    start: int
    """Where the header ends, and the bytes of the tensors begin."""


def read_tensor_file(path: str | Path) -> TensorFile:
    """Return the header of a file.

    Raises TensorFileError for what is damaged, or something else, and OSError for what cannot be opened.
    """
    with _opened(path) as handle:
        return _read(handle, path)


def _opened(path: str | Path) -> BinaryIO:
    """Open a regular file; anything else might never end, or never begin."""
    handle = os.fdopen(os.open(path, os.O_RDONLY | _NO_WAIT), "rb")
    if not stat.S_ISREG(os.fstat(handle.fileno()).st_mode):
        handle.close()
        raise TensorFileError(f"{path} is not a regular file")
    return handle


def _read(handle: BinaryIO, path: str | Path) -> TensorFile:
    size = os.fstat(handle.fileno()).st_size
    length = int.from_bytes(handle.read(8), "little")
    try:
        if size < 8 or length < 2:
            raise TensorFileError("it has no header")
        if length > min(size - 8, LARGEST_HEADER):
            what = "the file has" if length > size - 8 else "are allowed"
            raise TensorFileError(f"its header would have {length:,} bytes, more than {what}")
        header = _header(handle.read(length))
        metadata = header.pop(METADATA, {})
        if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
            raise TensorFileError("its metadata are not texts")
        entries = {key: _entry(key, value, size) for key, value in header.items()}
        _check_bytes(entries, size - 8 - length)
    except TensorFileError as error:
        raise TensorFileError(f"{path} is not a safetensors file, or a damaged one: {error}") from None
    return TensorFile(dict(sorted(entries.items(), key=lambda item: item[1].start)), metadata, 8 + length)


def _header(data: bytes) -> dict[str, Any]:
    try:
        header = json.loads(data.decode("utf-8"), object_pairs_hook=_distinct)
    except TensorFileError:
        raise
    except (ValueError, RecursionError):
        raise TensorFileError("its header cannot be read") from None
    if not isinstance(header, dict):
        raise TensorFileError("its header cannot be read")
    return header


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise TensorFileError("its header has a key twice")
    return found


def _entry(key: str, value: Any, size: int) -> Entry:
    match value:
        case {"dtype": str(dtype), "shape": list(shape), "data_offsets": [int(start), int(end)]} if dtype in BITS:
            entry = Entry(dtype, tuple(shape), start, end)
        case _:
            raise TensorFileError(f"what it says of {shown(key)} cannot be read")
    count = 1
    for each in shape:
        if type(each) is not int or each < 0:
            raise TensorFileError(f"what it says of {shown(key)} cannot be read")
        count *= each
        if count * BITS[dtype] > 8 * size:
            raise TensorFileError(f"{shown(key)} would be larger than the file")
    if count * BITS[dtype] != 8 * (end - start):
        raise TensorFileError(f"the bytes of {shown(key)} do not fit its shape")
    return entry


def _check_bytes(entries: Mapping[str, Entry], size: int) -> None:
    """Refuse tensors that share bytes, or leave some out."""
    place = 0
    for key, entry in sorted(entries.items(), key=lambda item: (item[1].start, item[1].end)):
        if entry.start != place:
            raise TensorFileError(f"the bytes of {shown(key)} are not behind those of the tensor before it")
        place = entry.end
    if place != size:
        raise TensorFileError(f"its tensors have {place:,} bytes, and the file {size:,}")


def shown(key: str) -> str:
    """Return a key as a message shows it: characters that would not be seen are escaped."""
    text = key if len(key) <= 120 else key[:119] + "…"
    return "`" + "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text) + "`"


def rename_tensors(path: str | Path, names: Mapping[str, str]) -> None:
    """Give tensors of a file other keys: ``names`` has the new key for each.

    The new file stands beside the old one until it is whole, and then takes its place at once.
    """
    target = Path(os.path.realpath(path))
    with _opened(target) as source:
        file = _read(source, path)
        entries = {names.get(key, key): entry for key, entry in file.entries.items()}
        descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
        try:
            with os.fdopen(descriptor, "wb") as copy:
                Path(temporary).chmod(stat.S_IMODE(os.fstat(source.fileno()).st_mode))
                copy.write(_written(replace(file, entries=entries)))
                source.seek(file.start)
                shutil.copyfileobj(source, copy, 2**20)
                copy.flush()
                os.fsync(copy.fileno())
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink()
            raise
    _sync_folder(target.parent)


def _written(file: TensorFile) -> bytes:
    header: dict[str, object] = {METADATA: dict(file.metadata)} if file.metadata else {}
    for key, entry in file.entries.items():
        offsets = [entry.start, entry.end]
        header[key] = {"dtype": entry.dtype, "shape": list(entry.shape), "data_offsets": offsets}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def _sync_folder(folder: Path) -> None:
    """Let the exchange of names reach the disk, where folders can be opened."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
