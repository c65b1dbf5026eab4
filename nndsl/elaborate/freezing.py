"""Values as keys: their structure, without the identity of the layers in them."""

from __future__ import annotations

from collections.abc import Hashable

from nndsl.dims import Dim
from nndsl.elaborate.session import Session
from nndsl.elaborate.values import Built, Composed, PerStep, Single, Stacked
from nndsl.recipes.base import PendingRecipe


def frozen(session: Session, value: object) -> Hashable:
    """Return a hashable structure that is equal for values that mean the same: 1, 1.0 and true are three."""
    return _Freezer(session).frozen(value)


class _Freezer:
    """One key; layers are numbered as they are met, so that the same one met twice is told from two."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._numbers: dict[int, int] = {}

    def frozen(self, value: object) -> Hashable:
        if value is None or isinstance(value, (bool, str)):
            return type(value).__name__, value
        if isinstance(value, int):
            return "int", int(value)
        if isinstance(value, float):
            return "float", float(value)
        if isinstance(value, Dim):
            return value
        if isinstance(value, (list, tuple)):
            return type(value).__name__, tuple(self.frozen(item) for item in value)
        if isinstance(value, range):
            return "range", value
        if isinstance(value, dict):
            return "dict", tuple((self.frozen(key), self.frozen(item)) for key, item in value.items())
        if isinstance(value, PendingRecipe):
            return "recipe", value.name, tuple((name, self.frozen(item)) for name, item in value.arguments)
        if isinstance(value, Single):
            return "layer", value.layer, self._number(value.made)
        if isinstance(value, Built):
            arguments = tuple((name, self.frozen(item)) for name, item in value.arguments.items())
            return "built", id(value.definition), value.made.layer, arguments, self._number(value.made)
        if isinstance(value, PerStep):
            return "per step", self.frozen(value.inner)
        if isinstance(value, Stacked):
            return "stack", value.layer, tuple(self.frozen(part) for part in value.parts)
        if isinstance(value, Composed):
            return "chain", tuple(self.frozen(layer) for layer in value.layers)
        return "other", id(value)

    def _number(self, made: object) -> int:
        return self._numbers.setdefault(id(made), len(self._numbers)) if made is not None else -1
