"""``nndsl build``: a model as Python source, or as what it is on the way there."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from pprint import pformat

from nndsl.cli.common import (
    STANDARD_INPUT,
    WRONG_USE,
    add_file,
    add_model,
    add_settings,
    report,
    settings_of,
    text_of,
)
from nndsl.compiler import compile, parse
from nndsl.listing import listing


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    add_file(parser)
    add_model(parser)
    add_settings(parser)
    parser.add_argument("-o", dest="output", metavar="OUT.py", help="write there instead of printing")
    parser.add_argument(
        "--emit",
        choices=("ast", "graph", "source"),
        default="source",
        help="the syntax tree, the graph, or (the default) Python source",
    )


def run(options: Namespace) -> int:
    """Write the result; raise NNDSLError if the file has errors, OSError if it cannot be written."""
    text = text_of(options.file)
    if isinstance(text, Path) and options.output is not None and _is_same(text, Path(options.output)):
        print(f"nndsl: {options.output!r} is the file itself", file=sys.stderr)
        print("help: write the source to another file, such as `-o model.py`", file=sys.stderr)
        return WRONG_USE
    if options.emit == "ast":
        result = pformat(parse(text), width=100) + "\n"
    else:
        compiled = compile(text, options.model, settings_of(options), options.root)
        report(compiled.diagnostics, options.format)
        result = compiled.source if options.emit == "source" else listing(compiled.model)
    if options.output in (None, STANDARD_INPUT):
        sys.stdout.write(result)
    else:
        Path(options.output).write_text(result, encoding="utf-8", newline="\n")
    return 0


def _is_same(file: Path, output: Path) -> bool:
    return file.exists() and output.exists() and file.samefile(output)
