"""Give a block that is applied at several shapes one body that is right for all of them.

A class has one ``forward``. Where the code of the bodies is the same at all shapes, nothing changes; else the sizes
that differ become symbols, and the layers emit the forms that look at sizes at run time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from nndsl.diagnostics import Diagnostic, NNDSLError, Note
from nndsl.graph import Graph, Instance, Made, Node, Tensor
from nndsl.layers.refusals import shown
from nndsl.passes.generalize import Unshareable, generalized


def share(graph: Graph) -> Graph:
    """Return the graph with one body for each block that is applied at several shapes. Raises NNDSLError (E0515)."""
    return _Sharing().graph(graph)


@dataclass(frozen=True, slots=True)
class _Body:
    """What all applications of a block get: the body, and the layers in it that stand for those handed over."""

    graph: Graph
    parameters: tuple[Made, ...]


class _Sharing:
    """One run; ``known`` has the bodies that are done, by identity, and keeps them alive."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Graph, Graph]] = {}

    def graph(self, graph: Graph) -> Graph:
        """Return a graph in which the layers that it makes, and those inside its blocks, have one body each."""
        if id(graph) not in self._known:
            settled = _settled(graph)
            bodies = {
                id(node.layer.graph): self.graph(node.layer.graph)
                for node in settled.nodes
                if isinstance(node.layer, Instance) and node.layer.graph is not None
            }

            def renewed(node: Node) -> Instance:
                assert isinstance(node.layer, Instance)
                return replace(node.layer, graph=bodies[id(node.layer.graph)])

            changed = {node: renewed(node) for node in settled.nodes if _is_changed(node, bodies)}
            self._known[id(graph)] = graph, _rebuilt(settled, changed)
        return self._known[id(graph)][1]


def _is_changed(node: Node, bodies: Mapping[int, Graph]) -> bool:
    return isinstance(node.layer, Instance) and bodies[id(node.layer.graph)] is not node.layer.graph


def _settled(graph: Graph) -> Graph:
    """Return a graph in which the blocks that it makes itself have one body each, wherever they are applied."""
    while (found := _several(graph)) is not None:
        made, nodes = found
        body = _body(nodes[0]) if _are_alike(nodes) else _common(nodes)
        graph = _with_body(graph, {made: body}, {})
    return graph


def _several(graph: Graph) -> tuple[Made, list[Node]] | None:
    """Return a block that has several bodies, and a node that applies each."""
    for made, nodes in _uses(graph, {}).items():
        bodies = {id(node.layer.graph): node for node in reversed(nodes) if isinstance(node.layer, Instance)}
        if len(bodies) > 1 and not made.parameter:
            return made, list(reversed(bodies.values()))
    return None


def _uses(graph: Graph, known: dict[int, dict[Made, list[Node]]]) -> dict[Made, list[Node]]:
    """Return the nodes that apply each block, here or in a block that it is handed to."""
    found: dict[Made, list[Node]] = {}
    for node in graph.nodes:
        layer = node.layer
        if not isinstance(layer, Instance):
            continue
        if node.made is not None:
            found.setdefault(node.made, []).append(node)
        if layer.handed:
            assert layer.graph is not None
            if id(layer.graph) not in known:
                known[id(layer.graph)] = _uses(layer.graph, known)
            for outer, inner in zip(layer.handed, layer.parameters, strict=True):
                found.setdefault(outer, []).extend(known[id(layer.graph)].get(inner, ()))
    return found


def _are_alike(nodes: list[Node]) -> bool:
    # Most models share no block at several shapes; then nothing of the generator is loaded by a mere check.
    from nndsl.emit.alike import alike

    return alike([(body.graph, body.parameters) for body in map(_body, nodes)])


def _body(node: Node) -> _Body:
    assert isinstance(node.layer, Instance)
    assert node.layer.graph is not None
    return _Body(node.layer.graph, node.layer.parameters)


def _common(nodes: list[Node]) -> _Body:
    """Return one body for several applications of a block."""
    bodies = [_body(node) for node in nodes]
    try:
        return replace(bodies[0], graph=generalized([(body.graph, body.parameters) for body in bodies]))
    except Unshareable as reason:
        first, second = nodes[0], nodes[reason.index]
        shapes = [", ".join(shown(tensor.type.shape) for tensor in node.inputs) for node in (first, second)]
        raise NNDSLError(
            (
                Diagnostic(
                    "E0515",
                    f"`{bodies[0].graph.name}` cannot be one layer for {shapes[0]} and {shapes[1]}",
                    second.span,
                    notes=(Note(f"applied to {shapes[0]} here", first.span), Note(reason.why, reason.span)),
                    help="construct another layer for the other shape, or let its body do the same for all sizes",
                ),
            )
        ) from reason


def _with_body(graph: Graph, bodies: Mapping[Made, _Body], known: dict[tuple[int, ...], Graph]) -> Graph:
    """Return a graph in which some blocks have other bodies, also where they are handed over."""
    key = (id(graph), *(id(part) for made, body in bodies.items() for part in (made, body.graph)))
    if key not in known:
        changed: dict[Node, Instance] = {}
        for node in graph.nodes:
            if not isinstance(node.layer, Instance):
                continue
            body = bodies.get(node.made, _body(node)) if node.made is not None else _body(node)
            pairs = zip(body.parameters, node.layer.handed, strict=True)
            inside = {inner: bodies[outer] for inner, outer in pairs if outer in bodies}
            new = _with_body(body.graph, inside, known) if inside else body.graph
            if new is not node.layer.graph:
                changed[node] = replace(node.layer, graph=new, parameters=body.parameters)
        known[key] = _rebuilt(graph, changed)
    return known[key]


def _rebuilt(graph: Graph, changed: Mapping[Node, Instance]) -> Graph:
    """Return a graph in which some nodes have other layers; the same graph if there are none."""
    if not changed:
        return graph
    new = {node: node for node in graph.inputs}

    def renewed(value: object) -> object:
        if isinstance(value, Tensor):
            return Tensor(new[value.node], value.index)
        return tuple(map(renewed, value)) if isinstance(value, tuple) else value

    for node in graph.nodes:
        new[node] = replace(
            node,
            layer=changed.get(node, node.layer),
            inputs=tuple(Tensor(new[tensor.node], tensor.index) for tensor in node.inputs),
            keywords={name: renewed(value) for name, value in node.keywords.items()},
        )
    outputs, extras = (
        tuple((name, Tensor(new[tensor.node], tensor.index)) for name, tensor in pairs)
        for pairs in (graph.outputs, graph.extras)
    )
    return replace(graph, nodes=tuple(new[node] for node in graph.nodes), outputs=outputs, extras=extras)
