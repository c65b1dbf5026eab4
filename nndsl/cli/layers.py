"""``nndsl layers``: the reference of the layers, operations and recipes, in the terminal."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace

from nndsl import reference
from nndsl.cli.common import WRONG_USE, add_format
from nndsl.cli.pages import show
from nndsl.layers import names
from nndsl.suggestions import suggest


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "name", nargs="?", metavar="NAME", help="a layer, `ops.name` or a recipe; without it, all are listed"
    )
    add_format(parser)


def run(options: Namespace) -> int:
    """Print the list, or the page of a name; return 2 if there is no such thing."""
    if options.name is None:
        if options.format == "json":
            print(json.dumps([entry for name in reference.names() for entry in reference.describe(name)]))
        else:
            show(reference.listing())
        return 0
    if not reference.find(options.name):
        print(f"nndsl: there is no layer {options.name!r}", file=sys.stderr)
        if help := _help(options.name):
            print(f"help: {help}", file=sys.stderr)
        return WRONG_USE
    if options.format == "json":
        found = reference.describe(options.name)
        print(json.dumps(found[0] if len(found) == 1 else found))
    else:
        show(reference.page(options.name))
    return 0


def _help(name: str) -> str:
    if name.startswith(reference.OPS):
        from nndsl.ops.elsewhere import suggested

        return suggested(name.removeprefix(reference.OPS))
    return suggest(name, names(), "layer")
