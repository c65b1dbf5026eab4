"""When the loop looks up from its steps: at the losses, for signals, and whether it is time to save."""

from __future__ import annotations

import time

from nndsl.train.signals import Signals

INTERVAL = 0.1
"""Seconds between two looks."""


class Pace:
    """Looks up by the clock, or where a signal was caught."""

    def __init__(self, signals: Signals) -> None:
        self._signals = signals
        self._due = 0.0

    @property
    def caught(self) -> int | None:
        """The signal that the run is to stop for, if there is one."""
        return self._signals.caught

    def begin(self) -> None:
        """Begin an epoch."""
        self._due = time.monotonic() + INTERVAL

    def agree(self) -> None:
        """See, at the end of an epoch, what other processes have caught."""

    def is_due(self) -> bool:
        """Return, after a step, whether it is time to look up."""
        now = time.monotonic()
        if now < self._due and self._signals.caught is None:
            return False
        self._due = now + INTERVAL
        return True
