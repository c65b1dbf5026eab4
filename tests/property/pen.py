"""What the writers of random texts share: guessed shapes, and a pen that draws and writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from nndsl.arguments import parameters
from nndsl.layers import find

T = TypeVar("T")

LARGEST = 2_000
"""Values of a sample above which nothing is enlarged any more."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A size: what the writer guesses, whether the compiler knows it as a number, and how a file may write it."""

    size: int
    fixed: bool = True
    text: str = ""


Shape = tuple[Axis, ...]
"""A shape without the batch. It is a guess, never an expectation: where it is wrong, a text is refused more often."""


def sizes(shape: Shape) -> tuple[int, ...]:
    """Return the guessed numbers of a shape."""
    return tuple(axis.size for axis in shape)


def volume(shape: Shape) -> int:
    """Return the guessed number of values of a sample."""
    total = 1
    for axis in shape:
        total *= axis.size
    return total


@dataclass
class Pen:
    """The source of all choices of one text, and what numbers may be called where it writes.

    ``first`` says whether the file sets the channels first. ``words`` pairs texts that may stand for numbers (the
    parameters and bound dimensions of a block) with these numbers.
    """

    random: Random
    first: bool = False
    words: dict[str, int] = field(default_factory=dict)

    def chance(self, probability: float) -> bool:
        """Tell whether something of a probability happens."""
        return self.random.random() < probability

    def one(self, options: Sequence[T]) -> T:
        """Return one of several; the first is the simplest."""
        return self.random.choice(options)

    def upto(self, most: int, least: int = 1) -> int:
        """Return a number of a range, both ends included."""
        return self.random.randint(least, max(least, most))

    def number(self, value: int) -> str:
        """Write a number, or a name or expression that stands for it."""
        names = [name for name, known in self.words.items() if known == value]
        if names and self.chance(0.7):
            return self.one(names)
        doubles = [name for name, known in self.words.items() if known * 2 == value]
        if doubles and self.chance(0.5):
            return f"{self.one(doubles)} * 2"
        return str(value)

    def width(self, shape: Shape, axis: int = -1) -> int:
        """Draw a number of units or filters, often that of the axis."""
        if shape and self.chance(0.4):
            return min(shape[axis].size, 24)
        return self.one((4, 1, 2, 3, 5, 6, 8))

    def call(self, name: str, *arguments: tuple[str, str]) -> str:
        """Write a constructor; arguments may stand without their names while they are in the order of the layer."""
        declared = find(name)
        assert declared is not None
        fields = [field.name for field in parameters(declared) if not field.kw_only]
        written: list[str] = []
        positional = True
        for place, (key, value) in enumerate(arguments):
            positional = positional and fields[place : place + 1] == [key] and self.chance(0.7)
            written.append(value if positional else f"{key}={value}")
        return f"{name}({', '.join(written)})"

    def sized(self, values: Sequence[int]) -> str:
        """Write numbers that are one argument: equal ones often as one."""
        if len(set(values)) == 1 and (len(values) == 1 or self.chance(0.7)):
            return str(values[0])
        return f"({', '.join(map(str, values))})"

    def several(self, count: int, options: Sequence[int]) -> tuple[int, ...]:
        """Draw numbers for some axes, mostly equal ones."""
        if self.chance(0.6):
            return (self.one(options),) * count
        return tuple(self.one(options) for _ in range(count))
