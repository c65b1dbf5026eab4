"""The command ``nndsl``: finds the command, runs it, and turns what it raises into an exit status."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from keyword import iskeyword

from nndsl import __version__
from nndsl.cli.common import FAILED, WRONG_USE, report, report_training
from nndsl.diagnostics import NNDSLError
from nndsl.train.errors import TrainingError

COMMANDS = {
    "build": "compile a model to Python source",
    "check": "find the errors of a file",
    "fmt": "format files, in place",
    "summary": "show a model's layers, shapes and parameters",
    "train": "train a model on data",
    "evaluate": "measure a trained model on data",
    "predict": "apply a trained model to new data",
    "export": "write a trained model for other programs",
    "import": "bring a model of Keras over, and its weights",
    "layers": "list the layers, or show the reference of one",
    "weights": "list the weights in a file, or rename them",
    "explain": "explain an error code",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return 0, 1 for errors in the file, or 2 for wrong use."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if isinstance(sys.stdout, TextIOWrapper):  # results are UTF-8, whatever the terminal is
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    options = _parser(given[:1]).parse_args(given)
    options.arguments = given
    try:
        status = int(options.run(options))
        sys.stdout.flush()
    except NNDSLError as error:
        report(error.diagnostics, getattr(options, "format", "human"))
        return FAILED
    except TrainingError as error:
        report_training(error, getattr(options, "format", "human"))
        return FAILED
    except BrokenPipeError:
        # Whoever read has enough, as in `nndsl layers | head`; Python's own flush at exit must not fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        print(f"nndsl: {error.strerror or error}: {error.filename!r}", file=sys.stderr)
        return WRONG_USE
    except ModuleNotFoundError as error:
        if error.name not in ("torch", "numpy", "safetensors", "h5py"):
            raise
        extra = "keras" if error.name == "h5py" else "torch"
        print(
            f"nndsl: this needs {error.name}, which is not installed\nhelp: pip install 'nndsl[{extra}]'",
            file=sys.stderr,
        )
        return WRONG_USE
    return status


def _parser(given: Sequence[str]) -> ArgumentParser:
    """The parser, with the arguments of the one command that is given."""
    parser = ArgumentParser(prog="nndsl", description="Neural networks as text, for PyTorch.")
    parser.add_argument("--version", action="version", version=f"nndsl {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        if name in given:
            module = import_module(f"nndsl.cli.{name}_" if iskeyword(name) else f"nndsl.cli.{name}")
            module.configure(command)
            command.set_defaults(run=module.run)
    return parser
