"""What a compiled model takes: the shape, dtype and range of each input and target, from its graph and its losses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from nndsl.compiler import Compiled
from nndsl.dims import Condition, Origin, Size
from nndsl.graph import Graph, Instance, Node, Tensor
from nndsl.layers.base import FLOATS, TensorType
from nndsl.layers.core import Embedding, Identity
from nndsl.layers.embedding import ReversibleEmbedding
from nndsl.layers.encoding import CategoryEncoding
from nndsl.layers.reshaping import Flatten, Permute, RepeatVector, Reshape
from nndsl.layers.wrappers import FoldTime, UnfoldTime
from nndsl.recipes.base import Recipe

KEEPING = (Identity, Reshape, Flatten, Permute, RepeatVector, FoldTime, UnfoldTime)
"""The layers that give each number of their input on, unchanged: what an embedding behind them takes, the input has."""

Kind = Literal["input", "classes", "one_hot", "binary", "values", "either", "labels", "free"]
"""What a slot takes: an input's numbers; numbers of classes; a share of each class; shares of 0 to 1; numbers;
classes or numbers, as they come (``"crossentropy"``); numbers of another shape than the output (CTC); anything."""

_KINDS: dict[str, Kind] = {
    "SparseCategoricalCrossentropy": "classes",
    "CategoricalGeneralizedCrossEntropy": "classes",
    "CategoricalCrossentropy": "one_hot",
    "CategoricalFocalCrossentropy": "one_hot",
    "BinaryCrossentropy": "binary",
    "BinaryFocalCrossentropy": "binary",
    "CrossentropyByShape": "either",
    "CTC": "labels",
    "Circle": "classes",
    "Value": "free",
}
"""The kinds of targets, by the names of losses; all others take values."""


@dataclass(frozen=True, slots=True)
class Slot:
    """An input, or the target of an output.

    ``shape`` is that of the input or output without the batch. ``limit`` is the number of rows of the table, or of
    classes, that integers count: they are below it; None for no limit. ``ignored`` is the class that the loss leaves
    out. ``needed`` targets belong to outputs that have a loss.
    """

    name: str
    kind: Kind
    shape: tuple[Size, ...]
    dtype: str
    limit: int | None = None
    ignored: int | None = None
    needed: bool = True
    loss: str = ""

    @property
    def is_input(self) -> bool:
        """Whether it is an input."""
        return self.kind == "input"

    @property
    def called(self) -> str:
        """What messages call it."""
        return f"the {'input' if self.is_input else 'output'} `{self.name}`"


@dataclass(frozen=True, slots=True)
class Demands:
    """All that a model takes; ``masks`` says whether a layer of it makes masks of its inputs' zeros."""

    inputs: tuple[Slot, ...]
    targets: tuple[Slot, ...]
    conditions: tuple[Condition, ...] = ()
    equalities: tuple[tuple[Size, Size, Origin], ...] = ()
    masks: bool = False

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The inputs, then the targets."""
        return self.inputs + self.targets


def demands_of(compiled: Compiled) -> Demands:
    """Return what a compiled model takes; without a compile block its targets may be anything."""
    graph = compiled.model
    limits = _token_limits(graph)
    inputs = []
    for node in graph.inputs:
        kind = node.types[0]
        inputs.append(Slot(node.hint, "input", kind.shape[1:], kind.dtype, limits.get(node)))
    count = len(graph.outputs)
    losses = compiled.compile.losses if compiled.compile is not None else (None,) * count
    losses = losses or (None,) * count
    targets = [_target(name, tensor.type, loss) for (name, tensor), loss in zip(graph.outputs, losses, strict=True)]
    return Demands(tuple(inputs), tuple(targets), graph.conditions, graph.equalities, _masks(graph, {}))


def _target(name: str, output: TensorType, loss: Recipe | None) -> Slot:
    shape, dtype = output.shape[1:], output.dtype if output.dtype == "float64" else "float32"
    called = type(loss).__name__ if loss is not None else ""
    kind = "free" if loss is None else _KINDS.get(called, "values")
    if kind == "either" and shape and shape[-1] == 1:
        kind = "binary"
    axis = getattr(loss, "axis", -1) if kind == "classes" else -1
    if kind in ("classes", "either") and shape:
        place = axis if axis < 0 else axis - 1
        size = shape[place]
        if kind == "classes":
            shape, dtype = (*shape[:place], *shape[place:][1:]), "int64"
        limit = size if isinstance(size, int) and called != "Circle" else None
        return Slot(name, kind, shape, dtype, limit, getattr(loss, "ignore_class", None), True, called)
    if kind == "labels":
        classes = shape[-1] if shape else None
        return Slot(name, kind, (), "int64", classes if isinstance(classes, int) else None, loss=called)
    return Slot(name, kind, shape, dtype, needed=kind != "free", loss=called)


def _masks(graph: Graph, known: dict[int, bool]) -> bool:
    if id(graph) not in known:
        known[id(graph)] = any(
            _masks(node.layer.graph, known)
            if isinstance(node.layer, Instance) and node.layer.graph is not None
            else node.layer.makes_mask
            for node in graph.nodes
        )
    return known[id(graph)]


def _token_limits(graph: Graph) -> dict[Node, int]:
    """Return for each input whose integers count rows of a table how many rows the smallest such table has."""
    found: dict[Node, int] = {}
    wanted = {node.output(): (node,) for node in graph.inputs if node.types[0].dtype not in FLOATS}
    _follow(graph, wanted, found)
    return found


def _follow(
    graph: Graph, held: Mapping[Tensor, tuple[Node, ...]], found: dict[Node, int]
) -> tuple[Iterable[Node], ...]:
    """Note the tables that look up what tensors hold of a model's inputs, and return what the graph's outputs hold."""
    origins = dict(held)
    for node in graph.nodes:
        layer, first = node.layer, node.inputs[0] if node.inputs else None
        if isinstance(layer, Instance) and layer.graph is not None:
            inner = dict(zip((each.output() for each in layer.graph.inputs), node.inputs, strict=False))
            inside = {tensor: origins[outer] for tensor, outer in inner.items() if outer in origins}
            if inside:
                for place, nodes in enumerate(_follow(layer.graph, inside, found)):
                    origins[node.output(place)] = tuple(nodes)
        elif first is None or first not in origins:
            continue
        elif isinstance(layer, (Embedding, ReversibleEmbedding, CategoryEncoding)):
            rows = layer.depth if isinstance(layer, CategoryEncoding) else layer.input_dim
            for origin in origins[first]:
                found[origin] = min(rows, found.get(origin, rows))
        elif isinstance(layer, KEEPING):
            origins[node.output()] = origins[first]
    return tuple(origins.get(tensor, ()) for _, tensor in graph.outputs)
