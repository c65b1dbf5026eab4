"""The weights that a layer or a graph needs, and how many numbers they hold."""

from __future__ import annotations

from collections.abc import Hashable
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
        layer = node.layer
        total = 0
        if isinstance(layer, Instance):
            assert layer.graph is not None
            if node.made not in seen:
                total += self.graph(layer.graph)
            uses = {each.made: each for each in _inner_uses(layer.graph) if each.made is not None}
            for made, stand_in in zip(layer.handed, layer.parameters, strict=True):
                if not made.parameter and made not in seen and stand_in in uses:
                    seen.add(made)
                    total += self._weights(uses[stand_in])
        elif node.made is not None and not node.made.parameter and node.made not in seen:
            total = self._weights(node)
        if node.made is not None:
            seen.add(node.made)
        return total

    def _weights(self, node: Node) -> int:
        if isinstance(node.layer, Instance):
            assert node.layer.graph is not None
            return self.graph(node.layer.graph)
        weights = node.layer.weights(*(each.type for each in node.inputs))
        return sum(prod(weight.shape) for weight in weights if weight.counted)


def _inner_uses(graph: Graph) -> list[Node]:
    return [node for node in graph.nodes if node.made is not None and node.made.parameter]
