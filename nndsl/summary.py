"""The table of a model: its layers with their output shapes, parameters and multiply-adds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from nndsl.dims import Size, text
from nndsl.graph import Graph, Instance, Made, Node
from nndsl.layers.base import TensorType
from nndsl.layers.external import PythonLayer
from nndsl.layers.refusals import listed


@dataclass(frozen=True, slots=True)
class Row:
    """A layer as it is applied; ``rows`` are those of the block that it is, if it is one.

    ``parameters`` and ``multiply_adds`` (of one sample) include those of ``rows``. A layer that is applied again
    has its parameters in its first row, and ``shared`` is True in the others.
    """

    name: str
    layer: str
    shape: str
    parameters: int
    frozen: int
    multiply_adds: Size
    shared: bool = False
    rows: tuple[Row, ...] = ()
    is_python: bool = False
    """Whether it is a layer of Python, whose parameters and multiply-adds are not known, and are left out."""

    @property
    def python(self) -> tuple[str, ...]:
        """The layers of Python in it, each once."""
        inner = (name for row in self.rows for name in row.python)
        return (self.layer,) if self.is_python else tuple(dict.fromkeys(inner))


@dataclass(frozen=True, slots=True)
class Summary:
    """A model's table: ``str`` prints it with the blocks folded."""

    name: str
    rows: tuple[Row, ...]
    conditions: tuple[str, ...]

    @property
    def parameters(self) -> int:
        """The number of parameters, trainable or not, as Keras counts them."""
        return sum(row.parameters for row in self.rows)

    @property
    def trainable(self) -> int:
        """The number of parameters that training changes."""
        return self.parameters - sum(row.frozen for row in self.rows)

    @property
    def python(self) -> tuple[str, ...]:
        """The layers of Python in it, each once: their parameters and multiply-adds are left out."""
        return tuple(dict.fromkeys(name for row in self.rows for name in row.python))

    @property
    def multiply_adds(self) -> Size:
        """The multiply-adds of the forward pass of one sample."""
        return _total(row.multiply_adds for row in self.rows)

    def flat(self, depth: int | None = 0) -> Iterator[tuple[int, Row]]:
        """Iterate over the rows with their depths, down to a depth (None: all)."""
        stack = [(0, row) for row in reversed(self.rows)]
        while stack:
            level, row = stack.pop()
            yield level, row
            if depth is None or level < depth:
                stack += [(level + 1, inner) for inner in reversed(row.rows)]

    def table(self, depth: int | None = 0) -> str:
        """Return the table as text, with blocks unfolded down to a depth (None: all)."""
        head = ("Layer", "Type", "Output shape", "Parameters", "Multiply-adds")
        lines = [head]
        for level, row in self.flat(depth):
            count = "shared" if row.shared else _known(row.parameters, row.python)
            name = "  " * level + (row.name or "·")
            lines.append((name, row.layer, row.shape, count, _known(row.multiply_adds, row.python)))
        widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
        rule = "─" * (sum(widths) + 2 * (len(widths) - 1))
        shown = [_aligned(line, widths) for line in lines]
        more = f", and those of {listed([*self.python], 'and')}, which are not known" if self.python else ""
        totals = [f"{self.parameters:,} parameters, {self.trainable:,} trainable{more}"]
        totals.append(f"{_number(self.multiply_adds)} multiply-adds a sample{more}")
        if self.conditions:
            totals.append("sizes: " + "; ".join(self.conditions))
        return "\n".join([self.name, rule, shown[0], rule, *shown[1:], rule, *totals])

    def __str__(self) -> str:
        return self.table()


def summarize(graph: Graph) -> Summary:
    """Return the table of a model."""
    inputs = tuple(Row(node.hint, "input", shape_text(node.types), 0, 0, 0) for node in graph.inputs)
    conditions = tuple(
        f"{condition.text()} ({condition.origin})"
        for condition in graph.conditions
        if not isinstance(condition.size, int)
    )
    return Summary(graph.name, inputs + _rows(graph, {}), conditions)


def shape_text(types: tuple[TensorType, ...]) -> str:
    """Return the shapes of one or more tensors, as the summary shows them."""
    return ", ".join(
        "(" + ", ".join(text(size) for size in kind.shape) + ("," if kind.rank == 1 else "") + ")" for kind in types
    )


def _rows(graph: Graph, counted: dict[Made, None]) -> tuple[Row, ...]:
    return tuple(_row(node, counted) for node in graph.nodes)


def _row(node: Node, counted: dict[Made, None]) -> Row:
    made, layer = node.made, node.layer
    shared = made in counted
    name = key_of(made) if made is not None else ""
    if isinstance(layer, Instance):
        assert layer.graph is not None
        # Layers that the caller handed in are the caller's own, and may have been counted there.
        handed = dict(zip(layer.parameters, layer.handed, strict=True))
        rows = _rows(layer.graph, {inner: None for inner, outer in handed.items() if outer in counted})
        parameters = 0 if shared else sum(row.parameters for row in rows)
        frozen = parameters if not layer.trainable else sum(row.frozen for row in rows)
        row = Row(
            name, layer.graph.name, shape_text(node.types), parameters, 0 if shared else frozen,
            _total(inner.multiply_adds for inner in rows), shared, rows,
        )  # fmt: skip
        counted.update(dict.fromkeys(handed.values()))
    else:
        types = tuple(tensor.type for tensor in node.inputs)
        weights = (
            [weight for weight in layer.weights(*types) if weight.counted] if made is not None and not shared else []
        )
        sizes = [(prod(weight.shape), weight.trainable and layer.trainable) for weight in weights]
        called = layer.alias if isinstance(layer, PythonLayer) else type(layer).__name__
        row = Row(
            name, called, shape_text(node.types), sum(size for size, _ in sizes),
            sum(size for size, trainable in sizes if not trainable), layer.multiply_adds(*types), shared,
            is_python=isinstance(layer, PythonLayer),
        )  # fmt: skip
    if made is not None:
        counted[made] = None
    return row


def key_of(made: Made) -> str:
    """Return the key of a layer in the ``state_dict`` of its body: ``residual.2.0``."""
    turns = dict(made.turns)
    own = ".".join([made.place.name, *(str(turns[loop]) for loop in made.place.loops)])
    return f"{key_of(made.owner)}.{own}" if made.owner is not None else own


def _total(sizes: Iterator[Size]) -> Size:
    total: Size = 0
    for size in sizes:
        total = total + size
    return total


def _number(size: Size) -> str:
    return f"{size:,}" if isinstance(size, int) else text(size)


def _known(size: Size, python: tuple[str, ...]) -> str:
    """Return a count; what a layer of Python adds to it is not known."""
    known = _number(size)
    return known if not python else "unknown" if known == "0" else f"{known} + unknown"


def _aligned(line: tuple[str, ...], widths: list[int]) -> str:
    cells = [
        cell.rjust(width) if column > 2 else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(line, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()
