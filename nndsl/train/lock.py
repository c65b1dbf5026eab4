"""A lock on the folder of a run: the system holds it for a process, and lets go of it when the process ends."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nndsl.train.durable import is_alive
from nndsl.train.errors import Remark, TrainingError

NAME = "run.lock"


@contextmanager
def locked(folder: Path) -> Iterator[tuple[Remark, ...]]:
    """Keep other runs out of a folder while the context lasts; yield what there is to say of a lock that was left.

    Raises TrainingError (E1101) with the process and machine that have the folder, and OSError if it cannot be written.
    """
    path = folder / NAME
    descriptor = _opened(path)
    try:
        owner = _owner(descriptor)
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, json.dumps({"pid": os.getpid(), "host": platform.node()}).encode())
        yield (_left(owner),) if owner is not None else ()
    finally:
        # The name goes first: whoever waits for the lock sees that it is no longer that of the folder.
        if _same(descriptor, path):
            with contextlib.suppress(OSError):
                path.unlink()
        os.close(descriptor)


def _opened(path: Path) -> int:
    """Return the lock's file, locked."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if not _taken(descriptor):
                raise _refused(path, _owner(descriptor))
            if _same(descriptor, path):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # its run ended just now, and took the name with it


def _taken(descriptor: int) -> bool:
    """Take the lock, if nobody has it. Where the system has no locks, the process that is named decides."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(descriptor, 2**30, os.SEEK_SET)  # far behind what others read
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        owner = _owner(descriptor)
        return owner is None or (owner[1] == platform.node() and not is_alive(owner[0]))
    return True


def _same(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False


def _owner(descriptor: int) -> tuple[int, str] | None:
    """Return the process and machine in a lock, if it is not empty."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    data = os.read(descriptor, 4096)
    try:
        match json.loads(data):
            case {"pid": int(process), "host": str(host)}:
                return process, host
    except ValueError:
        pass
    return (0, "an unknown machine") if data else None


def _refused(path: Path, owner: tuple[int, str] | None) -> TrainingError:
    process, host = owner or (0, platform.node())
    message = f"{path.parent} is in use by another run: process {process} on {host}"
    return TrainingError("E1101", message, "wait for it, stop it, or give this run another folder with `--out`")


def _left(owner: tuple[int, str]) -> Remark:
    process, host = owner
    message = f"the run of process {process} on {host} ended without a word, and left its lock"
    return Remark("W1103", message, "the lock is taken over")
