"""Leave out what does nothing, and what the next layer can do: identities, blocks of nothing, zeros round an input."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from nndsl.diagnostics import Span
from nndsl.graph import Graph, Instance, Node, Tensor
from nndsl.layers.base import Layer
from nndsl.layers.core import Identity
from nndsl.passes.padding import padding_convolutions

_Spot: TypeAlias = "tuple[type[Layer], Span]"


def simplify(graph: Graph) -> Graph:
    """Return the graph without nodes whose outputs are their inputs, and without padding that convolutions can do."""
    busy: set[_Spot] = set()
    _find_busy(graph, busy, set())
    return _Simplifying(busy, {}).graph(graph)


def _find_busy(graph: Graph, busy: set[_Spot], seen: set[int]) -> None:
    """Add the places of all layers that do something."""
    seen.add(id(graph))
    for node in graph.nodes:
        if not node.layer.is_idle:
            busy.add(_spot(node))
        if isinstance(node.layer, Instance) and node.layer.graph is not None and id(node.layer.graph) not in seen:
            _find_busy(node.layer.graph, busy, seen)


def _spot(node: Node) -> _Spot:
    """Return where a layer is applied; the layers of a composed one have one span."""
    return type(node.layer), node.span


class _Simplifying:
    """One run of the pass.

    A layer that is idle for its arguments stays where it is ``busy`` in another turn or instance: all share one text.
    ``known`` has the bodies that are done, since equal instances share theirs.
    """

    def __init__(self, busy: set[_Spot], known: dict[int, Graph]) -> None:
        self._busy = busy
        self._known = known

    def graph(self, graph: Graph) -> Graph:
        """Return a graph simplified."""
        if id(graph) not in self._known:
            self._known[id(graph)] = self._simplified(graph)
        return self._known[id(graph)]

    def _simplified(self, graph: Graph) -> Graph:
        padding = padding_convolutions(graph)
        padded = {node.inputs[0].node for node in padding}
        new: dict[Tensor, Tensor] = {node.output(): node.output() for node in graph.inputs}
        nodes: list[Node] = []
        for old in graph.nodes:
            node = self._rewritten(replace(old, layer=padding.get(old, old.layer)), new)
            passed = node.inputs if old in padded else self._passed(node)
            if passed is None:
                nodes.append(node)
                passed = tuple(node.output(index) for index in range(len(node.types)))
            new.update({old.output(index): tensor for index, tensor in enumerate(passed)})
        outputs = tuple((name, new[tensor]) for name, tensor in graph.outputs)
        extras = tuple((name, new[tensor]) for name, tensor in graph.extras)
        return replace(graph, nodes=tuple(nodes), outputs=outputs, extras=extras)

    def _rewritten(self, node: Node, new: dict[Tensor, Tensor]) -> Node:
        def renewed(value: object) -> object:
            if isinstance(value, Tensor):
                return new[value]
            return tuple(map(renewed, value)) if isinstance(value, tuple) else value

        layer = node.layer
        if isinstance(layer, Instance) and layer.graph is not None:
            layer = replace(layer, graph=self.graph(layer.graph))
        return replace(
            node,
            layer=layer,
            inputs=tuple(new[tensor] for tensor in node.inputs),
            keywords={name: renewed(value) for name, value in node.keywords.items()},
        )

    def _passed(self, node: Node) -> tuple[Tensor, ...] | None:
        """Return the inputs that a node hands on as its outputs, or None if it does something."""
        if isinstance(node.layer, Identity) or (node.layer.is_idle and _spot(node) not in self._busy):
            return node.inputs
        if isinstance(node.layer, Instance) and node.layer.graph is not None and not node.layer.graph.nodes:
            places = {inner.output(): index for index, inner in enumerate(node.layer.graph.inputs)}
            return tuple(node.inputs[places[tensor]] for _, tensor in node.layer.graph.outputs)
        return None
