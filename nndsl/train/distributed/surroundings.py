"""What the environment says of the processes of a run, by the names that torchrun and Accelerate have for it."""

from __future__ import annotations

import os
from importlib.util import find_spec

from nndsl.train.errors import TrainingError

LAUNCHER = "NNDSL_LAUNCHER"
"""The variable with the number of the process that ``--processes`` launches others from."""
LOST = 70
"""The exit status of a launched process that stops as another one is gone: the launcher says which."""


def count() -> int:
    """Return how many processes the run has. Raises TrainingError (E1231) for what is no number."""
    text = os.environ.get("WORLD_SIZE", "1")
    if not text.isdecimal() or int(text) < 1:
        message = f"the environment has `WORLD_SIZE={text}`, which is no number of processes"
        raise TrainingError("E1231", message, "start the processes with `--processes` or `torchrun`, which set it")
    return int(text)


def is_first() -> bool:
    """Return whether this process is the one that writes and speaks."""
    return count() == 1 or os.environ.get("RANK", "0") == "0"


def launcher() -> int | None:
    """Return the process that ``--processes`` launched this one from, if that is how it began."""
    text = os.environ.get(LAUNCHER, "")
    return int(text) if text.isdecimal() else None


def require_accelerate() -> None:
    """Raise TrainingError (E1230) if Accelerate is not installed."""
    if find_spec("accelerate") is None:
        message = "several processes need accelerate, which is not installed"
        raise TrainingError("E1230", message, "pip install 'nndsl[distributed]'")
