"""What a recipe is: a description with typed fields, of an initializer, a loss, an optimizer, …"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, dataclass_transform

from nndsl.arguments import Kind, argument


@dataclass(frozen=True, slots=True)
class Recipe:
    """The base of all recipes; a subclass declares its fields (the arguments of the language, in order)."""

    kind: ClassVar[str] = ""
    """The kind of the recipe, one of ``KINDS``; the base class of the kind sets it."""

    def check(self) -> None:
        """Raise ArgumentError (E0305, its message whole) for arguments that contradict one another."""

    @property
    def described(self) -> str:
        """What messages call it."""
        return f"`{type(self).__name__}(…)`"


@dataclass_transform(frozen_default=True, field_specifiers=(argument,))
def recipe(declared: type[Any]) -> type[Any]:
    """Make a class with annotated fields a recipe: a frozen dataclass with slots."""
    return dataclass(frozen=True, slots=True)(declared)


@dataclass(frozen=True, slots=True)
class PendingRecipe:
    """A recipe as it was written, ``Name(arguments)``: its kind follows from the argument or setting that takes it.

    ``arguments`` are pairs of a name (None by position) and a value of the language.
    """

    name: str
    arguments: tuple[tuple[str | None, Any], ...]

    @property
    def described(self) -> str:
        """What messages call it."""
        return f"the recipe `{self.name}`"


KINDS: dict[str, str] = {
    "initializer": 'an initializer such as `"he_normal"` or `HeNormal()`',
    "regularizer": 'a regularizer such as `"l2"` or `L2(1e-4)`',
    "constraint": 'a constraint such as `"non_neg"` or `MaxNorm(2)`',
    "optimizer": 'an optimizer such as `"adam"` or `Adam()`',
    "schedule": "a schedule such as `CosineDecay(1e-3, 1000)`",
    "loss": 'a loss such as `"mse"` or `MeanSquaredError()`',
    "metric": 'a metric such as `"accuracy"` or `CategoricalAccuracy()`',
    "callback": "a callback such as `EarlyStopping()`",
    "data": 'a source of data such as `Npz("digits.npz")`',
}
"""The kinds of recipes, and what messages say that an argument of the kind takes."""


@dataclass(frozen=True, slots=True)
class RecipeKind(Kind):
    """A recipe of a kind, written out or (where Keras has strings for the kind) as its name in a string."""

    kind: str
    optional: bool = False

    @property
    def description(self) -> str:  # type: ignore[override]
        """What the argument takes."""
        return KINDS[self.kind] + (", or `none`" if self.optional else "")

    def read(self, value: object) -> Recipe | None:
        """Return the recipe, its own arguments read."""
        if value is None and self.optional:
            return None
        from nndsl.recipes import resolve

        return resolve(self.kind, value)
