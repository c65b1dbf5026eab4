"""Names of Python for what a model names: none is taken by something else in the script."""

from __future__ import annotations

import builtins
import keyword
from importlib.resources import files

from nndsl.compiler import Compiled
from nndsl.train.metrics.made import VALUES

OWN = frozenset(
    {
        *("F", "Path", "Tensor", "csv", "hashlib", "math", "nn", "np", "torch"),
        *(
            "arrays",
            "batch",
            "chosen",
            "data",
            "epoch",
            "extras",
            "log",
            "loss",
            "losses",
            "model",
            "optimizer",
            "table",
        ),
        *("history", "load", "logs", "main", "metrics", "predicted", "step", "steps", "train", "weight"),
    }
)
"""The names that scripts have themselves."""
PASTED = frozenset(
    {
        *(entry.name.removesuffix(".py") for entry in files("nndsl.train.losses").iterdir()),
        *(function.__name__ for function in VALUES.values()),
    }
)
"""The names of functions that may be pasted into them."""


def name_of(name: str) -> str:
    """Return a name for the tensor of an input or target."""
    taken = name in OWN or name in PASTED or keyword.iskeyword(name) or name in dir(builtins)
    return f"{name}_" if taken else name


def names_of(compiled: Compiled) -> tuple[list[str], list[str], list[str]]:
    """Return the names of the inputs, of the targets, and of what is predicted for these."""
    outputs = [name for name, _ in compiled.model.outputs]
    predicted = ["predicted"] if len(outputs) == 1 else [f"predicted_{name}" for name in outputs]
    return [name_of(node.hint) for node in compiled.model.inputs], [name_of(name) for name in outputs], predicted
