"""Pages of Markdown: drawn in a terminal, and as they are anywhere else."""

from __future__ import annotations

import os
import sys


def show(page: str) -> None:
    """Print a page on standard output."""
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        from rich.console import Console
        from rich.markdown import Markdown

        Console().print(Markdown(page))
    else:
        print(page.rstrip("\n"))
