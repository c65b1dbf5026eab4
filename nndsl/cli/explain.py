"""``nndsl explain``: the page of an error code."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from importlib.resources import files

from nndsl.cli.common import WRONG_USE
from nndsl.cli.pages import show
from nndsl.suggestions import nearest


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("code", metavar="CODE", help="as messages show it, for instance E0401")


def run(options: Namespace) -> int:
    """Print the page; return 2 if there is no such code."""
    pages = {page.name.removesuffix(".md"): page for page in files("nndsl").joinpath("codes").iterdir()}
    code = options.code.upper()
    if code in pages:
        show(pages[code].read_text(encoding="utf-8"))
        return 0
    near = nearest(code, pages)
    print(f"nndsl: there is no code {options.code!r}", file=sys.stderr)
    help = f"did you mean {' or '.join(near)}?" if near else "messages begin with their code, such as E0401"
    print(f"help: {help}", file=sys.stderr)
    return WRONG_USE
