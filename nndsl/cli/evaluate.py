"""``nndsl evaluate``: the loss and the metrics of a trained model on data."""

from __future__ import annotations

import json
from argparse import ArgumentParser, ArgumentTypeError, Namespace

from nndsl.cli.common import add_format
from nndsl.cli.data import add_data, data_of
from nndsl.cli.trained import add_trained, add_use, misused, model_of, say, wrong_use


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    add_trained(parser)
    add_data(parser, what="data to measure on (default: those that the run validates on)")
    add_use(parser)
    add_format(parser)


def run(options: Namespace) -> int:
    """Print the loss and metrics on a line, or as JSON; raise NNDSLError or TrainingError for what is wrong."""
    if message := misused(options):
        return wrong_use(message)
    try:
        data = data_of(options.data)
    except ArgumentTypeError as error:
        return wrong_use(str(error))
    model = model_of(options)
    from nndsl.train.evaluating import check_measurable, measured
    from nndsl.train.ready import ready, samples

    trained = ready(model, options.weights, best=options.best, device=options.device, allow=options.allow)
    check_measurable(trained.compiled)
    say(trained.remarks, options.format)
    source = samples(trained, data)
    say(source.remarks, options.format)
    results = measured(trained, source, options.batch_size)
    if options.format == "json":
        print(json.dumps({"samples": len(source), **results}))
    else:
        shown = (f"{name} {_text(value)}" for name, value in results.items())
        print(" · ".join([f"{len(source):,} samples", *shown]))
    return 0


def _text(value: float | tuple[float, ...]) -> str:
    return " ".join(f"{each:.4g}" for each in value) if isinstance(value, tuple) else f"{value:.4g}"
