"""When the loops of several processes look up: after the same steps, so that all see the same and stop together."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

from nndsl.train.distributed.surroundings import launcher
from nndsl.train.pace import INTERVAL, Pace
from nndsl.train.signals import Signals

if TYPE_CHECKING:
    from nndsl.train.distributed.processes import Processes


class CommonPace(Pace):
    """Looks up after so many steps as the first process makes in the interval.

    A signal that any process has caught is seen by all of them then, and not before.
    """

    def __init__(self, signals: Signals, processes: Processes) -> None:
        super().__init__(signals)
        self._processes = processes
        self._agreed: int | None = None
        self._every = 1
        self._steps = 0
        self._since = time.monotonic()

    @property
    def caught(self) -> int | None:
        """The signal that all processes are to stop for."""
        return self._agreed

    def begin(self) -> None:
        """Begin an epoch."""
        if not self._steps:
            self._since = time.monotonic()

    def agree(self) -> None:
        """See what any of the processes has caught."""
        self._agree(0)

    def is_due(self) -> bool:
        """Return, after a step, whether it is time; all processes return the same."""
        self._steps += 1
        if self._steps < self._every:
            return False
        now = time.monotonic()
        fitting = int(self._steps * INTERVAL / max(now - self._since, 1e-9))
        wanted = max(1, min(fitting, 4 * self._every))
        self._every = self._agree(wanted if self._processes.is_first else 0)
        self._steps, self._since = 0, now
        return True

    def _agree(self, number: int) -> int:
        """Return the largest number of all processes."""
        if is_orphan() and self._signals.caught is None:
            self._signals.caught = signal.SIGTERM
        caught, largest = self._processes.largest([self._signals.caught or 0, number])
        if caught:
            self._agreed = self._signals.caught = caught
        return largest


def is_orphan() -> bool:
    """Return whether the process that launched this one is gone: then nobody would stop it."""
    parent = launcher()
    return parent is not None and os.getppid() != parent
