"""The classes of a source: one for each structure; where instances differ in numbers alone, these become arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from nndsl.code import Code, code
from nndsl.dims import Dim, text
from nndsl.emit.checks import definitions, symbols_in, symbols_of, untold
from nndsl.emit.forward import ATTRIBUTE, ATTRIBUTE_END, Forward, Writer, shape_text
from nndsl.emit.library import NAMES
from nndsl.emit.names import RESERVED, free
from nndsl.graph import Graph, Instance, Made, Node, Tensor, has_activity_losses
from nndsl.layers.base import Layer, TensorType
from nndsl.layers.casting import HALVES, cast
from nndsl.layers.penalties import is_penalized, weight_penalties, weight_projections
from nndsl.recipes.drawing import HELPERS as DRAWING_HELPERS

CHILD = "\x03"


def attribute(made: Made, loops: tuple[int, ...]) -> Code:
    """Return the expression that reaches a registered layer, as a token that loops are rolled over.

    The token holds the name, the number of its loops and the turn of each: ``\\x01name/2|0=1|3=0\\x02``.
    """
    turns = dict(made.turns)
    path = "".join(f"|{loop}={turns[loop]}" for loop in loops)
    return Code(f"{ATTRIBUTE}{made.place.name}/{len(loops)}{path}{ATTRIBUTE_END}")


@dataclass(frozen=True, slots=True)
class Entry:
    """A layer that a class registers: how it is constructed, and the statements that draw its weights."""

    made: Made
    node: Node
    """The node that applies it first."""
    loops: tuple[int, ...]
    build: Code
    child: tuple[int, int] | None
    """For a block: the number of its class, and of the template among the class's members."""
    resets: tuple[Code, ...]
    """Each with the module blanked: ``nn.init.zeros_(\\x01.bias)``."""
    penalties: tuple[Code, ...] = ()
    """The penalties on its weights, likewise."""
    projections: tuple[Code, ...] = ()
    """The statements that project its weights onto what their constraints allow, likewise."""


@dataclass(frozen=True, slots=True)
class Template:
    """A graph written down: what its class registers, and its forward method."""

    graph: Graph
    entries: tuple[Entry, ...]
    forward: Forward
    summary: Code
    symbols: tuple[str, ...]
    """The symbols that the forward method needs."""
    definitions: tuple[str, ...]
    """The statements that compute these from the inputs."""
    sizes: tuple[str, ...]
    """The symbols that the inputs do not tell, so that the forward method takes them as arguments."""

    def skeleton(self) -> tuple[object, ...]:
        """Return what two graphs must share to share a class: everything but numbers and comments."""
        return (
            self.graph.name,
            tuple(
                (entry.made.place.name, entry.loops, entry.made.turns, entry.build.text, entry.child and entry.child[0],
                 *(tuple(each.text for each in found)
                   for found in (entry.resets, entry.penalties, entry.projections)))
                for entry in self.entries
            ),
            self.forward.inputs,
            self.forward.handed,
            tuple(
                (line.targets, line.code.text, line.turns, line.collector, _symbolic(line.code))
                for line in self.forward.lines
            ),
            self.forward.result,
            self.definitions,
            self.sizes,
        )  # fmt: skip


def _symbolic(written: Code) -> tuple[str, ...]:
    """Return the holes that are computed at run time: unlike numbers, they cannot be arguments of a constructor."""
    return tuple(text(hole.value) if isinstance(hole.value, Dim) else "" for hole in written.holes)


@dataclass(frozen=True, slots=True)
class Built:
    """What a plain layer becomes: its constructor, and what an Entry has of its weights, the module blanked."""

    build: Code
    resets: tuple[Code, ...]
    penalties: tuple[Code, ...]
    projections: tuple[Code, ...]


@dataclass(slots=True)
class Group:
    """A class of the source, and the templates that share it."""

    name: str
    members: list[Template] = field(default_factory=list)


class Collector:
    """Writes each distinct graph once, children before parents, and groups equal structures."""

    def __init__(self, helper: Callable[[str], str]) -> None:
        self.groups: list[Group] = []
        self.imports: dict[tuple[str, str], str] = {}
        """The classes of Python that the source imports, by module and name, and what it calls them."""
        self._helper = helper
        self._known: dict[tuple[int, tuple[str | None, ...]], tuple[int, int]] = {}
        self._keys: dict[tuple[object, ...], int] = {}
        self._graphs: list[Graph] = []
        self._builds: dict[tuple[int, int, object], Built] = {}
        self._penalizing: dict[int, bool] = {}
        self._sizes: dict[int, tuple[str, ...]] = {}

    def template(
        self, graph: Graph, parameters: tuple[Made, ...] = (), handed: tuple[Made | None, ...] = ()
    ) -> tuple[int, int]:
        """Return the class of a graph and its number among the class's members.

        ``handed`` has for each of the body's parameters the caller's layer if the class shall own it, else None.
        """
        key = (id(graph), tuple(None if made is None else f"{made.place.order}{made.place.name}" for made in handed))
        if key not in self._known:
            self._graphs.append(graph)
            template = _Body(self, graph, parameters, handed).template()
            skeleton = template.skeleton()
            if skeleton not in self._keys:
                self._keys[skeleton] = len(self.groups)
                self.groups.append(Group(self._class_name(graph.name)))
            number = self._keys[skeleton]
            members = self.groups[number].members
            members.append(template)
            self._known[key] = (number, len(members) - 1)
        return self._known[key]

    def sizes(self, instance: Instance) -> tuple[str, ...]:
        """Return the symbols that the forward method of a block takes as arguments."""
        graph = instance.graph
        assert graph is not None
        if id(graph) not in self._sizes:
            self._graphs.append(graph)
            self._sizes[id(graph)] = self._untold(graph, instance.parameters)
        return self._sizes[id(graph)]

    def penalizes(self, graph: Graph) -> bool:
        """Return whether a graph has activity losses."""
        self._graphs.append(graph)
        return has_activity_losses(graph, self._penalizing)

    def _untold(self, graph: Graph, parameters: tuple[Made, ...]) -> tuple[str, ...]:
        names = tuple(f"{place} {node.hint}" for place, node in enumerate(graph.inputs))
        if not untold(graph, names, symbols_in(graph)):
            return ()
        # Which of them are needed, only the code says. It is written for that alone: a block that is handed around is
        # called before its own class is written.
        scratch = Collector(lambda name: name)
        number, member = scratch.template(graph, parameters, (None,) * len(parameters))
        return scratch.groups[number].members[member].sizes

    def _class_name(self, wanted: str) -> str:
        taken = {group.name for group in self.groups} | NAMES | {*self.imports.values()}
        if wanted[0].islower():  # `residual_block`: the classes of Python are written in one way
            wanted = "".join(part[:1].upper() + part[1:] for part in wanted.split("_"))
        if wanted in RESERVED:
            wanted += "_"
        number, name = 1, wanted
        while name in taken:
            number += 1
            name = f"{wanted}{number}"
        return name

    def helper(self, name: str) -> str:
        """Put a helper into the source."""
        return self._helper(name)

    def imported(self, module: str, name: str, alias: str) -> str:
        """Let the source import a class of a Python module, as ``alias`` if that is free, and return its name there."""
        if module == "torch.nn":
            return f"nn.{name}"
        if (module, name) not in self.imports:
            self.imports[module, name] = self._class_name(alias)
        return self.imports[module, name]

    def built(self, graph: Graph, node: Node) -> Built:
        """Return the constructor of a plain layer, and what its weights need, the module blanked."""
        layer = node.layer
        types = tuple(tensor.type for tensor in node.inputs)
        key = (id(graph), id(layer), types)
        if key not in self._builds:
            build = layer.build(self, *types) or Code("nn.Identity()")
            dtype = layer.variable_dtype
            if dtype != "float32" and not build.text.startswith("nn.Parameter("):
                build = cast(build, dtype)
            if not layer.trainable:
                build = code("{}.requires_grad_(False)", build)
            resets = layer.reset(Code(ATTRIBUTE), *types)
            if dtype in HALVES:
                resets = tuple(map(self._in_halves, resets))
            for name in DRAWING_HELPERS:
                if any(f"{name}(" in reset.text for reset in resets):
                    self.helper(name)
            penalties, projections = self._penalized(layer, types)
            self._builds[key] = Built(build, resets, penalties, projections)
        return self._builds[key]

    def _penalized(self, layer: Layer, types: tuple[TensorType, ...]) -> tuple[tuple[Code, ...], tuple[Code, ...]]:
        """Return the penalties on the weights of a layer, and the projections of those with constraints."""
        if not is_penalized(layer):
            return (), ()
        module = Code(ATTRIBUTE)
        return (
            weight_penalties(layer, module, types, self.helper),
            weight_projections(layer, module, types, self.helper),
        )

    def _in_halves(self, reset: Code) -> Code:
        """Return a drawing statement for weights of 16 bits: for one function PyTorch needs 32."""
        own = "nn.init.orthogonal_("
        if own not in reset.text:
            return reset
        return Code(reset.text.replace(own, f"{self.helper('half_orthogonal_')}("), reset.holes)


_METHOD_OF_PENALTIES = (Code(f"{ATTRIBUTE}.regularization_loss()"),)
_METHOD_OF_PROJECTIONS = (Code(f"{ATTRIBUTE}.constrain()"),)
"""What stands for the penalties and projections of a block: its class has them."""


class _Body:
    def __init__(
        self, collector: Collector, graph: Graph, parameters: tuple[Made, ...], handed: tuple[Made | None, ...]
    ) -> None:
        self._collector = collector
        self._graph = graph
        self._owned = {inner: outer for inner, outer in zip(parameters, handed, strict=True) if outer is not None}
        self._given = [inner for inner, outer in zip(parameters, handed, strict=True) if outer is None]
        self._given_names: dict[Made, str] = {}
        for inner in self._given:
            self._given_names[inner] = free(inner.place.name, self._given_names.values(), NAMES)

    def template(self) -> Template:
        uses = _uses(self._graph)
        entries = [self._entry(outer, inner, uses[inner]) for inner, outer in self._owned.items() if inner in uses]
        entries += [self._entry(made, made, uses[made]) for made in self._graph.made if made in uses]
        used = [self._given_names[inner] for inner in self._given]
        forward = Writer(self._graph, self._module, self._collector).write(tuple(used))
        symbols = symbols_of(hole.value for line in forward.lines for hole in line.code.holes)
        statements = definitions(self._graph, forward.inputs, symbols)
        sizes = untold(self._graph, forward.inputs, symbols) if symbols else []
        return Template(
            self._graph, tuple(entries), forward, _summary(self._graph), tuple(symbols), tuple(statements), tuple(sizes)
        )

    def _module(self, made: Made) -> Code:
        if made in self._given_names:
            return Code(self._given_names[made])
        outer = self._owned.get(made)
        return attribute(outer, ()) if outer is not None else attribute(made, made.place.loops)

    def _entry(self, made: Made, inner: Made, node: Node) -> Entry:
        loops = () if made is not inner else made.place.loops
        if isinstance(node.layer, Instance):
            graph = node.layer.graph
            assert graph is not None
            handed = tuple(outer if outer.owner is node.made else None for outer in node.layer.handed)
            child = self._collector.template(graph, node.layer.parameters, handed)
            entries = self._collector.groups[child[0]].members[child[1]].entries
            penalties = _METHOD_OF_PENALTIES if any(entry.penalties for entry in entries) else ()
            projections = _METHOD_OF_PROJECTIONS if any(entry.projections for entry in entries) else ()
            return Entry(made, node, loops, Code(CHILD), child, (), penalties, projections)
        built = self._collector.built(self._graph, node)
        return Entry(made, node, loops, built.build, None, built.resets, built.penalties, built.projections)


def _uses(graph: Graph) -> dict[Made, Node]:
    """Return for each layer the node that applies it first, here or in a block that it is handed to."""
    found: dict[Made, Node] = {}
    for node in graph.nodes:
        if node.made is not None:
            found.setdefault(node.made, node)
        if isinstance(node.layer, Instance) and node.layer.handed:
            assert node.layer.graph is not None
            inside = _uses(node.layer.graph)
            for outer, inner in zip(node.layer.handed, node.layer.parameters, strict=True):
                if inner in inside:
                    found.setdefault(outer, inside[inner])
    return found


def _summary(graph: Graph) -> Code:
    """Return the docstring of a class: the shapes and dtypes of what goes in and comes out."""
    return code(
        "{} -> {}.",
        _types(node.output() for node in graph.inputs),
        _types(tensor for _, tensor in graph.outputs),
    )


def _types(tensors: Iterable[Tensor]) -> Code:
    parts = [code("{} {}", shape_text(tensor.type, tensor.order), tensor.type.dtype) for tensor in tensors]
    text = ", ".join(part.text for part in parts)
    return Code(text, tuple(hole for part in parts for hole in part.holes))
