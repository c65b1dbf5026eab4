"""``nndsl predict``: the outputs of a trained model for new data, as arrays or as a table."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path

from nndsl.cli.data import add_data, data_of
from nndsl.cli.trained import add_trained, add_use, misused, model_of, say, wrong_use


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    add_trained(parser)
    add_data(parser, what="the inputs (default: those that the run validates on)")
    parser.add_argument("--rows", type=_rows, metavar="N|M:N", help="these samples alone, counted from 0")
    parser.add_argument(
        "-o", "--out", type=Path, metavar="FILE", help="out.npz for arrays, out.csv for a table (default: printed)"
    )
    add_use(parser)


def run(options: Namespace) -> int:
    """Write or print the predictions; raise NNDSLError or TrainingError for what is wrong."""
    if message := misused(options):
        return wrong_use(message)
    try:
        data = data_of(options.data)
    except ArgumentTypeError as error:
        return wrong_use(str(error))
    model = model_of(options)
    from nndsl.train.predicting import predicted
    from nndsl.train.prediction_files import check_suffix, write_predictions, write_table
    from nndsl.train.ready import ready, samples

    if options.out is not None:
        check_suffix(options.out)
    trained = ready(model, options.weights, best=options.best, device=options.device, allow=options.allow)
    say(trained.remarks)
    predictions = predicted(trained, samples(trained, data, targets=False), options.rows, options.batch_size)
    if options.out is None:
        write_table(predictions, sys.stdout)
        return 0
    write_predictions(predictions, options.out)
    count = len(next(iter(predictions.outputs.values())))
    print(f"{options.out}: {', '.join(predictions.outputs)} of {count:,} samples", file=sys.stderr)
    return 0


def _rows(text: str) -> range:
    first, colon, last = text.partition(":")
    if not first.isdecimal() or (colon and not last.isdecimal()) or (colon and int(last) <= int(first)):
        raise ArgumentTypeError(f"{text!r} is neither a row, such as 3, nor rows, such as 0:10")
    return range(int(first), int(last) if colon else int(first) + 1)
