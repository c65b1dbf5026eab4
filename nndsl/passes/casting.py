"""Put in the casts where a tensor is of another float dtype than that in which a layer, or a block, takes it."""

from __future__ import annotations

from dataclasses import replace

from nndsl.graph import Graph, Instance, Node, Tensor, Turn
from nndsl.layers.base import FLOATS, TensorType
from nndsl.layers.casting import Cast
from nndsl.layers.external import PythonLayer

_OTHERS = frozenset(FLOATS) - {"float32"}


def cast(graph: Graph) -> Graph:
    """Return the graph with its casts as layers; where there are none, the graph itself."""
    return _cast(graph, {})


def _cast(graph: Graph, known: dict[int, tuple[Graph, Graph]]) -> Graph:
    """Return a graph with casts; ``known`` has the bodies that are done, by identity, and keeps them alive."""
    if id(graph) not in known:
        known[id(graph)] = graph, graph if _is_plain(graph) else _Body(graph, known).finish()
    return known[id(graph)][1]


def _is_plain(graph: Graph) -> bool:
    """Return whether a graph has neither policies, nor layers of Python, nor floats of another dtype than float32."""
    for node in (*graph.inputs, *graph.nodes):
        if node.layer.dtype is not None or isinstance(node.layer, PythonLayer):
            return False
        for kind in node.types:
            if kind.dtype in _OTHERS:
                return False
    return True


class _Body:
    """One graph, rewritten from the first node on that casts its inputs."""

    def __init__(self, graph: Graph, known: dict[int, tuple[Graph, Graph]]) -> None:
        self._graph = graph
        self._known = known
        self._nodes: list[Node] = []
        self._new: dict[Node, Node] = {}
        self._casts: dict[tuple[Tensor, str], Tensor] = {}
        self._behind: dict[Node, list[Node]] = {}
        """The casts that stand directly behind a node."""
        for node in graph.nodes:
            self._nodes.append(self._rewritten(node))

    def finish(self) -> Graph:
        """Return the new graph, or the old one if nothing has changed."""
        if not self._new:
            return self._graph
        nodes = [each for node in self._graph.inputs for each in self._behind.get(node, ())]
        for node in self._nodes:
            nodes += [node, *self._behind.get(node, ())]
        outputs = tuple((name, self._renewed(tensor)) for name, tensor in self._graph.outputs)
        extras = tuple((name, self._renewed(tensor)) for name, tensor in self._graph.extras)
        return replace(self._graph, nodes=tuple(nodes), outputs=outputs, extras=extras)

    def _renewed(self, tensor: Tensor) -> Tensor:
        node = self._new.get(tensor.node)
        return tensor if node is None else Tensor(node, tensor.index)

    def _rewritten(self, node: Node) -> Node:
        layer = node.layer
        if isinstance(layer, Instance):
            assert layer.graph is not None
            body = _cast(layer.graph, self._known)
            if body is not layer.graph:
                layer = replace(layer, graph=body)
            wanted = tuple(each.types[0] for each in body.inputs)
        else:
            wanted = layer.accepted(*(tensor.type for tensor in node.inputs))
        inputs = tuple(self._arriving(tensor, kind, node) for tensor, kind in zip(node.inputs, wanted, strict=True))
        keywords = {name: self._keyword(value, node) for name, value in node.keywords.items()}
        if layer is node.layer and inputs == node.inputs and keywords == node.keywords:
            return node
        self._new[node] = replace(node, layer=layer, inputs=inputs, keywords=keywords)
        return self._new[node]

    def _keyword(self, value: object, node: Node) -> object:
        if isinstance(value, Tensor):
            kind = node.layer.accepted(value.type)[0] if value.type.is_float else value.type
            return self._arriving(value, kind, node)
        return tuple(self._keyword(item, node) for item in value) if isinstance(value, tuple) else value

    def _arriving(self, tensor: Tensor, wanted: TensorType, reader: Node) -> Tensor:
        """Return the tensor as its reader takes it; the next reader finds the cast again."""
        dtype = wanted.dtype
        if tensor.type.dtype == dtype:
            return self._renewed(tensor) if self._new else tensor
        known = self._casts.get((tensor, dtype))
        if known is None or not _is_around(known.node.turns, reader.turns):
            source = self._renewed(tensor)
            # What stands before a loop is cast once, before the loop.
            before = source.node.turns != reader.turns and _is_around(source.node.turns, reader.turns)
            turns = source.node.turns if before else reader.turns
            kind, hint = tensor.type.with_dtype(dtype), tensor.node.hint
            node = Node(Cast(dtype), (source,), (kind,), reader.span, hint=hint, turns=turns)
            (self._behind.setdefault(source.node, []) if before else self._nodes).append(node)
            known = self._casts[tensor, dtype] = node.output()
        return known


def _is_around(outer: tuple[Turn, ...], inner: tuple[Turn, ...]) -> bool:
    """Return whether what stands in some turns of loops is there in others: they are the same, or inside them."""
    return inner[: len(outer)] == outer
