"""The folder of a run: what it holds, and who may write to it."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import nndsl
from nndsl.train import checkpoint
from nndsl.train.checkpoint import Snapshot
from nndsl.train.curves import curves, table
from nndsl.train.durable import make_folder, replace_file, sweep
from nndsl.train.errors import Remark, TrainingError
from nndsl.train.lock import locked
from nndsl.train.tensors import write_tensors

SETTINGS, SOURCE, TABLE, CURVES = "run.json", "model.nn", "history.csv", "curves.svg"
MODEL, BEST = "model.safetensors", "best.safetensors"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of a run, while it is this process's own; ``remarks`` are on how it was found.

    Methods that write raise TrainingError (E1107) if they cannot; what was there before is intact then.
    """

    path: Path
    remarks: tuple[Remark, ...] = ()

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints."""
        return self.path / "checkpoints"

    def describe(self, settings: Mapping[str, Any], source: str | bytes | None = None) -> None:
        """Write ``run.json``, and the text of the model as it was."""
        text = json.dumps(settings, indent=2, ensure_ascii=False) + "\n"
        self._write(SETTINGS, text)
        if source is not None:
            self._write(SOURCE, source)

    def save(self, snapshot: Snapshot, keep: int = 2) -> Path:
        """Save a checkpoint; see ``checkpoint.save``."""
        return checkpoint.save(self.checkpoints, snapshot, keep)

    def newest(self) -> tuple[Snapshot | None, tuple[Remark, ...]]:
        """Return the newest checkpoint that is whole; see ``checkpoint.newest``."""
        return checkpoint.newest(self.checkpoints)

    def write_history(self, history: Mapping[str, Sequence[Any]], best: int | None = None) -> None:
        """Write ``history.csv`` and ``curves.svg``; ``best`` is the number of the best epoch, from 0."""
        self._write(TABLE, table(history))
        self._write(CURVES, curves(history, best))

    def write_weights(
        self, weights: Mapping[str, Tensor], metadata: Mapping[str, str] = {}, best: bool = False
    ) -> Path:
        """Write ``model.safetensors``, or with ``best`` ``best.safetensors``, and return the path."""
        path = self.path / (BEST if best else MODEL)
        try:
            write_tensors(path, weights, metadata)
        except OSError as error:
            raise _unwritten(path, error) from error
        return path

    def _write(self, name: str, text: str | bytes) -> None:
        path = self.path / name
        try:
            replace_file(path, [text.encode() if isinstance(text, str) else text])
        except OSError as error:
            raise _unwritten(path, error) from error


def new_path(name: str, now: datetime, root: Path = Path("runs")) -> Path:
    """Return the path of a folder that is not there yet: ``runs/NAME-20260131-235959``."""
    stem = f"{name}-{now:%Y%m%d-%H%M%S}"
    path, number = root / stem, 1
    while path.exists():
        number += 1
        path = root / f"{stem}-{number}"
    return path


@contextmanager
def entered(path: Path, *, resume: bool = False) -> Iterator[RunFolder]:
    """Have the folder of a run while the context lasts: a new one, or with ``resume`` one that holds a run.

    What dead processes left there is removed. Raises TrainingError if another run has the folder (E1101), if it cannot
    be written (E1106), if it holds a run already (E1108), or with ``resume`` none (E1109).
    """
    if resume:
        description(path)
    with ExitStack() as stack:
        try:
            make_folder(path / "checkpoints")
            remarks = stack.enter_context(locked(path))
            _try(path / "checkpoints")
            sweep(path)
            sweep(path / "checkpoints")
        except OSError as error:
            help = "give the run a folder that can be written with `--out`"
            raise TrainingError("E1106", f"{path} cannot be written: {error.strerror or error}", help) from error
        if not resume and (path / SETTINGS).exists():
            help = f"go on with it by `nndsl train --resume {path}`, or give this run another folder"
            raise TrainingError("E1108", f"{path} holds a run already", help)
        yield RunFolder(path, remarks)


def description(path: Path) -> dict[str, Any]:
    """Return what is in the ``run.json`` of a folder. Raises TrainingError (E1109) if there is none to be read."""
    try:
        found = json.loads((path / SETTINGS).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        why = "is damaged" if (path / SETTINGS).exists() else "is not there"
        help = "name the folder that `nndsl train` wrote, such as `runs/digits-20260131-235959`"
        raise TrainingError("E1109", f"{path} does not hold a run: its {SETTINGS} {why}", help)
    return found


def environment(device: torch.device | str = "cpu", processes: int = 1) -> dict[str, Any]:
    """Return what the bits of a result depend on beside the state: versions, the device, processes and threads."""
    where = torch.device(device)
    name = torch.cuda.get_device_name(where) if where.type == "cuda" else where.type
    return {
        "nndsl": nndsl.__version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "device": name,
        "processes": processes,
        "threads": torch.get_num_threads(),
    }


def compared(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Remark, ...]:
    """Return a remark (W1102) if a run goes on in another environment than that of its checkpoint."""
    changed = [
        f"{name} {before.get(name)}, now {value}"
        for name, value in now.items()
        if before.get(name) != value and name not in ("nndsl", "python")
    ]
    if not changed:
        return ()
    message = (
        f"the run goes on elsewhere than it was saved ({'; '.join(changed)}), so it will not be the same to the bit"
    )
    help = "resume with the same device, processes, threads and version of PyTorch if that matters"
    return (Remark("W1102", message, help),)


def _try(folder: Path) -> None:
    """Raise OSError unless files can be written, named and removed in a folder."""
    probe = folder / f".tmp-{os.getpid()}-probe"
    replace_file(probe, [b"probe"])
    probe.unlink()


def _unwritten(path: Path, error: OSError) -> TrainingError:
    help = "what was there before is intact; make room or mend the folder, and resume the run"
    return TrainingError("E1107", f"{path} cannot be written: {error.strerror or error}", help)
