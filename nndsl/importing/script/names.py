"""What the dotted names of a script mean: Keras under its roots, everything else by its own name."""

from __future__ import annotations

from nndsl import layers, recipes
from nndsl.importing.script.values import Path

_ROOTS = (
    ("tensorflow", "python", "keras"),
    ("tensorflow", "compat", "v1", "keras"),
    ("tensorflow", "compat", "v2", "keras"),
    ("tensorflow", "keras"),
    ("tf_keras",),
    ("keras", "api"),
    ("keras", "src"),
    ("keras",),
)
"""The names under which scripts import Keras, the longer ones first."""

_MOVED = {
    ("tensorflow", "nn"): "activations",
    ("tensorflow", "math"): "ops",
    ("backend",): "ops",
}
"""Parts of TensorFlow and of older versions of Keras whose names are those of a part of Keras 3."""

FUNCTIONS_OF_LAYERS = {
    "add": "Add",
    "subtract": "Subtract",
    "multiply": "Multiply",
    "average": "Average",
    "maximum": "Maximum",
    "minimum": "Minimum",
    "concatenate": "Concatenate",
    "dot": "Dot",
}
"""The functions of ``keras.layers`` that make a layer and apply it at once."""

_ALIASES = {"l1": "L1", "l2": "L2", "l1_l2": "L1L2", "orthogonal_regularizer": "OrthogonalRegularizer"}


def resolved(parts: tuple[str, ...]) -> Path:
    """Return the path of a dotted name."""
    for root in _ROOTS:
        if parts[: len(root)] == root:
            rest = parts[len(root) :]
            return Path(_moved(rest), keras=True)
    moved = _moved(parts)
    return Path(moved, keras=moved != parts)


def _moved(parts: tuple[str, ...]) -> tuple[str, ...]:
    for old, new in _MOVED.items():
        if parts[: len(old)] == old:
            return (new, *parts[len(old) :])
    return parts


def extended(path: Path, name: str) -> Path:
    """Return the path of an attribute of a part of a library."""
    if not path.keras:
        return resolved((*path.parts, name))
    return Path(_moved((*path.parts, name)), keras=True)


def recipe_name(path: Path) -> str:
    """Return the class of a recipe: ``regularizers.l2`` is ``L2``, ``initializers.he_normal`` is ``HeNormal``."""
    if path.last in _ALIASES:
        return _ALIASES[path.last]
    if path.last.islower() and path.section == "initializers":
        return "".join(word.capitalize() for word in path.last.split("_"))
    return path.last


def is_there(path: Path, name: str) -> bool:
    """Return whether ``from path import *`` binds a name, as far as models need to know."""
    if not path.keras:
        return False
    if path.last == "layers":
        return name == "Input" or name in FUNCTIONS_OF_LAYERS or layers.find(name) is not None
    if path.last == "models":
        return name in ("Sequential", "Model")
    return bool(recipes.kinds_of(recipe_name(extended(path, name)))) or name in ("Sequential", "Model", "Input")
