"""``nndsl fmt``: the one layout of a text."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from difflib import unified_diff
from pathlib import Path

from nndsl.cli.common import FAILED, STANDARD_INPUT, add_format, report, text_of
from nndsl.diagnostics import NNDSLError
from nndsl.syntax.format import format


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="files to format in place; - formats standard input to standard output",
    )
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="write nothing; name what would change")
    mode.add_argument("--diff", action="store_true", help="write nothing; show what would change")
    add_format(parser)


def run(options: Namespace) -> int:
    """Format each file; return 1 if one has errors, or with --check and --diff would change."""
    return max([_format_one(file, options) for file in options.files])


def _format_one(file: str, options: Namespace) -> int:
    text = text_of(file)
    before = text if isinstance(text, bytes) else text.read_bytes()
    try:
        after = format(text)
    except NNDSLError as error:
        report(error.diagnostics, options.format)
        return FAILED
    changed = after.encode() != before
    if options.check or options.diff:
        if changed and options.check:
            print(file)
        elif changed:
            old = before.decode().splitlines(keepends=True)
            sys.stdout.writelines(unified_diff(old, after.splitlines(keepends=True), file, file))
        return FAILED if changed else 0
    if file == STANDARD_INPUT:
        sys.stdout.write(after)
    elif changed:
        Path(file).write_bytes(after.encode())
    return 0
