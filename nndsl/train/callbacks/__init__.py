"""Keras's callbacks, with Keras's logic."""

from __future__ import annotations

from importlib import import_module

from nndsl.recipes.base import Recipe
from nndsl.recipes.strings import snake_case
from nndsl.train.callbacks.base import Callback, Logs
from nndsl.train.errors import TrainingError

_FILES = {"TensorBoard": "tensorboard", "TerminateOnNaN": "terminate_on_nan"}

__all__ = ["Callback", "Logs", "callback_of"]


def callback_of(recipe: object) -> Callback:
    """Return the callback that a recipe describes. Raises TrainingError (E1210) for what is no recipe."""
    if not isinstance(recipe, Recipe):
        message = f"`callbacks` takes callbacks, not {recipe!r}"
        raise TrainingError("E1210", message, "give subclasses of `nndsl.Callback`, or leave those of the file")
    name = type(recipe).__name__
    module = import_module(f"nndsl.train.callbacks.{_FILES.get(name) or snake_case(name)}")
    made = getattr(module, name)(recipe)
    assert isinstance(made, Callback)
    return made
