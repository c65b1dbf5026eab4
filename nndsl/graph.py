"""The graph of a model or block: nodes in order of creation, each a layer applied to tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nndsl.diagnostics import InternalError, Span
from nndsl.dims import Condition, Origin, Size
from nndsl.layers.base import Layer, Order, TensorType

if TYPE_CHECKING:
    import networkx

Turn = tuple[int, int]
"""A turn of a loop: the number of the loop in its body (in the order of the text), and the turn, from 0."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a constructor stands in a body, as keys see it: its finished name, and the loops round it, outermost first.

    ``order`` is the number of the place in its body, by which attributes are registered.
    """

    name: str
    loops: tuple[int, ...]
    order: int


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A layer that a constructor made: its weights are its own, however often it is applied.

    ``layer`` is the layer, or the block or model with its arguments (``Construction``). ``owner`` is the instance in
    whose argument it was made (its key lies under the owner's), or None for a layer of the body itself.
    ``parameter`` is True inside a block for what came in as an argument: the body only refers to it.
    """

    layer: Layer
    place: Place
    turns: tuple[Turn, ...]
    span: Span
    owner: Made | None = None
    parameter: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A layer applied to tensors; ``types`` are those of its outputs.

    ``inputs`` is the ordered truth of the arguments. ``hint`` is the name that the value had in the source,
    ``hints`` are those of several outputs that a statement took apart.
    ``keywords`` are those of the application: Tensors, tuples of Tensors, or constants. ``orders`` says how the outputs
    lie in memory's view; the layout pass sets it, and before that it is empty: all lie as the file says.
    """

    layer: Layer
    inputs: tuple[Tensor, ...] = field(repr=False)  # each would show all that leads to it, again and again
    types: tuple[TensorType, ...]
    span: Span
    made: Made | None = None
    keywords: Mapping[str, Any] = field(default_factory=dict, repr=False)
    hint: str = ""
    turns: tuple[Turn, ...] = ()
    hints: tuple[str, ...] = ()
    orders: tuple[Order, ...] = ()

    def output(self, index: int = 0) -> Tensor:
        """Return one of the tensors that the node gives."""
        return Tensor(self, index)

    def tensors(self) -> tuple[Tensor, ...]:
        """Return all tensors that the node takes, those among the keywords after the inputs."""
        found = list(self.inputs)
        for value in self.keywords.values():
            if isinstance(value, Tensor):
                found.append(value)
            elif isinstance(value, tuple):
                found += [item for item in value if isinstance(item, Tensor)]
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Tensor:
    """An output of a node."""

    node: Node
    index: int = 0

    @property
    def type(self) -> TensorType:
        """Its shape and dtype."""
        return self.node.types[self.index]

    @property
    def order(self) -> Order:
        """How it lies in memory's view."""
        return self.node.orders[self.index] if self.node.orders else tuple(range(self.type.rank))

    @property
    def described(self) -> str:
        """What messages call it."""
        return "a tensor"


@dataclass(frozen=True, slots=True)
class InputLayer(Layer):
    """An input of a graph; it has no code of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """A model or a block body, elaborated.

    ``inputs`` and ``nodes`` are in order (nodes topologically, inputs not among them); ``outputs`` pairs names with
    tensors; ``made`` are the layers of the body itself in the order of their places, the live ones alone.
    ``extras`` is what a model gives beside its outputs if it is asked: the masks that outputs carry (``y_mask``), and
    logits (``y_logits``).
    ``loop_turns`` says how many turns a loop has: (the turns of the loops around it, its number) -> turns. ``traced``
    holds the values of a block's numeric parameters and bound dimensions by name: what origins of numbers are over.
    ``conditions`` and ``equalities`` (undecided ones) are what a model's sizes must fulfil, to be checked at run time.
    """

    name: str
    inputs: tuple[Node, ...]
    nodes: tuple[Node, ...]
    outputs: tuple[tuple[str, Tensor], ...]
    made: tuple[Made, ...]
    loop_turns: Mapping[tuple[tuple[Turn, ...], int], int] = field(default_factory=dict)
    traced: Mapping[str, int | float] = field(default_factory=dict)
    extras: tuple[tuple[str, Tensor], ...] = ()
    conditions: tuple[Condition, ...] = ()
    equalities: tuple[tuple[Size, Size, Origin], ...] = ()

    def digraph(self) -> networkx.DiGraph[Node]:
        """Return the networkx DAG of the nodes; edges serve order and reachability and never stand for arguments."""
        import networkx

        graph: networkx.DiGraph[Node] = networkx.DiGraph(name=self.name)
        graph.add_nodes_from(self.inputs)
        for node in self.nodes:
            graph.add_node(node)
            graph.add_edges_from((tensor.node, node) for tensor in node.tensors())
        return graph

    def verify(self) -> None:
        """Raise InternalError if a node takes what comes later, or an output is not of the graph."""
        known = set(self.inputs)
        for node in self.nodes:
            if any(tensor.node not in known for tensor in node.tensors()):
                raise InternalError(f"{self.name}: a node takes a tensor that is not before it")
            known.add(node)
        if any(tensor.node not in known for _, tensor in (*self.outputs, *self.extras)):
            raise InternalError(f"{self.name}: an output is not of the graph")


@dataclass(frozen=True, slots=True)
class Construction(Layer):
    """A block or model with its arguments, not yet applied: what a Made holds for it.

    ``definition`` is identified by its span's place in the file; ``arguments`` are what its parameters were given, with
    the structure (not the identity) of layers.
    """

    definition: str = ""
    arguments: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Instance(Layer):
    """A block or model applied at given shapes: the layer of a node, with a graph of its own.

    ``handed`` are the caller's layers that stand for the Mades of the body that are parameters, in the body's order of
    them (``parameters``). Those whose owner is the instance's own Made are registered in it; the others are handed to
    its ``forward``. ``traced`` has the graph's traced values as the caller sees them, with origins of its own.
    """

    graph: Graph | None = None
    parameters: tuple[Made, ...] = ()
    handed: tuple[Made, ...] = ()
    traced: Mapping[str, int | float] = field(default_factory=dict)


def has_activity_losses(graph: Graph, known: dict[int, bool]) -> bool:
    """Return whether a layer of a graph, at any depth, penalizes what it gives; ``known`` has those seen so far."""
    if id(graph) not in known:
        known[id(graph)] = any(penalizes(node, known) for node in graph.nodes)
    return known[id(graph)]


def penalizes(node: Node, known: dict[int, bool]) -> bool:
    """Return whether a node's layer, or one inside its block, penalizes what it gives."""
    layer = node.layer
    if isinstance(layer, Instance) and layer.graph is not None:
        return has_activity_losses(layer.graph, known)
    return bool(layer.activity_penalties)
