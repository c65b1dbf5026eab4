"""``--processes``: the same command in several processes of this machine, watched by the one that launched them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from types import FrameType
from typing import IO

from nndsl.train.distributed.surroundings import LAUNCHER, LOST, require_accelerate
from nndsl.train.errors import TrainingError

GRACE = 10.0
"""Seconds that processes have to end by themselves when another one is gone, or at a second signal."""
POLL = 0.05


def launch(command: Sequence[str], count: int) -> int:
    """Run a command ``count`` times, and return the status of the first process, or of the one that failed.

    The first one has standard output and error to itself; what another one says is shown if it fails alone. Signals
    are handed on to all. Raises TrainingError without Accelerate (E1230), and for a process that was killed (E1232).
    """
    require_accelerate()
    surroundings = _surroundings(count)
    with tempfile.TemporaryFile() as said:
        processes = [
            subprocess.Popen(
                command,
                env={**surroundings, "RANK": str(rank), "LOCAL_RANK": str(rank)},
                stdin=subprocess.DEVNULL,
                stdout=None if rank == 0 else said,
                stderr=None if rank == 0 else said,
                start_new_session=True,  # Ctrl-C is for this process alone, which hands it on once
            )
            for rank in range(count)
        ]
        watch = Watch(processes)
        try:
            statuses = watch.until_all_ended()
        finally:
            watch.kill()
        return _verdict(statuses, said)


class Watch:
    """Waits for processes: if one fails, or at a second signal, the others have a while to end."""

    def __init__(self, processes: Sequence[subprocess.Popen[bytes]]) -> None:
        self._processes = processes
        self._signals = 0
        self._deadline: float | None = None

    def until_all_ended(self) -> list[int]:
        """Return the statuses of all, by their ranks: negative for a signal."""
        before = {number: signal.signal(number, self._hand_on) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            while True:
                statuses = [process.poll() for process in self._processes]
                if None not in statuses:
                    return [status for status in statuses if status is not None]
                if self._deadline is None and (self._signals > 1 or any(statuses)):
                    self._deadline = time.monotonic() + GRACE
                if self._deadline is not None and time.monotonic() > self._deadline:
                    return [LOST if status is None else status for status in statuses]
                time.sleep(POLL)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def kill(self) -> None:
        """End those that are left."""
        for process in self._processes:
            if process.poll() is None:
                process.kill()
            process.wait()

    def _hand_on(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(number)


def _surroundings(count: int) -> dict[str, str]:
    """Return the environment of the processes, without their ranks."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    found = {
        **os.environ,
        LAUNCHER: str(os.getpid()),
        "WORLD_SIZE": str(count),
        "LOCAL_WORLD_SIZE": str(count),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": os.environ.get("MASTER_PORT", str(port)),
    }
    threads = max(1, (os.cpu_count() or 1) // count)
    found.setdefault("OMP_NUM_THREADS", str(threads))
    if sys.platform == "linux":
        found.setdefault("GLOO_SOCKET_IFNAME", "lo")  # else it asks for the address of the machine's own name
    return found


def _verdict(statuses: Sequence[int], said: IO[bytes]) -> int:
    """Return the status of the process that failed by itself, after what it said, or that of the first one."""
    count = len(statuses)
    failed = [rank for rank, status in enumerate(statuses) if status not in (0, LOST)]
    # What was killed has said nothing, and is why others failed.
    failed.sort(key=lambda rank: statuses[rank] >= 0)
    if not failed:
        if not any(statuses):
            return 0
        message, help = f"the {count} processes lost each other", "the last checkpoint is kept: go on with `--resume`"
        raise TrainingError("E1232", message, help)
    status = statuses[failed[0]]
    if failed[0] != 0:
        said.seek(0)
        sys.stderr.write(said.read().decode(errors="replace"))
    if status >= 0:
        return status
    name = signal.Signals(-status).name
    message = f"process {failed[0]} of {count} was killed by {name}, and the others stopped"
    help = "the last checkpoint is kept: go on with `nndsl train --resume RUN --processes N`"
    if -status == signal.SIGKILL:
        help += "; the system kills what takes more memory than there is"
    raise TrainingError("E1232", message, help)
