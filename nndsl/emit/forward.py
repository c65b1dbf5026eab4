"""The statements of a forward method: one for each node, with locals that are used again when their value is dead."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from nndsl.code import HOLE, Code, as_code, code, join, literal
from nndsl.dims import symbol
from nndsl.emit.checks import symbols_in
from nndsl.emit.library import NAMES as HELPERS
from nndsl.emit.names import free
from nndsl.graph import Graph, Instance, Made, Node, Tensor, Turn
from nndsl.layers.activity import ActivityRegularization
from nndsl.layers.base import TensorType
from nndsl.layers.casting import with_cast_weights
from nndsl.passes.layout import Reorder

ATTRIBUTE = "\x01"
ATTRIBUTE_END = "\x02"
"""What a registered layer's token stands between, until it is known whether a loop reaches it."""

_NOBODY = object()
_WORD = re.compile(rf"(?<![\w.{ATTRIBUTE}])[A-Za-z_]\w*")

LONGEST_JOINED = 64
"""The length up to which a permutation is written into the expression beside it."""


@dataclass(frozen=True, slots=True)
class Line:
    """A statement: ``targets = code``, or ``code`` alone where there are none; ``comment`` is its value's shape.

    ``collector`` is the argument for whose sake alone it is there: it is done where one is given.
    """

    targets: str
    code: Code
    comment: Code
    turns: tuple[Turn, ...]
    collector: str = ""


@dataclass(frozen=True, slots=True)
class Forward:
    """A forward method: its parameters, its statements, and the values that it returns.

    ``losses`` and ``extras`` are the names of the arguments that collect activity losses, and the graph's extras,
    if there are any.
    """

    inputs: tuple[str, ...]
    handed: tuple[str, ...]
    lines: tuple[Line, ...]
    result: str
    locals: frozenset[str]
    losses: str
    extras: str


class Application:
    """One application of a layer (the ``Call`` of layers.base)."""

    def __init__(self, writer: Writer, node: Node, module: Code) -> None:
        self._writer = writer
        self._node = node
        self.module = module
        self.types = tuple(tensor.type for tensor in node.inputs)
        self.outputs = node.types
        self.inputs = tuple(writer.value(tensor) for tensor in node.inputs)
        self.keywords: Mapping[str, Any] = {name: self._keyword(value) for name, value in node.keywords.items()}

    def _keyword(self, value: object) -> object:
        if isinstance(value, Tensor):
            return self._writer.value(value)
        return tuple(map(self._keyword, value)) if isinstance(value, tuple) else value

    def axis(self, axis: int, input: int = 0) -> int:
        """Return where a logical axis of an input physically is; the last stays -1."""
        tensor = self._node.inputs[input]
        rank = tensor.type.rank
        place = tensor.order.index(axis % rank)
        return -1 if place == rank - 1 and axis < 0 else place

    def size(self, axis: int, input: int = 0) -> Code:
        """Return the size of a logical axis."""
        size = self.types[input].shape[axis]
        if isinstance(size, int):
            return as_code(size, "size")
        return code("{}.shape[{}]", self.inputs[input], str(self.axis(axis, input)))

    def helper(self, name: str) -> str:
        """Put a helper into the source."""
        return self._writer.helper(name)

    def local(self, hint: str) -> str:
        """Return a local name that is not in use."""
        return self._writer.local(hint)

    def statement(self, line: Code) -> None:
        """Write a statement before the expression."""
        self._writer.line("", line, Code(""), self._node.turns)

    def penalize(self, loss: Code) -> None:
        """Add an activity loss."""
        self._writer.penalize(loss, self._node.turns)


class Source(Protocol):
    """What a forward method asks of the source that it becomes a part of."""

    def helper(self, name: str) -> str:
        """Put a helper into the source, and return its name."""

    def sizes(self, instance: Instance) -> tuple[str, ...]:
        """Return the symbols that the forward method of a block takes as arguments."""

    def penalizes(self, graph: Graph) -> bool:
        """Return whether a graph has activity losses, so that its forward method takes a list for them."""


class Writer:
    """Writes the forward method of one graph; ``module`` says how a layer is reached."""

    def __init__(self, graph: Graph, module: Callable[[Made], Code], source: Source) -> None:
        self.helper = source.helper
        self._source = source
        self.lines: list[Line] = []
        self._graph = graph
        self._module = module
        self._nodes, self._late = _ordered(graph)
        self._last_use = _last_uses(graph, self._nodes)
        self._uses = Counter(tensor for node in graph.nodes for tensor in node.tensors())
        self._uses.update(tensor for _, tensor in (*graph.outputs, *graph.extras))
        self._losses = ""
        self._extras = ""
        self._collector = ""
        self._previous: Node | None = None
        self._names: dict[Tensor, str] = {}
        self._holders: dict[str, Tensor | None] = {}
        self._position = -1
        self._all: set[str] = set()
        self._locals: set[str] = set()

    def value(self, tensor: Tensor) -> Code:
        """Return the local that holds a tensor."""
        return Code(self._names[tensor])

    def local(self, hint: str) -> str:
        """Return a name that no live value has, and keep it from now on."""
        name = free(hint, self._holders, HELPERS)
        self._holders[name] = None
        self._all.add(name)
        self._locals.add(name)
        return name

    def line(self, targets: str, code: Code, comment: Code, turns: tuple[Turn, ...]) -> None:
        """Write a statement."""
        self.lines.append(Line(targets, code, comment, turns, self._collector))

    def penalize(self, loss: Code, turns: tuple[Turn, ...]) -> None:
        """Write the statement that adds an activity loss to those that are collected."""
        self.lines.append(Line("", code("{}.append({})", self._losses, loss), Code(""), turns, self._losses))

    def write(self, handed: tuple[str, ...]) -> Forward:
        """Return the method; ``handed`` are the names of the layers that it takes."""
        for name in (*handed, *symbols_in(self._graph)):
            self._holders[name] = None
        inputs = []
        for node in self._graph.inputs:
            name = free(node.hint or "x", self._holders, HELPERS)
            self._bind(node.output(), name)
            inputs.append(name)
        self._losses = self.local("losses") if self._source.penalizes(self._graph) else ""
        self._extras = self.local("extras") if self._graph.extras else ""
        self._locals.clear()
        for position, node in enumerate(self._nodes):
            self._position = position
            self._collector = self._extras if node in self._late else ""
            self._node(node)
        for name, tensor in self._graph.extras:
            place = code("{}[{}]", self._extras, literal(name))
            self.lines.append(Line(place.text, self.value(tensor), Code(""), (), self._extras))
        if self._locals:
            self._drop_unused()
        results = [self.value(tensor) for _, tensor in self._graph.outputs]
        return Forward(
            tuple(inputs), handed, tuple(self.lines), join(", ", results).text, frozenset(self._all), self._losses,
            self._extras,
        )  # fmt: skip

    def _rename(self, local: str, name: str, first: int) -> None:
        """Give what a layer's statement (the ``first``, or one after it) has unpacked the name of the value."""
        for index, line in enumerate(self.lines[first:], first):
            text = _WORD.sub(lambda match: name if match[0] == local else match[0], line.code.text)
            self.lines[index] = replace(line, code=replace(line.code, text=text))
        self._locals.discard(local)

    def _drop_unused(self) -> None:
        """Write ``_`` for what a layer's statement unpacks and nothing reads: an output that is not wanted."""
        counts = Counter(word for line in self.lines for word in _WORD.findall(line.code.text))
        unused = {name for name in self._locals if counts[name] == 1}
        for index, line in enumerate(self.lines):
            if not line.targets and unused.intersection(_WORD.findall(line.code.text)):
                text = _WORD.sub(lambda match: "_" if match[0] in unused else match[0], line.code.text)
                self.lines[index] = replace(line, code=replace(line.code, text=text))

    def _node(self, node: Node) -> None:
        """Write what computes a node, and its activity losses."""
        if isinstance(node.layer, ActivityRegularization):
            self._names[node.output()] = self._names[node.inputs[0]]
            applied: Application | None = Application(self, node, Code(""))
        else:
            applied = self._computed(node)
        if applied is not None and node.layer.activity_penalties:
            outputs = tuple(Tensor(node, index) for index in range(len(node.types)))
            node.layer.penalize(applied, tuple(map(self.value, outputs)))

    def _computed(self, node: Node) -> Application | None:
        """Write the statements that compute a node, and return the application unless it is that of a block."""
        application: Application | None = None
        module = self._module(node.made) if node.made is not None else Code("")
        before = len(self.lines)
        if isinstance(node.layer, Instance):
            arguments = [self.value(tensor) for tensor in node.inputs]
            arguments += [self._module(made) for made in node.layer.handed if made.owner is not node.made]
            arguments += [as_code(symbol(name), name) for name in self._source.sizes(node.layer)]
            if node.layer.graph is not None and self._source.penalizes(node.layer.graph):
                arguments.append(Code(self._losses))
            expression: Code | tuple[Code, ...] = code("{}({})", module, join(", ", arguments))
        else:
            if not node.layer.casts_weights and node.made is not None:
                module = with_cast_weights(node.layer, module, self.helper)
            application = Application(self, node, module)
            expression = node.layer.forward(application)
        tensors = [Tensor(node, index) for index in range(len(node.types))]
        if node.made is not None and expression == module:
            self._names[tensors[0]] = module.text
            return application
        names = []
        for tensor in tensors:
            if tensor not in self._last_use:
                names.append("_")
                continue
            name = self._name_for(tensor, node)
            self._bind(tensor, name)
            names.append(name)
        if isinstance(expression, tuple):
            for name, part, tensor in zip(names, expression, tensors, strict=True):
                if name in ("_", part.text):
                    continue
                read = [word for other in expression for word in _WORD.findall(other.text)]
                if part.text in self._locals and read.count(part.text) == 1 and name not in read:
                    self._rename(part.text, name, before)
                else:
                    self.line(name, part, _comment(tensor), node.turns)
            return application
        if expression.text == names[0]:
            return application
        comment = join(", ", [_comment(tensor) for tensor in tensors])
        line = Line(", ".join(names), expression, comment, node.turns, self._collector)
        joined = self._joined(line, node)
        if joined is None:
            self.lines.append(line)
        else:
            self.lines[-1] = joined
        self._previous = node
        return application

    def _joined(self, line: Line, node: Node) -> Line | None:
        """Return the last line and a new one as one, if one of them only permutes axes and its value has one use."""
        previous = self._previous
        if previous is None or len(previous.types) != 1 or len(node.types) != 1 or previous.turns != node.turns:
            return None
        first = self.lines[-1]
        if first.targets != self._names[previous.output()] or self._uses[previous.output()] > 1:
            return None
        if node.inputs[:1] != (previous.output(),):
            return None
        if not (isinstance(previous.layer, Reorder) or (isinstance(node.layer, Reorder) and _is_call(first.code.text))):
            return None
        if len(first.code.text) + len(line.code.text) > LONGEST_JOINED:
            return None
        found = list(re.finditer(rf"(?<![\w.{ATTRIBUTE}]){first.targets}(?!\w)", line.code.text))
        if len(found) != 1:
            return None
        before, after = line.code.text[: found[0].start()], line.code.text[found[0].end() :]
        count = before.count(HOLE)
        holes = (*line.code.holes[:count], *first.code.holes, *line.code.holes[count:])
        return replace(line, code=Code(before + first.code.text + after, holes))

    def _name_for(self, tensor: Tensor, node: Node) -> str:
        leaves_block = isinstance(node.layer, Instance) and tensor.type.dtype == "bool"
        name = node.hints[tensor.index] if tensor.index < len(node.hints) else node.hint
        hint = "mask" if leaves_block else name or "x"
        return free(hint, _Taken(self._holders, self._last_use, self._position), HELPERS)

    def _bind(self, tensor: Tensor, name: str) -> None:
        self._names[tensor] = name
        self._holders[name] = tensor
        self._all.add(name)


@dataclass(frozen=True, slots=True)
class _Taken:
    """The names that hold a value which is read after a position."""

    holders: Mapping[str, Tensor | None]
    last_use: Mapping[Tensor, int]
    position: int

    def __contains__(self, name: object) -> bool:
        holder = self.holders.get(str(name), _NOBODY)
        return holder is None or (isinstance(holder, Tensor) and self.last_use.get(holder, -1) > self.position)


def _ordered(graph: Graph) -> tuple[tuple[Node, ...], frozenset[Node]]:
    """Return the nodes in the order in which they are written, and those that serve extras alone.

    These come last where no loop holds them.
    """
    if not graph.extras:
        return graph.nodes, frozenset()
    needed = {tensor.node for _, tensor in graph.outputs}
    for node in reversed(graph.nodes):
        if node in needed:
            needed.update(tensor.node for tensor in node.tensors())
    late = tuple(node for node in graph.nodes if node not in needed)
    if any(node.turns for node in late):
        return graph.nodes, frozenset(late)
    return (*(node for node in graph.nodes if node in needed), *late), frozenset(late)


def _last_uses(graph: Graph, nodes: tuple[Node, ...]) -> dict[Tensor, int]:
    uses: dict[Tensor, int] = {}
    for index, node in enumerate(nodes):
        for tensor in node.tensors():
            uses[tensor] = index
        if node.layer.activity_penalties:
            uses.update({Tensor(node, place): index for place in range(len(node.types))})
    for _, tensor in (*graph.outputs, *graph.extras):
        uses[tensor] = len(nodes)
    for node in reversed(nodes):
        if isinstance(node.layer, ActivityRegularization):  # its output is its input, under the same name
            uses[node.inputs[0]] = max(uses[node.inputs[0]], uses[node.output()])
    return uses


def _is_call(text: str) -> bool:
    """Return whether an expression is a call, so that a method can be called on its value."""
    depth = 0
    for character in text:
        if character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif depth == 0 and character in " -*/":
            return False
    return text.endswith(")") and not text.startswith("(")


def shape_text(kind: TensorType, order: tuple[int, ...] | None = None) -> Code:
    """Return a shape as comments show it, its numbers as holes."""
    shape = kind.shape if order is None else tuple(kind.shape[axis] for axis in order)
    return as_code(shape)


def _comment(tensor: Tensor) -> Code:
    return shape_text(tensor.type, tensor.order)
