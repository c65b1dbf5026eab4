"""The arguments that act on a layer in training alone: regularizers and constraints, none by default."""

from __future__ import annotations

from typing import Any

from nndsl.arguments import argument
from nndsl.recipes.base import RecipeKind


def regularizer() -> Any:
    """Declare an argument that takes a regularizer or none."""
    return argument(RecipeKind("regularizer", optional=True), None)


def constraint() -> Any:
    """Declare an argument that takes a constraint or none."""
    return argument(RecipeKind("constraint", optional=True), None)
