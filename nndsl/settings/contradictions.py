"""Losses and metrics that contradict what an output ends in, or its shape."""

from __future__ import annotations

from nndsl.diagnostics import Note
from nndsl.recipes.base import Recipe
from nndsl.settings.written import ModelOutput, Report, Written

PROBABILITIES = ("softmax", "sigmoid")
"""The activations after which an output is a probability."""

UNIT = frozenset({*PROBABILITIES, "hard_sigmoid", "sparse_sigmoid", "sparsemax"})
POSITIVE = UNIT | {"relu", "relu6", "softplus", "exponential", "squareplus", "sparse_plus"}
"""The activations that give numbers from 0 to 1, and those that give none below 0."""

SIGMOID_LOSSES = ("BinaryCrossentropy", "BinaryFocalCrossentropy")
SOFTMAX_LOSSES = (
    *("CategoricalCrossentropy", "SparseCategoricalCrossentropy", "CategoricalFocalCrossentropy"),
    "CategoricalGeneralizedCrossEntropy",
)
"""What takes probabilities, of one class or of one among several, unless it is given ``from_logits=true``."""

RANGED = {
    **dict.fromkeys(("KLDivergence", "Dice", "Tversky"), (UNIT, "takes probabilities", '`activation="softmax"`')),
    "Poisson": (POSITIVE, "takes the logarithm of the output", '`activation="softplus"`'),
}
"""The other losses that are meant for numbers of a range: the activations that keep to it, why, and one of them."""


def check_against_output(
    report: Report, setting: Written, path: tuple[int, ...], recipe: Recipe | None, output: ModelOutput | None
) -> None:
    """Report a loss or metric that does not go with what its output ends in; the first that is wrong with it.

    E0806: logits of probabilities; E0807: probabilities of logits. A loss may also be one that the output cannot have
    (E0811), or that is the same for every prediction (W0801); other misfits are warnings (W0802).
    """
    if recipe is None or output is None:
        return
    name = type(recipe).__name__
    from_logits = bool(getattr(recipe, "from_logits", name == "CTC"))
    notes = () if output.span is None else (Note(f"the output `{output.name}` comes from here", output.span),)
    takes_probabilities = name in (*SIGMOID_LOSSES, *SOFTMAX_LOSSES, "CrossentropyByShape")
    impossible = _impossible(recipe, name, output) if setting.name == "loss" else None
    if impossible is not None:
        report.add("E0811", impossible[0], setting, path, impossible[1], notes)
    elif from_logits and output.activation in PROBABILITIES:
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
    elif type(output.size) is int and output.size == 1 and _is_constant(name, setting, output):
        over = "over one unit" if name in SOFTMAX_LOSSES else "of a softmax over one unit"
        report.add(
            "W0801",
            f"`{name}` is {over}, so it is the same for every prediction",
            setting,
            path,
            "a single unit goes with `BinaryCrossentropy`" + ("" if name in SOFTMAX_LOSSES else " and a sigmoid"),
            notes,
        )
    elif setting.name == "loss":
        misfit = _misfit(name, from_logits, output)
        if misfit is not None:
            report.add("W0802", misfit[0], setting, path, misfit[1], notes)


def _is_constant(name: str, setting: Written, output: ModelOutput) -> bool:
    """Return whether a loss, or metric, of one unit is the same for every prediction."""
    one_class = output.activation == "softmax" and setting.name == "loss" and name != "Value"
    return one_class or name in (*SOFTMAX_LOSSES, *("CTC",) * (setting.name == "loss"))


def _impossible(recipe: Recipe, name: str, output: ModelOutput) -> tuple[str, str] | None:
    """Return why an output cannot have a loss, and what to do, or None."""
    size, rank = output.size, output.rank
    if output.dtype is not None and not output.dtype.startswith(("float", "bfloat")):
        return (
            f"the output `{output.name}` is of {output.dtype}, through which no gradient goes",
            "take the loss of the floats that it comes from, as an output of its own",
        )
    if getattr(recipe, "reduction", "sum") in (None, "none"):
        return (
            f"`{name}` stays a loss for each sample with this `reduction`, and training needs one number",
            'leave `reduction` out, or write `reduction="sum"`',
        )
    if rank is None:
        return None
    if name == "CTC" and rank != 3:
        return (
            f"`CTC` takes an output (N, steps, classes), and `{output.name}` has {rank} axes",
            "give it the logits of each step",
        )
    axes = getattr(recipe, "axis", -1)
    for axis in axes if isinstance(axes, tuple) else () if axes is None else (axes,):
        if not -rank <= axis < rank:
            message = (
                f"`{name}` goes over axis {axis}, and the output `{output.name}` has {rank} axes, the batch included"
            )
            return message, "-1 is the last axis"
    alpha = getattr(recipe, "alpha", None)
    if isinstance(alpha, tuple) and type(size) is int and len(alpha) not in (1, size):
        return (
            f"`{name}` has an `alpha` for {len(alpha)} classes, and the output `{output.name}` has {size}",
            f"give {size} numbers, or one for all classes",
        )
    return None


def _misfit(name: str, from_logits: bool, output: ModelOutput) -> tuple[str, str] | None:
    """Return why a loss does not go with the activation of its output, and what to do, or None."""
    activation = output.activation
    if activation is None:
        return None
    ends = "without an activation" if activation == "linear" else f"in `{activation}`"
    of = f"and the output `{output.name}` ends {ends}"
    if name in SIGMOID_LOSSES and not from_logits and activation == "softmax":
        return (
            f"`{name}` takes each class by itself, {of}, which makes them exclude one another",
            "take `CategoricalCrossentropy` for classes that exclude one another, or a sigmoid for those that do not",
        )
    if name in SOFTMAX_LOSSES and not from_logits and activation == "sigmoid":
        return (
            f"`{name}` is for classes that exclude one another, {of}, which takes each by itself",
            'give the layer `activation="softmax"`, or take `BinaryCrossentropy`',
        )
    if name in (*SIGMOID_LOSSES, *SOFTMAX_LOSSES):
        if from_logits and activation in POSITIVE:
            return f"`{name}` takes logits here, {of}, which is never negative", "take the activation off the layer"
        # Probabilities of classes are divided by their sum: exp is all of a softmax but that.
        allowed = UNIT | {"exponential"} if name in SOFTMAX_LOSSES else UNIT
        if not from_logits and activation not in allowed:
            return f"`{name}` takes probabilities, {of}", _remedy(name, output)
    if name in RANGED:
        allowed, why, example = RANGED[name]
        if activation not in allowed:
            return f"`{name}` {why}, {of}", f"give the layer an activation such as {example}"
    if name in ("Hinge", "SquaredHinge") and activation in POSITIVE:
        return (
            f"`{name}` compares with labels of -1 and 1, {of}, which is never negative",
            'take the activation off the layer, or write `activation="tanh"`',
        )
    return None


def _remedy(name: str, output: ModelOutput) -> str:
    """Return both ways out, spelt."""
    binary = name in SIGMOID_LOSSES or (name == "CrossentropyByShape" and output.size == 1)
    activation = "sigmoid" if binary else "softmax"
    if name in ("CategoricalGeneralizedCrossEntropy", "CrossentropyByShape"):
        return f'give the layer `activation="{activation}"`'
    return f'write `{name}(from_logits=true)`, or give the layer `activation="{activation}"`'
