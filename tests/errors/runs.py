"""What training says of checkpoints and the folders of runs: cases beside those of data."""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Iterable
from pathlib import Path

import torch

import nndsl
from nndsl.train.checkpoint import newest, save
from nndsl.train.errors import Remark
from nndsl.train.fitting import check_model, check_tensors, meaning
from nndsl.train.lock import NAME
from nndsl.train.run import compared, entered
from tests.errors.training import case
from tests.train.snapshots import failing, forged, snapshot

ELSEWHERE = json.dumps({"pid": 4711, "host": "gpu-3"})


def model(layers: str) -> nndsl.Compiled:
    """Compile a model of one input."""
    body = "\n  ".join(layers.split("; "))
    return nndsl.compile(f"model Net {{\n  input x: (4)\n\n  {body}\n}}\n")


@case("E1101_lock")
def lock(folder: Path) -> None:
    with (folder / NAME).open("w") as file:
        file.write(ELSEWHERE)
        file.flush()
        fcntl.flock(file, fcntl.LOCK_EX)
        with entered(folder):
            pass


@case("E1102_all_damaged")
def all_damaged(folder: Path) -> None:
    for step in (1, 2):
        path = save(folder, snapshot(step))
        (path / "state.safetensors").write_bytes((path / "state.safetensors").read_bytes()[:-step])
    newest(folder)


@case("E1103_other_model")
def other_model(folder: Path) -> None:
    saved = meaning(model('Dense(8, activation="relu"); Dropout(0.5); Dense(3)').model)
    check_model(saved, model('Dense(8, activation="gelu"); Dense(3)').model)


@case("E1104_other_state")
def other_state(folder: Path) -> None:
    wanted = {f"dense.kernel.{slot}": torch.zeros(4, 8) for slot in ("exp_avg", "exp_avg_sq")}
    check_tensors({"dense.kernel.exp_avg": torch.zeros(4, 9)}, wanted, "the state of the optimizer")


@case("E1105_newer_format")
def newer_format(folder: Path) -> None:
    forged(save(folder, snapshot(1)) / "state.json", lambda body: body.update(format=2))
    newest(folder)


@case("E1106_read_only")
def read_only(folder: Path) -> None:
    fault = OSError(errno.EROFS, os.strerror(errno.EROFS))
    with failing("open", 0, fault), entered(folder):
        pass


@case("E1107_disk_full")
def disk_full(folder: Path) -> None:
    with failing("write", 0, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))):
        save(folder, snapshot(120))


@case("E1107_table")
def full_table(folder: Path) -> None:
    with entered(folder) as run, failing("write", 0, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))):
        run.write_history({"loss": [1.0]})


@case("E1108_holds_a_run")
def holds_a_run(folder: Path) -> None:
    (folder / "run.json").write_text("{}")
    with entered(folder):
        pass


@case("E1109_no_run")
def no_run(folder: Path) -> None:
    with entered(folder, resume=True):
        pass


@case("W1101_damaged")
def damaged(folder: Path) -> Iterable[Remark]:
    save(folder, snapshot(1))
    path = save(folder, snapshot(2)) / "state.safetensors"
    path.write_bytes(bytes([255]) + path.read_bytes()[1:])
    return newest(folder)[1]


@case("W1102_elsewhere")
def elsewhere(folder: Path) -> Iterable[Remark]:
    before = {"torch": "2.6.0", "device": "cpu", "threads": 4}
    return compared(before, {"torch": "2.13.0", "device": "cpu", "threads": 2})


@case("W1103_stale_lock")
def stale_lock(folder: Path) -> Iterable[Remark]:
    (folder / NAME).write_text(ELSEWHERE)
    with entered(folder) as run:
        return run.remarks
