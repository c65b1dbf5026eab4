"""Reading the files that are imported: they stay inside the root."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from nndsl.elaborate.session import Fault
from nndsl.recipes.fields import path_problem

_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)
_FOLDER = getattr(os, "O_DIRECTORY", 0)


def read_limited(descriptor: int, limit: int) -> bytes:
    """Return what an open file holds, at most one byte more than ``limit``, and close it.

    Raises Fault for what is no regular file, or OSError.
    """
    with os.fdopen(descriptor, "rb") as handle:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Fault("E0603", "this is not a regular file")
        return handle.read(limit + 1)


def inside(root: Path, folder: Path, written: str) -> Path:
    """Return the real path of a file that is written relative to a folder. Raises Fault if it is not inside the root.

    Nothing is opened; links are followed, and what counts is where they lead.
    """
    problem = path_problem(written)
    if problem and problem != "leaves the folder":
        raise Fault("E0602", f"an import names a file inside the root folder, and this path {problem}")
    try:
        real_root = Path(os.path.realpath(root, strict=True))
        real = Path(os.path.realpath(folder / written))
    except (OSError, ValueError):
        raise Fault("E0601", "the file cannot be read") from None
    if not real.is_relative_to(real_root):
        raise Fault(
            "E0602", "this path leads out of the root folder", "the caller can name another root, with `--root`"
        )
    return real


def read_inside(root: Path, path: Path, limit: int) -> bytes:
    """Return the bytes of a file inside the root. Raises Fault."""
    try:
        return read_limited(open_inside(root, path), limit)
    except IsADirectoryError:
        raise Fault("E0603", "this is a folder, not a file") from None
    except OSError:
        raise Fault("E0601", "the file cannot be read") from None


def open_inside(root: Path, path: Path) -> int:
    """Return the descriptor of a file inside the root, open to be read. Raises Fault.

    The folders are walked one by one from the root without following links, so that a file that is exchanged after its
    path was judged is not read.
    """
    real_root = Path(os.path.realpath(root))
    opened: list[int] = []
    try:
        opened.append(os.open(real_root, os.O_RDONLY | _FOLDER))
        *folders, name = path.relative_to(real_root).parts or (".",)
        for folder in folders:
            opened.append(os.open(folder, os.O_RDONLY | _FOLDER | _NO_LINK, dir_fd=opened[-1]))
        return os.open(name, os.O_RDONLY | _NO_LINK | _NO_WAIT, dir_fd=opened[-1])
    except FileNotFoundError:
        help = "" if path.suffix == ".nn" else f"write the whole name of the file, such as `{path.stem}.nn`"
        raise Fault("E0601", "there is no such file", help) from None
    except (OSError, ValueError) as error:
        if getattr(error, "errno", None) == errno.ELOOP:
            raise Fault("E0602", "this path leads through a link") from None
        raise Fault("E0601", "the file cannot be read") from None
    finally:
        for descriptor in opened:
            os.close(descriptor)
