"""``nndsl check`` as a whole process, against a process that imports the two libraries it needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from statistics import median

from comparing import by_turns, ratio, row

EXAMPLE = Path(__file__).parents[1] / "examples" / "sequential.nn"


def compare() -> None:
    """Print the ratio of the two."""
    commands = {
        "check": [sys.executable, "-m", "nndsl", "check", str(EXAMPLE)],
        "import": [sys.executable, "-c", "import lark, networkx"],
        "python": [sys.executable, "-c", "pass"],
    }
    times = by_turns(
        {name: lambda command=command: subprocess.run(command, check=True) for name, command in commands.items()},
        processes=True,
    )
    for name in commands:
        row(f"process: {name}", f"{median(times[name]) * 1000:.0f} ms")
    row("nndsl check sequential.nn / import lark, networkx", f"{ratio(times, 'check', 'import'):.2f}", "at most 1.6")
