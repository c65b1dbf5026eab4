"""``nndsl check``: says what is wrong with a file, and nothing when all is well."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from nndsl.cli.common import FAILED, add_file, add_settings, report, settings_of, text_of
from nndsl.compiler import check


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    add_file(parser)
    add_settings(parser)


def run(options: Namespace) -> int:
    """Return 1 if there are errors; warnings are shown, and leave 0."""
    settings = settings_of(options)
    diagnostics = check(text_of(options.file), settings=settings, root=options.root, allow=options.allow)
    report(diagnostics, options.format)
    return FAILED if any(found.severity == "error" for found in diagnostics) else 0
