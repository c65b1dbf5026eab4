"""Keras's optimizers: files that need torch alone, and how recipes make them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from nndsl.recipes import optimizers as recipes
from nndsl.train.optimizers.adadelta import Adadelta
from nndsl.train.optimizers.adafactor import Adafactor
from nndsl.train.optimizers.adagrad import Adagrad
from nndsl.train.optimizers.adam import Adam
from nndsl.train.optimizers.adamax import Adamax
from nndsl.train.optimizers.ftrl import Ftrl
from nndsl.train.optimizers.lamb import Lamb
from nndsl.train.optimizers.lion import Lion
from nndsl.train.optimizers.muon import Muon
from nndsl.train.optimizers.nadam import Nadam
from nndsl.train.optimizers.rmsprop import RMSprop
from nndsl.train.optimizers.schedule_free_adamw import ScheduleFreeAdamW
from nndsl.train.optimizers.sgd import SGD
from nndsl.train.trained import Trained

CLASSES: Mapping[str, type[torch.optim.Optimizer]] = {
    "Adadelta": Adadelta,
    "Adafactor": Adafactor,
    "Adagrad": Adagrad,
    "Adam": Adam,
    "AdamW": Adam,  # the decay is what all optimizers have
    "Adamax": Adamax,
    "Ftrl": Ftrl,
    "Lamb": Lamb,
    "Lion": Lion,
    "Muon": Muon,
    "Nadam": Nadam,
    "RMSprop": RMSprop,
    "SGD": SGD,
    "ScheduleFreeAdamW": ScheduleFreeAdamW,
}
"""The class of each recipe."""

_ELSEWHERE = {
    *recipes.SHARED,
    "learning_rate",
    *("exclude_layers", "exclude_embeddings", "adam_weight_decay"),
    "relative_step",  # changes nothing in Keras: it takes min(rate, 1 / sqrt(t)) anyway
}
"""Arguments of recipes that are no hyperparameters of the classes."""


def optimizer_of(
    recipe: recipes.Optimizer, variables: Sequence[Trained]
) -> torch.optim.Optimizer:
    """Return the optimizer of a recipe; the caller sets the rate, decays and clips."""
    return CLASSES[type(recipe).__name__](
        groups(recipe, variables), **hyperparameters(recipe)
    )


def hyperparameters(recipe: recipes.Optimizer) -> dict[str, Any]:
    """Return what the class of a recipe takes beside parameters and rate, by name."""
    names = [field.name for field in dataclasses.fields(recipe)]
    return {name: getattr(recipe, name) for name in names if name not in _ELSEWHERE}


def groups(
    recipe: recipes.Optimizer, variables: Sequence[Trained]
) -> list[dict[str, Any]]:
    """Return the parameter groups: one for each dtype.

    Where the update looks at whole variables there is one for each of them, with the
    "axes" that lead to Keras's view of it.
    """
    whole: Sequence[Trained] = ()
    if isinstance(recipe, (recipes.Lamb, recipes.Adafactor)):
        whole = variables
    elif isinstance(recipe, recipes.Muon):
        whole = [each for each in variables if orthogonalized(recipe, each)]
    parameters: dict[torch.dtype, list[torch.nn.Parameter]] = {}
    for variable in variables:
        if variable not in whole:
            for parameter in variable.parameters:
                parameters.setdefault(parameter.dtype, []).append(parameter)
    return [
        *({"params": same} for same in parameters.values()),
        *({"params": list(each.parameters), "axes": each.axes} for each in whole),
    ]


def orthogonalized(recipe: recipes.Muon, variable: Trained) -> bool:
    """Return whether Muon takes a variable: a matrix that neither setting excludes."""
    path = variable.name.replace(".", "/")
    if recipe.exclude_embeddings and "embedding" in path.lower():
        return False
    excluded = any(re.search(keyword, path) for keyword in recipe.exclude_layers or ())
    return len(variable.shape) == 2 and not excluded
