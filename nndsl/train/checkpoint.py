"""Checkpoints: folders that are there whole, or not at all, and that are checked, byte by byte, when they are read.

``step-000000120-0/`` holds ``state.safetensors`` and ``state.json``, which has the SHA-256 of both. They are in the
order of their steps, whatever clocks say; a step that is saved again has the next number behind it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from torch import Tensor

from nndsl.tensor_file import TensorFileError, read_tensor_file
from nndsl.train.durable import make_folder, remove_folder, rename, sync_folder, write_file
from nndsl.train.errors import Remark, TrainingError
from nndsl.train.tensors import DTYPES, chunks, tensors_in

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

FORMAT = 1
"""The number of this format; one that changes what is below has the next."""
LARGEST_FACTS = 2**26
"""The bytes that the facts may have."""
TENSORS, FACTS = "state.safetensors", "state.json"
_NAME = re.compile(r"step-(\d{9,18})-(\d{1,9})")
_KEYS = {"facts", "files", "format", "sha256", "step", "tensors"}


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """The state of a run: tensors by name, and facts that JSON can hold; ``facts["step"]`` counts its steps."""

    tensors: Mapping[str, Tensor] = field(repr=False)
    facts: Mapping[str, Any]

    @property
    def step(self) -> int:
        """The number of steps that were made."""
        step = self.facts["step"]
        assert isinstance(step, int)
        return step


class DamagedError(Exception):
    """A checkpoint is not as it was written; the text says how."""


def save(folder: Path, snapshot: Snapshot, keep: int = 2) -> Path:
    """Save a state as the newest checkpoint of a folder, and return its path; older ones than ``keep`` are removed.

    Checkpoints of later steps, which a run that went back would meet again, are removed too. Raises TrainingError
    (E1107) if that cannot be done; the checkpoints before are intact then.
    """
    temporary = folder / f".tmp-{os.getpid()}-{snapshot.step}"
    try:
        make_folder(folder)
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        written = write_file(temporary / TENSORS, chunks(snapshot.tensors))
        body: dict[str, Json] = {
            "facts": dict(snapshot.facts),
            "files": {TENSORS: {"sha256": written.sha256, "size": written.size}},
            "format": FORMAT,
            "step": snapshot.step,
            "tensors": {name: [DTYPES[each.dtype], *each.shape] for name, each in snapshot.tensors.items()},
        }
        write_file(temporary / FACTS, [_signed(body).encode()])
        sync_folder(temporary)
        final = folder / _next(folder, snapshot.step)
        rename(temporary, final)
        _prune(folder, snapshot.step, keep)
    except OSError as error:
        where = f"the checkpoint of step {snapshot.step} cannot be saved in {folder}"
        help = "the checkpoints before it are intact; make room or mend the folder, and resume the run"
        raise TrainingError("E1107", f"{where}: {error.strerror or error}", help) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return final


def newest(folder: Path) -> tuple[Snapshot | None, tuple[Remark, ...]]:
    """Return the newest checkpoint of a folder that is whole, and what is wrong with newer ones; None if there is none.

    Raises TrainingError if all are damaged (E1102), or one is of a format that is not known here (E1105).
    """
    remarks: list[Remark] = []
    for path in reversed(checkpoints(folder)):
        try:
            return read(path), tuple(remarks)
        except DamagedError as error:
            remarks.append(Remark("W1101", f"{path} is damaged: {error}", "the checkpoint before it is used"))
    if remarks:
        listed = "\n  ".join(remark.message for remark in remarks)
        help = f"remove {folder} to begin anew"
        raise TrainingError("E1102", f"no checkpoint of this run can be used:\n  {listed}", help)
    return None, ()


def checkpoints(folder: Path) -> list[Path]:
    """Return the paths of the checkpoints of a folder, by their steps."""
    found = []
    if folder.is_dir():
        for entry in folder.iterdir():
            match = _NAME.fullmatch(entry.name)
            if match is not None and entry.is_dir() and not entry.is_symlink():
                found.append((int(match[1]), int(match[2]), entry))
    return [path for _, _, path in sorted(found)]


def read(path: Path) -> Snapshot:
    """Return a checkpoint. Raises DamagedError unless each byte of it is as it was written.

    Raises TrainingError (E1105) for a format that is not known here. Nothing is ever unpickled.
    """
    try:
        body = _body(_bytes(path / FACTS, LARGEST_FACTS))
        number = body["format"]
        if number != FORMAT:
            help = f"this version reads the format {FORMAT}: go on with the version of nndsl that wrote it"
            raise TrainingError("E1105", f"{path} is a checkpoint of the format {number!r}", help)
        match body:
            case {"files": {"state.safetensors": {"sha256": str(digest), "size": int(size)}}, "facts": dict(facts)}:
                tensors = _tensors(path / TENSORS, digest, size)
            case _:
                raise DamagedError(f"{FACTS} does not name {TENSORS}")
        if body.keys() != _KEYS:
            raise DamagedError(f"{FACTS} does not have the keys of its format")
        if {name: [DTYPES[each.dtype], *each.shape] for name, each in tensors.items()} != body["tensors"]:
            raise DamagedError(f"{TENSORS} does not have the tensors of {FACTS}")
        step = body["step"]
        if type(step) is not int or facts.get("step") != step or _step(path) != step:
            raise DamagedError("it is not of the step that its name says")
    except OSError as error:
        raise DamagedError(f"it cannot be read: {error.strerror or error}") from error
    return Snapshot(tensors, facts)


def _tensors(path: Path, digest: str, size: int) -> dict[str, Tensor]:
    if path.stat().st_size != size:
        raise DamagedError(f"{path.name} has {path.stat().st_size:,} bytes, and should have {size:,}")
    data = _bytes(path, size)
    if hashlib.sha256(data).hexdigest() != digest:
        raise DamagedError(f"{path.name} is not what was written: its SHA-256 differs")
    try:
        return tensors_in(data, read_tensor_file(path))
    except (TensorFileError, ValueError) as error:
        raise DamagedError(str(error)) from error


def _bytes(path: Path, most: int) -> bytearray:
    """Return what is in a regular file of at most so many bytes."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > most:
            raise DamagedError(f"{path.name} is no file of at most {most:,} bytes")
        data = bytearray(status.st_size)
        view = memoryview(data)
        with io.FileIO(descriptor, closefd=False) as file:
            while len(view):
                count = file.readinto(view)
                if not count:
                    raise DamagedError(f"{path.name} ends too early")
                view = view[count:]
    finally:
        os.close(descriptor)
    return data


def _signed(body: Mapping[str, Json]) -> str:
    """Return a text with its own hash in it; there is one text alone for the same content."""
    return _text({**body, "sha256": hashlib.sha256(_text(body).encode()).hexdigest()})


def _text(body: Mapping[str, Json]) -> str:
    return json.dumps(body, indent=1) + "\n"


def _body(data: bytearray) -> dict[str, Any]:
    try:
        text = data.decode("ascii")
        body = json.loads(text)
        signature = body["sha256"]
        whole = text == _text(body) and signature == _hash(body)
    except (ValueError, TypeError, KeyError, RecursionError):
        whole = False
    if not whole or "format" not in body:
        raise DamagedError(f"{FACTS} is not what was written")
    found: dict[str, Any] = body
    return found


def _hash(body: Mapping[str, Any]) -> str:
    unsigned = {key: value for key, value in body.items() if key != "sha256"}
    return hashlib.sha256(_text(unsigned).encode()).hexdigest()


def _step(path: Path) -> int:
    match = _NAME.fullmatch(path.name)
    return int(match[1]) if match is not None else -1


def _next(folder: Path, step: int) -> str:
    """Return the name of a new checkpoint, behind others of its step."""
    same = [int(path.name.rpartition("-")[2]) for path in checkpoints(folder) if _step(path) == step]
    return f"step-{step:09}-{max(same, default=-1) + 1}"


def _prune(folder: Path, step: int, keep: int) -> None:
    """Remove checkpoints of later steps, and older ones than the newest ``keep``."""
    found = checkpoints(folder)
    until = [path for path in found if _step(path) <= step]
    for path in found:
        if path not in until[-max(keep, 2) :]:
            remove_folder(path)
