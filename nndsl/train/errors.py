"""What goes wrong before or in training, and what is worth a word: each has a code, which has a page."""

from __future__ import annotations

from dataclasses import dataclass


class TrainingError(Exception):
    """Training cannot begin, or go on.

    ``code`` is of the families E10xx (data), E11xx (checkpoints and runs) or E12xx (the run itself); ``message`` says
    what is wrong and where, ``help`` what to do. ``str`` is what a terminal shows.
    """

    def __init__(self, code: str, message: str, help: str = "") -> None:
        self.code = code
        self.message = message
        self.help = help
        super().__init__(code, message, help)

    def __str__(self) -> str:
        return _shown("error", self.code, self.message, self.help)


@dataclass(frozen=True, slots=True)
class Remark:
    """A warning of training: it goes on. ``str`` is what a terminal shows."""

    code: str
    message: str
    help: str = ""

    def __str__(self) -> str:
        return _shown("warning", self.code, self.message, self.help)


def _shown(severity: str, code: str, message: str, help: str) -> str:
    text = f"{severity}[{code}]: {message}"
    return f"{text}\n  = help: {help}" if help else text
