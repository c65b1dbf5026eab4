"""Random texts of models: chains and graphs with merges, shared layers, blocks, loops and symbolic sizes.

Most are valid. Whether one is, only the compiler says: nothing here knows the rules of shapes for certain.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from tests.property.bodies import Body, Value
from tests.property.pen import Axis, Pen, Shape
from tests.property.spatial import DTYPES
from tests.property.statements import write

INPUTS = ("a", "b", "tokens", "image", "x")
SYMBOLS = ("T", "H", "W", "S")


class File:
    """A text while it is written."""

    def __init__(self, random: Random) -> None:
        self.pen = Pen(random)
        self.definitions: list[str] = []
        self.first = self.pen.chance(0.15)
        self.pen.first = self.first
        self.used = 0

    def text(self) -> str:
        """Write the whole text."""
        pen = self.pen
        declared, values = self.inputs()
        current = values[0] if len(values) == 1 else None
        body = Body(pen, self, values, current, 0)
        write(body, pen.one((4, 1, 3, 6, 8, 10, 12, 14, 16)))
        setting = ['set data_format = "channels_first"'] if self.first else []
        if pen.chance(0.06):
            setting.append(f'set dtype_policy = "{pen.one(DTYPES)}"')
        model = ["model Main {", *declared, *body.lines, *self.outputs(body, values), "}"]
        return "\n".join([*setting, *self.definitions, *model]) + "\n"

    def inputs(self) -> tuple[list[str], list[Value]]:
        """Write the inputs."""
        pen = self.pen
        lines: list[str] = []
        values: list[Value] = []
        for name in pen.random.sample(INPUTS, pen.one((1, 1, 1, 2, 3))):
            rank = pen.one((1, 2, 2, 2, 3, 3, 3, 4))
            integers = pen.chance(0.15)
            if integers:
                rank = pen.one((1, 1, 2, 0))
            shape = tuple(self.axis(place == (0 if self.first else rank - 1)) for place in range(rank))
            if integers and pen.chance(0.5):
                shape = tuple(self.axis(False) for _ in shape)
            dtype = pen.one(("int64", "int64", "int32", "uint8")) if integers else "float32"
            if pen.chance(0.04):
                dtype = pen.one(("float16", "bfloat16", "float64", "bool"))
            written = f"({', '.join(axis.text or str(axis.size) for axis in shape)}{',' if rank == 1 else ''})"
            lines.append(f"input {name}: {dtype if dtype != 'float32' or not rank else ''}{written}")
            values.append(Value(name, tuple(replace(axis, text=axis.text.replace("_", "")) for axis in shape), dtype))
        return lines, values

    def axis(self, channels: bool) -> Axis:
        """Draw an axis of an input."""
        pen = self.pen
        if channels:
            return Axis(pen.one((3, 1, 2, 4, 6, 8)))
        if pen.chance(0.65):
            return Axis(pen.one((5, 4, 1, 2, 3, 6, 7, 8, 9, 11)))
        name = pen.one(SYMBOLS)
        factor, offset = pen.one(((1, 0), (1, 0), (1, 0), (2, 0), (4, 0), (2, 1), (3, 0)))
        if pen.chance(0.1):
            return Axis(6, False, "_")
        text = name if factor == 1 else f"{factor} * {name}" + (f" + {offset}" if offset else "")
        return Axis(3 * factor + offset, False, text)

    def outputs(self, body: Body, inputs: list[Value]) -> list[str]:
        """Write the outputs: none, if there is a current value, else values that are no inputs, some with a last layer.

        What such a layer gives is compared as it is: nothing behind it hides a mistake.
        """
        pen = body.pen
        made = [value for value in body.values if value not in inputs]
        if body.current is not None and body.current not in inputs and pen.chance(0.2):
            return []
        if not made:
            value = body.floats()
            text, _, _ = body.chain(value, 2)
            return [f"output {value.text}{text}"]
        chosen = made if pen.chance(0.8) else list(dict.fromkeys((made[-1], pen.one(made))))
        written = [value.text + (body.chain(value, 1)[0] if pen.chance(0.7) else "") for value in chosen]
        if pen.chance(0.6):
            return [f"output {', '.join(written)}"]
        return [f"output out_{place}: {text}" for place, text in enumerate(written)]

    def block(self, pen: Pen, value: Value, depth: int) -> tuple[str, Shape]:
        """Write a block for a value, and return its name and what it gives."""
        self.used += 1
        name = f"Part{self.used}"
        dims = ("D", "H", "W")[-len(value.shape) + 1 :] if len(value.shape) > 1 else ()
        dims = ("C", *dims) if pen.first else (*dims, "C")
        bound = tuple(replace(axis, text=dim) for dim, axis in zip(dims, value.shape, strict=False))
        declared = pen.chance(0.8) and len(bound) == len(value.shape)
        inner = Pen(pen.random, pen.first)
        if declared:
            inner.words = {dim: axis.size for dim, axis in zip(dims, value.shape, strict=True) if axis.fixed}
        lines = [f"input x: ({', '.join(dims)}{',' if len(dims) == 1 else ''})"] if declared else []
        if not declared and pen.chance(0.5):
            lines = ["input x"]
        known = Value("x", bound if declared else unnamed(value.shape), value.dtype)
        body = Body(inner, self, [known], known, depth + 1)
        write(body, pen.upto(3))
        last = body.floats()
        if pen.chance(0.5):
            end, after = f"{last.text} -> Dense(units)", (*last.shape[:-1], Axis(pen.width(last.shape)))
        else:
            end, after = last.text, last.shape
        lines += [*body.lines, f"output {end} -> Dropout(rate)"]
        self.definitions.append("\n".join([f"block {name}(units, rate=0.1) {{", *lines, "}"]))
        return name, unnamed(after)

    def model(self, pen: Pen, value: Value) -> tuple[str, Shape]:
        """Write a model for a value, and return its name and what it gives."""
        self.used += 1
        name = f"Inner{self.used}"
        shape = f"({', '.join(str(axis.size) for axis in value.shape)},)"
        known = Value("x", value.shape)
        body = Body(Pen(pen.random, pen.first), self, [known], known, 2)
        write(body, pen.upto(2))
        last = body.floats()
        text, after, _ = body.chain(last, 2)
        lines = [f"model {name} {{", f"input x: {shape}", *body.lines, f"output {last.text}{text}", "}"]
        self.definitions.append("\n".join(lines))
        return name, unnamed(after)

    def wrapper(self) -> None:
        """Write the block that takes a layer, once."""
        text = "block Wrapped(inner) {\ninput x\noutput x + (x -> inner)\n}"
        if text not in self.definitions:
            self.definitions.append(text)


def unnamed(shape: Shape) -> Shape:
    """Return a shape whose symbols have no names where a block stands."""
    return tuple(replace(axis, text="") for axis in shape)


def written(random: Random) -> str:
    """Return a random text."""
    return File(random).text()
