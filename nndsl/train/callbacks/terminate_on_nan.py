"""Stopping when the loss is not finite, as Keras does."""

from __future__ import annotations

from nndsl.recipes import callbacks as recipes
from nndsl.train.callbacks.base import Callback


class TerminateOnNaN(Callback):
    """Ends training where the loss is not finite, without an error unless ``raise_error`` says so."""

    def __init__(self, recipe: recipes.TerminateOnNaN) -> None:
        self.recipe = recipe

    def on_not_finite(self, message: str) -> bool:
        """Stop; without this callback the run fails."""
        if self.recipe.raise_error:
            return False
        self.trainer.say(f"{message}, so training ends")
        self.trainer.stop_training = True
        return True
