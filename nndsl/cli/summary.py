"""``nndsl summary``: a model's layers, their shapes and their parameters, as a table."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from nndsl.cli.common import add_file, add_model, add_settings, report, settings_of, text_of
from nndsl.compiler import compile

if TYPE_CHECKING:
    from nndsl.summary import Row, Summary


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    add_file(parser)
    add_model(parser)
    add_settings(parser)
    parser.add_argument("--depth", type=int, default=0, metavar="N", help="unfold blocks N deep; -1 unfolds all")


def run(options: Namespace) -> int:
    """Print the table, or all of it as JSON; raise NNDSLError if the file has errors."""
    compiled = compile(text_of(options.file), options.model, settings_of(options), options.root, allow=options.allow)
    report(compiled.diagnostics, options.format)
    summary = compiled.summary()
    if options.format == "json":
        print(json.dumps(_data(summary)))
    else:
        print(summary.table(None if options.depth < 0 else options.depth))
    return 0


def _data(summary: Summary) -> dict[str, object]:
    return {
        "model": summary.name,
        "parameters": summary.parameters,
        "trainable": summary.trainable,
        "multiply_adds": _number(summary.multiply_adds),
        "unknown": list(summary.python),
        "conditions": list(summary.conditions),
        "rows": [_row(row) for row in summary.rows],
    }


def _row(row: Row) -> dict[str, object]:
    return {
        "name": row.name,
        "layer": row.layer,
        "shape": row.shape,
        "parameters": row.parameters,
        "trainable": row.parameters - row.frozen,
        "multiply_adds": _number(row.multiply_adds),
        "shared": row.shared,
        "unknown": list(row.python),
        "rows": [_row(inner) for inner in row.rows],
    }


def _number(size: object) -> int | str:
    """A number, or a symbolic size as its text."""
    return size if isinstance(size, int) else str(size)
