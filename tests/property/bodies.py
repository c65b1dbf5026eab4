"""The bodies of random models and blocks while they are written: their lines, and the values that have names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tests.property.choosing import link
from tests.property.pen import Axis, Pen, Shape

NAMES = ("y", "z", "u", "skip", "half", "x_1", "y_1", "forward", "torch", "self", "type", "h")
"""Names of values; some are those of PyTorch, or look like those that the emitter makes."""


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor of the text: how it is written, its guessed shape and its dtype."""

    text: str
    shape: Shape
    dtype: str = "float32"

    @property
    def is_float(self) -> bool:
        """Whether layers of floats take it."""
        return "float" in self.dtype


class Definitions(Protocol):
    """What a body may ask of the file that it stands in: blocks and models, written for it."""

    def block(self, pen: Pen, value: Value, depth: int) -> tuple[str, Shape]:
        """Write a block for a value, and return its name and what it gives."""

    def model(self, pen: Pen, value: Value) -> tuple[str, Shape]:
        """Write a model for a value, and return its name and what it gives."""

    def wrapper(self) -> None:
        """Write the block that takes a layer, once."""


class Body:
    """The statements of a model or block while they are written."""

    def __init__(self, pen: Pen, file: Definitions, values: list[Value], current: Value | None, depth: int) -> None:
        self.pen = pen
        self.file = file
        self.values = values
        self.current = current
        self.depth = depth
        self.lines: list[str] = []

    def value(self, *, floats: bool = False) -> Value:
        """Draw a value that is bound, often the last one."""
        found = [value for value in self.values if value.is_float or not floats] or self.values
        return found[-1] if self.pen.chance(0.5) else self.pen.one(found)

    def bind(self, expression: str, shape: Shape, dtype: str = "float32", name: str = "") -> Value:
        """Write a binding, to a new name or to one that is bound anew."""
        name = name or self.name()
        self.lines.append(f"{name} = {expression}")
        return self.known(name, shape, dtype)

    def name(self) -> str:
        """Draw a name, mostly one that hides no value: what is hidden can be no output."""
        bound = {value.text for value in self.values}
        free = [name for name in NAMES if name not in bound]
        return self.pen.one(free if free and self.pen.chance(0.7) else NAMES)

    def known(self, name: str, shape: Shape, dtype: str) -> Value:
        """Note what a name stands for from here on."""
        value = Value(name, shape, dtype)
        self.values = [other for other in self.values if other.text != name] + [value]
        return value

    def floats(self) -> Value:
        """Return a value of floats; integers are embedded first."""
        value = self.value(floats=True)
        if value.is_float:
            return value
        return self.bind(f"{value.text} -> Embedding(5, 4)", (*value.shape, Axis(4)))

    def chain(self, value: Value, most: int = 3) -> tuple[str, Shape, str]:
        """Write links behind a value."""
        text, shape, dtype = "", value.shape, value.dtype
        for _ in range(self.pen.upto(most)):
            layer, shape, dtype = link(self.pen, shape, dtype)
            text += f" -> {layer}"
        return text, shape, dtype
