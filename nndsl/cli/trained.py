"""What the commands share that use a trained model: RUN or FILE, its weights, and what is said of them."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from nndsl.cli.common import WRONG_USE, add_model, add_settings, report, settings_of

if TYPE_CHECKING:
    from nndsl.compiler import Compiled
    from nndsl.train.errors import Remark


def add_trained(parser: ArgumentParser) -> None:
    """Add RUN|FILE, ``--weights``, ``--best``, and what a file takes."""
    parser.add_argument("model_file", metavar="RUN|FILE", help="the folder of a run, or a .nn file")
    parser.add_argument("--weights", type=Path, metavar="FILE", help="a .safetensors file with the weights to take")
    parser.add_argument("--best", action="store_true", help="take the weights of the run's best epoch, not the last")
    add_model(parser)
    add_settings(parser)


def add_use(parser: ArgumentParser) -> None:
    """Add ``--batch-size`` and ``--device``."""
    parser.add_argument(
        "--batch-size", type=_positive, metavar="N", help="the samples of a batch (default: the file's)"
    )
    parser.add_argument("--device", metavar="NAME", help="cpu, cuda, cuda:1, mps (default: a GPU if there is one)")


def model_of(options: Namespace) -> Path | Compiled:
    """Return the folder of a run, or a file compiled; raise NNDSLError if the file has errors."""
    path = Path(options.model_file)
    if path.is_dir():
        return path
    from nndsl.compiler import compile

    compiled = compile(path, options.model, settings_of(options), options.root, allow=options.allow)
    report(compiled.diagnostics, getattr(options, "format", "human"))
    return compiled


def misused(options: Namespace) -> str:
    """Return why options contradict each other, or nothing."""
    if options.best and options.weights is not None:
        return "`--best` and `--weights` say both which weights are taken"
    if Path(options.model_file).is_dir() and (options.model or options.settings or options.root):
        return "a run has its own model and settings: leave the other options out"
    return ""


def say(remarks: Iterable[Remark], format: str = "human") -> None:
    """Show remarks on standard error, as ``report`` shows diagnostics."""
    for remark in remarks:
        if format == "json":
            import json

            data = {"severity": "warning", "code": remark.code, "message": remark.message, "help": remark.help}
            print(json.dumps(data), file=sys.stderr)
        else:
            print(remark, file=sys.stderr)


def wrong_use(message: str) -> int:
    """Show what is wrong with the options, and return the status for it."""
    print(f"nndsl: {message}", file=sys.stderr)
    return WRONG_USE


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise ArgumentTypeError(f"{text!r} is no whole number of at least 1")
    return int(text)
