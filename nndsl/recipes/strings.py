"""Keras's strings for recipes: ``"adam"``, ``"mse"``, ``"he_normal"``, …"""

from __future__ import annotations

import re

from nndsl.arguments import ArgumentError, describe, is_required, parameters
from nndsl.recipes import NAMES, find
from nndsl.recipes.base import KINDS, Recipe, RecipeKind

ALIASES: dict[str, dict[str, str]] = {
    "initializer": {
        "IdentityInitializer": "Identity",
        "OrthogonalInitializer": "Orthogonal",
        "STFTInitializer": "STFT",
        "normal": "RandomNormal",
        "one": "Ones",
        "uniform": "RandomUniform",
        "zero": "Zeros",
    },
    "regularizer": {},
    "constraint": {},
    "optimizer": {},
    "loss": {
        **dict.fromkeys(("bce", "BCE"), "BinaryCrossentropy"),
        **dict.fromkeys(("kld", "KLD"), "KLDivergence"),
        **dict.fromkeys(("mae", "MAE"), "MeanAbsoluteError"),
        **dict.fromkeys(("mape", "MAPE"), "MeanAbsolutePercentageError"),
        **dict.fromkeys(("mse", "MSE"), "MeanSquaredError"),
        **dict.fromkeys(("msle", "MSLE"), "MeanSquaredLogarithmicError"),
    },
    "metric": {
        **dict.fromkeys(("bce", "BCE"), "BinaryCrossentropy"),
        **dict.fromkeys(("mae", "MAE"), "MeanAbsoluteError"),
        **dict.fromkeys(("mape", "MAPE"), "MeanAbsolutePercentageError"),
        **dict.fromkeys(("mse", "MSE"), "MeanSquaredError"),
        **dict.fromkeys(("msle", "MSLE"), "MeanSquaredLogarithmicError"),
    },
}
"""The strings that are neither the name of a class nor its snake case; kinds that are missing have no strings."""


BY_SHAPE = {"loss": ("crossentropy", "ce"), "metric": ("accuracy", "acc")}
"""The strings that mean one class or another, by the shapes of labels and predictions."""


def strings_of(kind: str) -> dict[str, str]:
    """Return the strings of a kind and the class that each means, those of BY_SHAPE apart."""
    if kind not in ALIASES:
        return {}
    names = [name for name in NAMES[kind] if name not in ("Value", "CategoricalGeneralizedCrossEntropy")]
    if kind == "optimizer":  # Keras ignores case here, and here alone
        return {name.lower(): name for name in names}
    return {name: name for name in names} | {snake_case(name): name for name in names} | ALIASES[kind]


def recipe_of(kind: str, value: str) -> Recipe:
    """Return the recipe that a string means; a loss or metric takes its name from the string, as in Keras.

    Raises ArgumentError: E0302 where the kind has no strings, E0304 for an unknown one.
    """
    strings = strings_of(kind)
    if not strings:
        raise RecipeKind(kind).refuse(value)
    if value.lower() in BY_SHAPE.get(kind, ()):
        return _by_shape(kind, value)
    name = strings.get(value.lower() if kind == "optimizer" else value)
    declared = find(kind, name) if name else None
    if declared is None:
        known = [*strings, *BY_SHAPE.get(kind, ())]
        raise ArgumentError("E0304", f"must be {KINDS[kind]}, not {describe(value)}", _suggested(value, known))
    missing = [field.name for field in parameters(declared) if is_required(field)]
    if missing:
        help = f"write `{name}({', '.join(f'{item}=…' for item in missing)})`"
        raise ArgumentError("E0304", f"cannot be {describe(value)}, which has arguments that must be given", help)
    return declared(name=value) if kind in BY_SHAPE else declared()  # type: ignore[call-arg]


def _by_shape(kind: str, value: str) -> Recipe:
    if kind == "loss":
        from nndsl.recipes.losses import CrossentropyByShape

        return CrossentropyByShape(name=value)
    from nndsl.recipes.metrics import AccuracyByShape

    return AccuracyByShape(name=value)


def _suggested(value: str, known: list[str]) -> str:
    """Return the line of help for an unknown string, its suggestions in the quotes that they are written in."""
    from nndsl.suggestions import suggest

    return re.sub(r"`(\w+)`", r'`"\1"`', suggest(value, known, "value"))


def snake_case(name: str) -> str:
    """Return a class's name as Keras's ``to_snake_case`` writes it."""
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
