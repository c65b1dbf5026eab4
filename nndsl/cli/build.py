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
from nndsl.compiler import Compiled, compile, parse
from nndsl.listing import listing
from nndsl.recipes.strings import snake_case


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    add_file(parser)
    add_model(parser)
    add_settings(parser)
    parser.add_argument("-o", dest="output", metavar="OUT.py", help="write there instead of printing")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--trainer",
        action="store_true",
        help="a training script that needs torch and numpy alone: beside FILE as NAME_train.py, or where -o says",
    )
    what.add_argument(
        "--emit",
        choices=("ast", "graph", "source"),
        default="source",
        help="the syntax tree, the graph, or (the default) Python source",
    )


def run(options: Namespace) -> int:
    """Write the result; raise NNDSLError if the file has errors, OSError if it cannot be written.

    ``--trainer`` raises TrainingError too, for data and settings that a script does not take.
    """
    text = text_of(options.file)
    if isinstance(text, Path) and options.output is not None and _is_same(text, Path(options.output)):
        print(f"nndsl: {options.output!r} is the file itself", file=sys.stderr)
        print("help: write the source to another file, such as `-o model.py`", file=sys.stderr)
        return WRONG_USE
    output = options.output
    if options.trainer:
        compiled = compile(text, options.model, settings_of(options), options.root, allow=options.allow)
        report(compiled.diagnostics, options.format)
        output, result = _trainer(compiled, text, options.output)
    elif options.emit == "ast":
        result = pformat(parse(text), width=100) + "\n"
    else:
        compiled = compile(text, options.model, settings_of(options), options.root, allow=options.allow)
        report(compiled.diagnostics, options.format)
        result = compiled.source if options.emit == "source" else listing(compiled.model)
    if output in (None, STANDARD_INPUT):
        sys.stdout.write(result)
    else:
        Path(output).write_text(result, encoding="utf-8", newline="\n")
        if options.trainer:
            print(f"wrote {output}", file=sys.stderr)
    return 0


def _trainer(compiled: Compiled, text: Path | bytes, output: str | None) -> tuple[str, str]:
    """Return where a training script is to lie ("-" for standard output), and its text."""
    from nndsl.train.records import place_of_file
    from nndsl.train.script import script

    place = place_of_file(compiled)
    name = f"{text.stem if isinstance(text, Path) else snake_case(compiled.name)}_train.py"
    if output is None:
        output = str(text.with_name(name)) if isinstance(text, Path) else STANDARD_INPUT
    elif output != STANDARD_INPUT and Path(output).is_dir():
        output = str(Path(output) / name)
    folder = place.folder if output == STANDARD_INPUT else Path(output).parent
    return output, script(compiled, place, folder)


def _is_same(file: Path, output: Path) -> bool:
    return file.exists() and output.exists() and file.samefile(output)
