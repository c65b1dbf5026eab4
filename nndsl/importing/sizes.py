"""The free sizes of inputs: a symbol for each, by what its axis is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from nndsl.importing import tree
from nndsl.importing.recorded import InputRecord
from nndsl.syntax.nodes import Expression

Shape: TypeAlias = tuple[Expression, ...]

_BY_RANK: Mapping[int, tuple[str, ...]] = {1: ("T",), 2: ("T", "C"), 3: ("H", "W", "C"), 4: ("D", "H", "W", "C")}


@dataclass(frozen=True, slots=True)
class Sizes:
    """The shapes that are known to be another than the first guess, by the names of the model and of its input."""

    shapes: Mapping[tuple[str, str], Shape] = field(default_factory=dict)

    def with_shapes(self, shapes: Mapping[tuple[str, str], Shape]) -> Sizes:
        """Return these with others."""
        return Sizes({**self.shapes, **shapes})

    def of(self, model: str, names: Sequence[str], inputs: Sequence[InputRecord]) -> list[Shape]:
        """Return the shapes of a model's inputs; at first each free size has a symbol of its own."""
        taken: set[str] = set()
        guessed = [_shape(each, taken) for each in inputs]
        return [self.shapes.get((model, name), shape) for name, shape in zip(names, guessed, strict=True)]


def _shape(given: InputRecord, taken: set[str]) -> Shape:
    letters = _BY_RANK.get(len(given.shape), ())
    found: list[Expression] = []
    for place, size in enumerate(given.shape):
        if size is not None:
            found.append(tree.constant(size))
            continue
        letter = letters[place] if place < len(letters) else "S"
        symbol, number = letter, 2
        while symbol in taken:
            symbol, number = f"{letter}{number}", number + 1
        taken.add(symbol)
        found.append(tree.name(symbol))
    return tuple(found)
