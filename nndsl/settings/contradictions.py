"""Losses and metrics that contradict what an output ends in."""

from __future__ import annotations

from nndsl.diagnostics import Note
from nndsl.recipes.base import Recipe
from nndsl.settings.written import ModelOutput, Report, Written

PROBABILITIES = ("softmax", "sigmoid")
"""The activations after which an output is a probability."""

SIGMOID_LOSSES = ("BinaryCrossentropy", "BinaryFocalCrossentropy")
SOFTMAX_LOSSES = (
    *("CategoricalCrossentropy", "SparseCategoricalCrossentropy", "CategoricalFocalCrossentropy"),
    "CategoricalGeneralizedCrossEntropy",
)
"""What takes probabilities, of one class or of one among several, unless it is given ``from_logits=true``."""


def check_against_output(
    report: Report, setting: Written, path: tuple[int, ...], recipe: Recipe | None, output: ModelOutput | None
) -> None:
    """Report a loss or metric that takes logits of probabilities (E0806) or probabilities of logits (E0807).

    A categorical loss over a single unit, which is constant, is a warning (W0801).
    """
    if recipe is None or output is None:
        return
    name = type(recipe).__name__
    from_logits = bool(getattr(recipe, "from_logits", name == "CTC"))
    notes = () if output.span is None else (Note(f"the output `{output.name}` comes from here", output.span),)
    takes_probabilities = name in (*SIGMOID_LOSSES, *SOFTMAX_LOSSES, "CrossentropyByShape")
    if from_logits and output.activation in PROBABILITIES:
        remedy = "" if name == "CTC" else "leave `from_logits=true` out, or "
        report.add(
            "E0806",
            f"`{name}` takes logits here, and the output `{output.name}` ends in a {output.activation}",
            setting,
            path,
            f'{remedy}take `activation="{output.activation}"` off the layer',
            notes,
        )
    elif takes_probabilities and not from_logits and output.activation == "linear":
        called = "crossentropy" if name == "CrossentropyByShape" else name
        report.add(
            "E0807",
            f"`{called}` takes probabilities, and the output `{output.name}` ends in a layer without an activation",
            setting,
            path,
            _remedy(name, output),
            notes,
        )
    elif name in SOFTMAX_LOSSES and type(output.size) is int and output.size == 1:
        report.add(
            "W0801",
            f"`{name}` is over one unit, so it is the same for every prediction",
            setting,
            path,
            "a single unit goes with `BinaryCrossentropy`",
            notes,
        )


def _remedy(name: str, output: ModelOutput) -> str:
    """Return both ways out, spelt."""
    binary = name in SIGMOID_LOSSES or (name == "CrossentropyByShape" and output.size == 1)
    activation = "sigmoid" if binary else "softmax"
    if name in ("CategoricalGeneralizedCrossEntropy", "CrossentropyByShape"):
        return f'give the layer `activation="{activation}"`'
    return f'write `{name}(from_logits=true)`, or give the layer `activation="{activation}"`'
