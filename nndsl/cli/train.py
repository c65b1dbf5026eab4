"""``nndsl train``: trains a model as its file says, or goes on with a run."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from datetime import datetime
from pathlib import Path

from nndsl.cli.common import WRONG_USE, add_format, add_model, add_settings, report, settings_of
from nndsl.cli.data import add_data, data_of
from nndsl.cli.settings import read_literal
from nndsl.train.distributed.surroundings import LOST, count, is_first, launcher
from nndsl.train.errors import TrainingError


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments; those of the fit block count more than what the file says."""
    parser.usage = "nndsl train FILE [options]\n       nndsl train --resume RUN [options]"
    parser.add_argument("file", nargs="?", metavar="FILE", help="a .nn file with a `compile` block")
    add_format(parser)
    add_model(parser)
    add_settings(parser)
    add_data(parser)
    add_data(parser, "--validation-data", "data to validate on after each epoch")
    parser.add_argument("--epochs", type=int, metavar="N", help="how often the data are gone through")
    parser.add_argument("--batch-size", type=int, metavar="N", help="the samples of a step")
    parser.add_argument("--validation-split", type=float, metavar="SHARE", help="the last part of the data validates")
    parser.add_argument("--shuffle", type=read_literal, metavar="BOOL", help="false keeps the order of the data")
    parser.add_argument("--seed", type=int, metavar="N", help="what all that is random follows from (default: 0)")
    parser.add_argument("--class-weight", type=read_literal, metavar="DICT", help="such as '{0: 1.0, 1: 5.0}'")
    parser.add_argument("--device", metavar="NAME", help="cpu, cuda, cuda:1, mps (default: a GPU if there is one)")
    parser.add_argument("--processes", type=int, metavar="N", help="train in N processes of this machine (default: 1)")
    parser.add_argument("--compile", action="store_true", help="let torch.compile make the model's code")
    parser.add_argument("--out", type=Path, metavar="RUN", help="the folder of the run (default: runs/NAME-TIME)")
    parser.add_argument("--resume", type=Path, metavar="RUN", help="go on with the run in a folder")
    parser.add_argument("--init", type=Path, metavar="FILE", help="begin with the weights of a .safetensors file")
    parser.add_argument("--only", action="append", metavar="PATTERN", help="take these weights alone, as 'encoder.*'")
    parser.add_argument("--quiet", action="store_true", help="show nothing but what goes wrong")


def run(options: Namespace) -> int:
    """Train; raise NNDSLError or TrainingError for what is wrong, KeyboardInterrupt or SystemExit after a signal."""
    if (options.file is None) == (options.resume is None):
        return _wrong_use("train either a FILE, or go on with `--resume RUN`")
    if options.resume is not None and (options.out or options.init or options.model or options.settings):
        return _wrong_use("a run goes on with its own model, in its own folder: leave the other options out")
    if options.only and options.init is None:
        return _wrong_use("`--only` says which weights of a file are taken: give that by `--init FILE`")
    try:
        data, validation_data = data_of(options.data), data_of(options.validation_data)
    except ArgumentTypeError as error:
        return _wrong_use(str(error))
    if options.processes is not None and options.processes < 1:
        return _wrong_use("`--processes` is at least 1")
    members = count()
    if (options.processes or 1) > 1 and members == 1:
        from nndsl.train.distributed.launch import launch

        return launch([sys.executable, "-m", "nndsl", *options.arguments], options.processes)
    if options.processes is not None and members > 1 and options.processes != members:
        return _wrong_use(f"`--processes {options.processes}` is asked for in a run of {members}: leave it out")
    from nndsl.compiler import compile
    from nndsl.train.fit import fit
    from nndsl.train.heap import keep_heap
    from nndsl.train.run import new_path

    compiled, out = None, None
    if options.file is not None:
        settings = settings_of(options)
        compiled = compile(Path(options.file), options.model, settings, options.root, allow=options.allow)
        if is_first():
            report(compiled.diagnostics, options.format)
        out = options.out or new_path(compiled.name, datetime.now())
    keep_heap()
    try:
        run = fit(
            compiled,
            data,
            epochs=options.epochs,
            batch_size=options.batch_size,
            validation_split=options.validation_split,
            validation_data=validation_data,
            shuffle=options.shuffle,
            seed=options.seed,
            class_weight=options.class_weight,
            device=options.device,
            out=out,
            resume=options.resume,
            init=options.init,
            only=options.only,
            compile=options.compile,
            verbose=not options.quiet,
            allow=options.allow,
        )
    except TrainingError as error:
        if error.code == "E1232" and launcher() is not None:
            return LOST
        raise
    if not options.quiet and is_first():
        print(f"{run.epochs} epochs; the weights are in {run.folder}", file=sys.stderr)
    return 0


def _wrong_use(message: str) -> int:
    print(f"nndsl: {message}", file=sys.stderr)
    return WRONG_USE
