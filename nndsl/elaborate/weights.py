"""The weights that a layer or a graph needs, and how many numbers they hold."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from math import prod

from nndsl.graph import Graph, Instance, Made, Node


def signature_of(node: Node) -> Hashable:
    """Return what the weights of a node's layer look like: equal if one set serves both."""
    if isinstance(node.layer, Instance):
        assert node.layer.graph is not None
        return signature(node.layer.graph)
    return tuple((weight.leaf, weight.shape) for weight in node.layer.weights(*(each.type for each in node.inputs)))


def signature(graph: Graph) -> Hashable:
    """Return what the weights inside a block look like, by the names of its layers."""
    found: dict[Hashable, Hashable] = {}
    for node in graph.nodes:
        if node.made is not None:
            found.setdefault((node.made.place.name, node.made.turns, node.made.parameter), signature_of(node))
    return frozenset(found.items())


def parameter_count(graph: Graph) -> int:
    """Return the number of weights of a model, each layer's counted once, as Keras counts them."""
    return _Counter().graph(graph)


class _Counter:
    """One count; what is inside equal graphs is counted once and multiplied."""

    def __init__(self) -> None:
        self._known: dict[int, int] = {}

    def graph(self, graph: Graph) -> int:
        """Return the weights of a graph's own layers; those that are handed to it count where they were made."""
        known = self._known.get(id(graph))
        if known is not None:
            return known
        total = 0
        seen: set[Made] = set()
        for node in graph.nodes:
            total += self._node(node, seen)
        self._known[id(graph)] = total
        return total

    def _node(self, node: Node, seen: set[Made]) -> int:
        total = 0
        if node.made is not None and not node.made.parameter and node.made not in seen:
            seen.add(node.made)
            total += self._weights(node)
        if isinstance(node.layer, Instance):
            # What a block is handed counts where it was made, once, although only the block applies it.
            for made, use in _handed(node):
                if not made.parameter and made not in seen:
                    seen.add(made)
                    total += 0 if made.owner is node.made else self._weights(use)
        return total

    def _weights(self, node: Node) -> int:
        """Return the weights of a layer; those that were made in a block's arguments are the block's."""
        if isinstance(node.layer, Instance):
            assert node.layer.graph is not None
            own = sum(self._weights(use) for made, use in _handed(node) if made.owner is node.made)
            return self.graph(node.layer.graph) + own
        weights = node.layer.weights(*(each.type for each in node.inputs))
        return sum(prod(weight.shape) for weight in weights if weight.counted)


def _handed(node: Node) -> Iterator[tuple[Made, Node]]:
    """Yield the layers that a block was handed, each with a node that applies it."""
    layer = node.layer
    assert isinstance(layer, Instance)
    assert layer.graph is not None
    for made, inner in zip(layer.handed, layer.parameters, strict=True):
        use = _use(layer.graph, inner)
        if use is not None:
            yield made, use


def _use(graph: Graph, made: Made) -> Node | None:
    """Return the first node that applies a layer which came in as an argument, in the body or a block inside of it."""
    for node in graph.nodes:
        if node.made is made:
            return node
        if isinstance(node.layer, Instance):
            assert node.layer.graph is not None
            for outer, inner in zip(node.layer.handed, node.layer.parameters, strict=True):
                use = _use(node.layer.graph, inner) if outer is made else None
                if use is not None:
                    return use
    return None
