"""How training is shown: a live bar on a terminal, a line for each epoch elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.live import Live

    from nndsl.train.callbacks.base import Logs
    from nndsl.train.loop import Reporter, Trainer

WIDTH = 24
"""The characters of a bar."""


class Silent:
    """Shows nothing."""

    live = False

    def begin(self, trainer: Trainer) -> None:
        """Nothing."""

    def step(self, trainer: Trainer, logs: Logs) -> None:
        """Nothing."""

    def epoch(self, trainer: Trainer, logs: Logs) -> None:
        """Nothing."""

    def say(self, message: str) -> None:
        """Nothing."""

    def end(self) -> None:
        """Nothing."""


class Lines(Silent):
    """A line for each epoch."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._start = 0.0

    def begin(self, trainer: Trainer) -> None:
        """Say what begins, and note the time."""
        self.say(opening(trainer))
        self._start = time.monotonic()

    def epoch(self, trainer: Trainer, logs: Logs) -> None:
        """Write the line."""
        now = time.monotonic()
        seconds, self._start = now - self._start, now
        self.say(f"{place(trainer.epoch, trainer)}  {duration(seconds)}  {shown(logs)}")

    def say(self, message: str) -> None:
        """Write a line."""
        print(message, file=self._stream, flush=True)


class Bar(Lines):
    """A bar with losses, metrics, speed and the time that is left, and the lines of epochs above it."""

    live = True

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console

        super().__init__(stream)
        self._console = Console(file=stream, highlight=False, soft_wrap=False)
        self._live: Live | None = None
        self._first = 0
        """The steps of the first epoch that were made before."""
        self._begun = 0.0

    def begin(self, trainer: Trainer) -> None:
        """Begin."""
        from rich.live import Live

        super().begin(trainer)
        self._begun = self._start
        self._first = trainer.epoch * trainer.steps + trainer.step
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._live.start()

    def step(self, trainer: Trainer, logs: Logs) -> None:
        """Draw the bar."""
        if self._live is None:
            return
        done = trainer.epoch * trainer.steps + trainer.step
        now = time.monotonic()
        speed = (done - self._first) / max(now - self._begun, 1e-9)
        left = (trainer.plan.epochs * trainer.steps - done) / speed if speed else 0.0
        filled = WIDTH * trainer.step // trainer.steps
        bar = "━" * filled + "╌" * (WIDTH - filled)
        rate = f"{number(speed * trainer.plan.batch_size)} samples/s"
        text = f"{place(trainer.epoch + 1, trainer)}  {bar}  {shown(logs)}  {rate}  {duration(left)} left"
        self._live.update(self._text(text), refresh=True)

    def epoch(self, trainer: Trainer, logs: Logs) -> None:
        """Write the line, and take the bar away."""
        super().epoch(trainer, logs)
        if self._live is not None:
            self._live.update("", refresh=True)

    def say(self, message: str) -> None:
        """Write a line above the bar."""
        self._console.print(self._text(message), soft_wrap=True)

    def end(self) -> None:
        """Take the bar away."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _text(self, text: str) -> Any:
        from rich.text import Text

        return Text(text, overflow="ellipsis", no_wrap=True)


def reporter_of(verbose: bool) -> Reporter:
    """Return what shows a run: a bar where standard error is a terminal, or else lines on it."""
    if not verbose:
        return Silent()
    return Bar(sys.stderr) if sys.stderr.isatty() else Lines(sys.stderr)


def opening(trainer: Trainer) -> str:
    """Return what is said before the first step."""
    counts = f"{len(trainer.data):,} samples"
    if trainer.validation is not None:
        counts += f", {len(trainer.validation):,} to validate"
    name = trainer.model.compiled.name
    begins = "goes on" if trainer.resumed else "trains"
    return f"{name} {begins} on {trainer.model.device}: {counts}, batches of {trainer.plan.batch_size}"


def place(epoch: int, trainer: Trainer) -> str:
    """Return which epoch of how many it is."""
    return f"epoch {epoch:>{len(str(trainer.plan.epochs))}}/{trainer.plan.epochs}"


def shown(logs: Logs) -> str:
    """Return losses and metrics as text."""
    return "  ".join(f"{name} {number(value)}" for name, value in logs.items())


def number(value: Any) -> str:
    """Return a value with the digits that matter."""
    if isinstance(value, tuple):
        return "(" + ", ".join(map(number, value)) + ")"
    if abs(value) >= 1000:
        return f"{value:,.0f}" if abs(value) < 1e7 else f"{value:.3e}"
    return f"{value:.4f}" if abs(value) >= 1e-3 or value == 0 else f"{value:.3e}"


def duration(seconds: float) -> str:
    """Return a time as people say it."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
