"""Opening what a source names: inside the folder of the file that says so, or wherever the caller says."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from nndsl.elaborate.files import inside, open_inside
from nndsl.elaborate.session import Fault
from nndsl.rendering import escape
from nndsl.train.errors import TrainingError

_NO_WAIT = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True, slots=True)
class Place:
    """Where relative paths begin. ``root`` is the folder that they stay inside; None for paths that a caller gives."""

    folder: Path = Path()
    root: Path | None = None

    def real(self, path: str) -> Path:
        """Return the real path. Raises TrainingError (E1002) where links lead it out of the root."""
        if self.root is None:
            return self.folder / Path(path).expanduser()
        try:
            return inside(self.root, self.folder, path)
        except Fault as fault:
            raise _refused(path, fault) from None

    def open(self, path: str) -> BinaryIO:
        """Return a regular file, open and without a buffer. Raises TrainingError: E1001 or E1002."""
        real = self.real(path)
        try:
            descriptor = os.open(real, os.O_RDONLY | _NO_WAIT) if self.root is None else open_inside(self.root, real)
        except FileNotFoundError:
            raise _missing(path, real) from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise TrainingError("E1001", f"{shown(path)} cannot be read: {reason.lower()}") from None
        except Fault as fault:
            raise _missing(path, real) if "no such" in fault.message else _refused(path, fault) from None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise TrainingError("E1001", f"{shown(path)} is no regular file")
        return os.fdopen(descriptor, "rb", buffering=0)


def _missing(path: str, real: Path) -> TrainingError:
    return TrainingError("E1001", f"there is no file {shown(path)}", f"it would be {shown(str(real.absolute()))}")


def _refused(path: str, fault: Fault) -> TrainingError:
    if fault.code == "E0602":
        help = "a file's data stay below its folder; a path on the command line may be anywhere"
        return TrainingError("E1002", f"{shown(path)} leads out of the folder of the `.nn` file", help)
    return TrainingError("E1001", f"{shown(path)} cannot be read: {fault.message}")


def shown(text: object) -> str:
    """Return a text of the user's as messages show it: in backticks, short, and without what a terminal would obey."""
    whole = str(text)
    return f"`{escape(whole if len(whole) <= 120 else whole[:119] + '…')}`"
