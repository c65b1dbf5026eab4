"""SIGINT and SIGTERM while a run lasts: the step is finished, and the run saved."""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType
from typing import Any


class Signals:
    """Notes signals while it is entered; a second SIGINT stops at once.

    SIGTERM is noted only where the run ``saves``. Outside of the main thread Python takes no handlers, and nothing is
    noted.
    """

    def __init__(self, saves: bool) -> None:
        self.caught: int | None = None
        self._signals = (signal.SIGINT, signal.SIGTERM) if saves else (signal.SIGINT,)
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Signals:
        self.caught = None
        if threading.current_thread() is threading.main_thread():
            for number in self._signals:
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *reason: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        self._before.clear()

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.caught is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.caught = number

    def leave(self) -> None:
        """End the program as the signal asks: by KeyboardInterrupt, or SystemExit with the status 143."""
        if self.caught == signal.SIGTERM:
            sys.exit(128 + signal.SIGTERM)
        raise KeyboardInterrupt
