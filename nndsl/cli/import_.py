"""``nndsl import``: a model of Keras as a text, and its weights."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from nndsl.cli.common import FAILED, STANDARD_INPUT, WRONG_USE, add_format, add_model, report
from nndsl.importing.archive import is_archive
from nndsl.importing.recorded import ImportRefused, ModelRecord
from nndsl.importing.writing import Written, write


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", metavar="FILE", help="model.keras, config.json, or a script.py that makes a model")
    add_model(parser)
    add_format(parser)
    parser.add_argument("-o", dest="output", metavar="OUT.nn", help="write there instead of printing")
    parser.add_argument("--weights", metavar="OUT.safetensors", help="write the weights of a .keras file there")


def run(options: Namespace) -> int:
    """Write the text, and the weights if they are asked for; return 1 for a model that cannot be brought over."""
    path = Path(options.file)
    if options.weights and not (path.is_file() and is_archive(path)):
        print(f"nndsl: {options.file!r} has no weights: they are in .keras files", file=sys.stderr)
        return WRONG_USE
    try:
        record = _read(path, options.model)
        written = write(record)
        _write_text(written, options.output)
        errors = [each for each in written.diagnostics if each.severity == "error"]
        report(errors, options.format)
        if options.weights and not errors:
            _write_weights(path, record, written, Path(options.weights))
    except ImportRefused as refused:
        print(f"nndsl: {options.file}: {refused.message}", file=sys.stderr)
        if refused.help:
            print(f"help: {refused.help}", file=sys.stderr)
        return FAILED
    for remark in written.remarks:
        print(f"nndsl: warning: {remark}", file=sys.stderr)
    return FAILED if errors else 0


def _write_text(written: Written, output: str | None) -> None:
    if output in (None, STANDARD_INPUT):
        sys.stdout.write(written.text)
    else:
        Path(str(output)).write_text(written.text, encoding="utf-8", newline="\n")


def _read(path: Path, model: str | None) -> ModelRecord:
    if path.suffix == ".py":
        from nndsl.importing.script import read_script
        from nndsl.syntax.reading import read_file as read_source

        return read_script(read_source(path), model)
    from nndsl.importing.archive import read_file

    return read_file(path)


def _write_weights(path: Path, record: ModelRecord, written: Written, output: Path) -> None:
    from safetensors.torch import save_file

    from nndsl.compiler import compile
    from nndsl.importing.archive import open_weights
    from nndsl.importing.weights import state_of

    compiled = compile(written.text, written.model)
    with open_weights(path, record) as variables:
        save_file(state_of(compiled, written, variables), output)
