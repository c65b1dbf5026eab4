"""Leave out what does nothing: identities, and blocks that hand on their inputs as they are."""

from __future__ import annotations

from dataclasses import replace

from nndsl.graph import Graph, Instance, Node, Tensor
from nndsl.layers.core import Identity


def simplify(graph: Graph) -> Graph:
    """Return the graph without nodes whose outputs are their inputs."""
    return _simplified(graph, {})


def _simplified(graph: Graph, known: dict[int, Graph]) -> Graph:
    """Return a graph simplified; ``known`` has the bodies that are done, since equal instances share theirs."""
    if not any(isinstance(node.layer, (Identity, Instance)) for node in graph.nodes):
        return graph
    if id(graph) in known:
        return known[id(graph)]
    new: dict[Tensor, Tensor] = {node.output(): node.output() for node in graph.inputs}
    nodes: list[Node] = []
    for old in graph.nodes:
        node = _rewritten(old, new, known)
        passed = _passed(node)
        if passed is None:
            nodes.append(node)
            passed = tuple(node.output(index) for index in range(len(node.types)))
        new.update({old.output(index): tensor for index, tensor in enumerate(passed)})
    outputs = tuple((name, new[tensor]) for name, tensor in graph.outputs)
    known[id(graph)] = replace(graph, nodes=tuple(nodes), outputs=outputs)
    return known[id(graph)]


def _rewritten(node: Node, new: dict[Tensor, Tensor], known: dict[int, Graph]) -> Node:
    def renewed(value: object) -> object:
        if isinstance(value, Tensor):
            return new[value]
        return tuple(map(renewed, value)) if isinstance(value, tuple) else value

    layer = node.layer
    if isinstance(layer, Instance) and layer.graph is not None:
        layer = replace(layer, graph=_simplified(layer.graph, known))
    return replace(
        node,
        layer=layer,
        inputs=tuple(new[tensor] for tensor in node.inputs),
        keywords={name: renewed(value) for name, value in node.keywords.items()},
    )


def _passed(node: Node) -> tuple[Tensor, ...] | None:
    """Return the inputs that a node hands on as its outputs, or None if it does something."""
    if isinstance(node.layer, Identity):
        return node.inputs
    if isinstance(node.layer, Instance) and node.layer.graph is not None and not node.layer.graph.nodes:
        places = {inner.output(): index for index, inner in enumerate(node.layer.graph.inputs)}
        return tuple(node.inputs[places[tensor]] for _, tensor in node.layer.graph.outputs)
    return None
