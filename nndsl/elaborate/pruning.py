"""What reaches an output of the model: blocks lose the outputs that nobody takes, and what only these need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from nndsl.graph import Graph, Instance, Made, Node, Tensor


def prune(graph: Graph) -> Graph:
    """Return a model's graph in which every layer, at any depth, reaches an output."""
    return _Pruning().graph(graph, tuple(range(len(graph.outputs))))


class _Pruning:
    """One run; equal graphs that keep equal outputs stay one graph."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, tuple[int, ...]], Graph] = {}

    def graph(self, graph: Graph, kept: tuple[int, ...]) -> Graph:
        """Return a graph with some of its outputs."""
        key = (id(graph), kept)
        if key not in self._known:
            self._known[key] = self._graph(graph, kept)
        return self._known[key]

    def _graph(self, graph: Graph, kept: tuple[int, ...]) -> Graph:
        if len(kept) == len(graph.outputs) and not any(isinstance(node.layer, Instance) for node in graph.nodes):
            return graph
        outputs = [graph.outputs[index] for index in kept]
        taken = _taken(graph, [tensor for _, tensor in outputs])
        by_made: dict[Made | None, set[int]] = {}
        for node, indices in taken.items():
            by_made.setdefault(node.made, set()).update(indices)
        lent = {made for node in graph.nodes if isinstance(node.layer, Instance) for made in node.layer.handed}
        new: dict[Node, tuple[Node, Mapping[int, int]]] = {}
        changed = len(kept) < len(graph.outputs)
        for node in graph.nodes:
            if node not in taken:
                changed = True
                continue
            whole = node.made is None or node.made.parameter or node.made in lent
            keep = range(len(node.types)) if whole else sorted(by_made[node.made])
            new[node] = self._node(node, tuple(keep), new)
            changed = changed or new[node][0] is not node
        if not changed:
            return graph
        nodes = tuple(new[node][0] for node in graph.nodes if node in taken)
        used = {node.made for node in nodes} | {
            made for node in nodes if isinstance(node.layer, Instance) for made in node.layer.handed
        }
        return replace(
            graph,
            nodes=nodes,
            outputs=tuple((name, _moved(tensor, new)) for name, tensor in outputs),
            made=tuple(made for made in graph.made if made in used),
        )

    def _node(
        self, node: Node, keep: tuple[int, ...], new: Mapping[Node, tuple[Node, Mapping[int, int]]]
    ) -> tuple[Node, Mapping[int, int]]:
        """Return a node with the tensors and outputs that are left, and where its outputs went."""
        same = {index: index for index in range(len(node.types))}
        inputs = tuple(_moved(tensor, new) for tensor in node.inputs)
        keywords = {name: _keyword(value, new) for name, value in node.keywords.items()}
        layer = node.layer
        if isinstance(layer, Instance) and layer.graph is not None:
            graph = self.graph(layer.graph, keep)
            if graph is not layer.graph:
                left = _reached(graph)
                pairs = [pair for pair in zip(layer.parameters, layer.handed, strict=True) if pair[0] in left]
                layer = replace(
                    layer,
                    graph=graph,
                    parameters=tuple(inner for inner, _ in pairs),
                    handed=tuple(outer for _, outer in pairs),
                )
                types = tuple(node.types[index] for index in keep)
                hints = tuple(node.hints[index] for index in keep) if node.hints else ()
                moved = {index: place for place, index in enumerate(keep)}
                pruned = replace(node, layer=layer, inputs=inputs, keywords=keywords, types=types, hints=hints)
                return pruned, moved
        if all(one is other for one, other in zip(inputs, node.inputs, strict=True)) and keywords == node.keywords:
            return node, same
        return replace(node, inputs=inputs, keywords=keywords), same


def _taken(graph: Graph, outputs: list[Tensor]) -> dict[Node, set[int]]:
    """Return the nodes that reach one of the outputs, and which of their tensors are taken."""
    taken: dict[Node, set[int]] = {}
    for tensor in outputs:
        taken.setdefault(tensor.node, set()).add(tensor.index)
    for node in reversed(graph.nodes):
        if node in taken:
            for tensor in node.tensors():
                taken.setdefault(tensor.node, set()).add(tensor.index)
    return taken


def _reached(graph: Graph) -> set[Made | None]:
    used = {node.made for node in graph.nodes}
    return used | {made for node in graph.nodes if isinstance(node.layer, Instance) for made in node.layer.handed}


def _moved(tensor: Tensor, new: Mapping[Node, tuple[Node, Mapping[int, int]]]) -> Tensor:
    found = new.get(tensor.node)
    if found is None or (found[0] is tensor.node and found[1][tensor.index] == tensor.index):
        return tensor
    return Tensor(found[0], found[1][tensor.index])


def _keyword(value: object, new: Mapping[Node, tuple[Node, Mapping[int, int]]]) -> object:
    if isinstance(value, Tensor):
        return _moved(value, new)
    return tuple(_keyword(item, new) for item in value) if isinstance(value, tuple) else value
