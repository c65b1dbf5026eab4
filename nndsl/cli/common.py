"""What the commands share: their arguments, where the text comes from, and how messages are shown."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nndsl.cli.settings import read_setting

if TYPE_CHECKING:
    from nndsl.diagnostics import Diagnostic
    from nndsl.train.errors import TrainingError

FAILED = 1
WRONG_USE = 2

STANDARD_INPUT = "-"
COLOURS = {
    "error": "1;31",
    "warning": "1;33",
    "note": "1;36",
    "help": "1;32",
    "message": "1",
    "gutter": "34",
}


def add_file(parser: ArgumentParser) -> None:
    """Add the argument FILE and ``--format``."""
    parser.add_argument("file", metavar="FILE", help="a .nn file; - is standard input")
    add_format(parser)


def add_format(parser: ArgumentParser) -> None:
    """Add ``--format human|json``."""
    parser.add_argument(
        "--format",
        choices=("human", "json"),
        default="human",
        help="messages for people, or a line of JSON each",
    )


def add_settings(parser: ArgumentParser) -> None:
    """Add ``--root``, ``--allow`` and ``--set name=value``."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        type=read_setting,
        dest="settings",
        metavar="NAME=VALUE",
        help="a parameter of the model; what does not read as a literal is a string",
    )
    parser.add_argument(
        "--root",
        type=_folder,
        metavar="FOLDER",
        help="the folder that imports must stay inside (default: the file's)",
    )
    parser.add_argument(
        "--allow",
        action="append",
        default=[],
        type=_module,
        metavar="MODULE",
        help="a Python module that the file may take layers from, with its submodules",
    )


def _module(text: str) -> str:
    from nndsl.elaborate.externals import is_module

    if not is_module(text):
        raise ArgumentTypeError(f"{text!r} is not the name of a Python module")
    return text


def _folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise ArgumentTypeError(f"{text!r} is no folder")
    return Path(text)


def add_model(parser: ArgumentParser) -> None:
    """Add ``--model NAME``."""
    parser.add_argument("--model", metavar="NAME", help="the model to take, where there are several")


def text_of(file: str) -> Path | bytes:
    """Return what the compiler is to read: the path, or all of standard input."""
    return sys.stdin.buffer.read() if file == STANDARD_INPUT else Path(file)


def settings_of(options: Namespace) -> dict[str, object]:
    """Return the settings that ``--set`` gave; the last one of a name counts."""
    return dict(options.settings)


def report(diagnostics: Sequence[Diagnostic], format: str) -> None:
    """Show diagnostics on standard error: for people, or a line of JSON each."""
    if not diagnostics:
        return
    from nndsl.rendering import plain, render, to_json

    if format == "json":
        import json

        for diagnostic in diagnostics:
            print(json.dumps(to_json(diagnostic)), file=sys.stderr)
    else:
        print(render(diagnostics, paint=paint if _has_colours() else plain), file=sys.stderr)


def report_training(error: TrainingError, format: str) -> None:
    """Show what went wrong before or in training on standard error, as ``report`` shows diagnostics."""
    if format == "json":
        import json

        data = {"severity": "error", "code": error.code, "message": error.message, "help": error.help}
        print(json.dumps(data), file=sys.stderr)
    elif _has_colours():
        head = paint("error", f"error[{error.code}]") + paint("message", f": {error.message}")
        print(head + (f"\n  = {paint('help', 'help')}: {error.help}" if error.help else ""), file=sys.stderr)
    else:
        print(error, file=sys.stderr)


def paint(role: str, text: str) -> str:
    """Return the text in the colour of its role."""
    return f"\x1b[{COLOURS[role]}m{text}\x1b[0m"


def _has_colours() -> bool:
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR")
