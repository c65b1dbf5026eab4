"""Files and folders that are on the disk, whole, when a call returns, or not there at all."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True, slots=True)
class Written:
    """What is in a file: the SHA-256 of its bytes, and how many there are."""

    sha256: str
    size: int


def write_file(path: Path, chunks: Iterable[Any]) -> Written:
    """Write a new file from objects with the buffer protocol, and wait until it is on the disk."""
    digest = hashlib.sha256()
    size = 0
    descriptor = os.open(path, _NEW, 0o666)
    try:
        for chunk in chunks:
            view = memoryview(chunk)
            digest.update(view)
            size += len(view)
            while len(view):
                view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return Written(digest.hexdigest(), size)


def replace_file(path: Path, chunks: Iterable[Any]) -> Written:
    """Write a file beside another one, and put it in its place at once."""
    temporary = path.with_name(f".tmp-{os.getpid()}-{path.name}")
    temporary.unlink(missing_ok=True)
    try:
        written = write_file(temporary, chunks)
        os.replace(temporary, path)  # noqa: PTH105  its counterpart in tests is that of `rename`
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    return written


def make_folder(path: Path) -> None:
    """Make a folder and those above it, and wait until their names are on the disk."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(exist_ok=True)
    sync_folder(path.parent)


def rename(old: Path, new: Path) -> None:
    """Give a file or folder another name, and wait until that is on the disk."""
    os.rename(old, new)  # noqa: PTH104
    sync_folder(new.parent)


def remove_folder(path: Path) -> None:
    """Remove a folder under a name that nobody takes for a whole one, should this be interrupted."""
    hidden = path.with_name(f".old-{os.getpid()}-{path.name}")
    rename(path, hidden)
    shutil.rmtree(hidden)


def sync_folder(path: Path) -> None:
    """Wait until the names in a folder are on the disk, where folders can be opened."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sweep(folder: Path) -> None:
    """Remove what dead processes left behind in a folder: what was not finished, or not wholly removed."""
    for entry in sorted(folder.iterdir()):
        kind, _, rest = entry.name.partition("-")
        number = rest.partition("-")[0]
        if kind not in (".tmp", ".old") or not number.isdecimal() or is_alive(int(number)):
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def is_alive(process: int) -> bool:
    """Return whether a process of this machine, other than this one, exists."""
    if process == os.getpid() or process <= 0 or os.name != "posix":
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True
