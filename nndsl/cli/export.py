"""``nndsl export``: a trained model as a file for other programs."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path

from nndsl.cli.trained import add_trained, misused, model_of, say, wrong_use

FORMATS = ("onnx", "pt2", "safetensors")


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    add_trained(parser)
    # Not called `format`, which is that of messages.
    parser.add_argument("--format", choices=FORMATS, dest="kind", help="of the file (default: what its suffix says)")
    parser.add_argument(
        "--size",
        type=_size,
        action="append",
        default=[],
        dest="sizes",
        metavar="NAME=N",
        help="fix an open size, as the number of steps of a recurrent layer has to be",
    )
    parser.add_argument("-o", "--out", type=Path, metavar="FILE", help="where to write (default: NAME.FORMAT here)")


def run(options: Namespace) -> int:
    """Write the file, and say what is in it; raise NNDSLError or TrainingError for what is wrong."""
    if message := misused(options):
        return wrong_use(message)
    if options.kind is None and options.out is None:
        return wrong_use(f"say which format: `--format {FORMATS[0]}`, or `-o FILE.{FORMATS[0]}`")
    model = model_of(options)
    from nndsl.train.exporting import export, format_of

    kind = options.kind or format_of(options.out)
    out = options.out
    if out is None:
        name = model.resolve().name if isinstance(model, Path) else model.name
        out = Path(f"{name}.{kind}")
    done = export(
        model,
        out,
        format=kind,
        sizes=dict(options.sizes),
        weights=options.weights,
        best=options.best,
        allow=options.allow,
    )
    say(done.remarks)
    print(f"{done.path}: {done.path.stat().st_size:,} bytes")
    for word, shapes in (("input", done.inputs), ("output", done.outputs)):
        for name, shape in shapes.items():
            print(f"  {word} {name}: ({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})")
    if done.fixed:
        print(f"  fixed: {', '.join(f'{name} = {size}' for name, size in done.fixed.items())}")
    if done.random:
        print(f"  not compared, as they are random: {', '.join(done.random)}")
    if done.difference is not None:
        by = "onnxruntime" if kind == "onnx" else "PyTorch"
        print(f"  run by {by} on {done.trials} batches: within {done.difference:.1e} of the model")
    return 0


def _size(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    if not name.isidentifier() or not number.isdecimal():
        raise ArgumentTypeError(f"{text!r} is not of the form NAME=N, such as T=32")
    return name, int(number)
