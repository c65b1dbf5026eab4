"""Let a model give the logits of outputs beside them, where cross-entropy is taken of a softmax or sigmoid.

From logits the loss is exact: its gradients do not vanish where a probability is rounded to 0 or 1. The keys of weights
stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from nndsl.elaborate.endings import ACTIVATED, core, is_view, of_node
from nndsl.graph import Graph, Instance, Node, Tensor
from nndsl.layers.base import Layer
from nndsl.layers.core import Activation
from nndsl.recipes.base import Recipe

SIGMOIDS = frozenset({"BinaryCrossentropy", "BinaryFocalCrossentropy"})
SOFTMAXES = frozenset({"CategoricalCrossentropy", "CategoricalFocalCrossentropy", "SparseCategoricalCrossentropy"})
"""The losses whose clipped form the exact one of a sigmoid's, or softmax's, logits replaces."""

_KEEP_LAST = frozenset({"Identity", "ActivityRegularization", "Activation", "FoldTime", "UnfoldTime"})
"""The views that leave every axis but the first ones where it is."""


class Closed(Exception):
    """The logits of an output cannot be had; the text says why."""


def with_logits(graph: Graph, losses: Sequence[Recipe | None]) -> tuple[Graph, tuple[str, ...]]:
    """Return a model's graph with the logits that its losses (one for each output) want, and remarks on these.

    An extra ``y_logits`` is what the output ``y`` is the softmax or sigmoid of. The graph is the same if there is none.
    """
    body = _Body(graph)
    found: list[tuple[str, Callable[[], Tensor]]] = []
    remarks = []
    for (name, tensor), loss in zip(graph.outputs, losses, strict=True):
        wanted = _wanted(loss, tensor)
        if wanted is None:
            continue
        axis = getattr(loss, "axis", -1)
        try:
            found.append((f"{name}_logits", body.opened(tensor, wanted, axis % tensor.type.rank - tensor.type.rank)))
            remarks.append(f"the loss of `{name}` is computed from the logits of its {wanted}")
        except Closed as reason:
            remarks.append(f"the loss of `{name}` is computed from clipped probabilities: {reason}")
    return body.finish(found) if found else graph, tuple(remarks)


def _wanted(loss: Recipe | None, tensor: Tensor) -> str | None:
    """Return the function whose logits a loss would be computed from, or None for a loss of another kind."""
    name = type(loss).__name__
    if name == "CrossentropyByShape":
        return "sigmoid" if tensor.type.shape[-1] == 1 else "softmax"
    if getattr(loss, "from_logits", False):
        return None
    return "sigmoid" if name in SIGMOIDS else "softmax" if name in SOFTMAXES else None


@dataclass(frozen=True, slots=True)
class _Source:
    """The tensor that a function gives, and the views behind it, the last one first."""

    tensor: Tensor
    views: tuple[Node, ...]


class _Body:
    """One graph, in which some nodes get layers without their activation, which stands behind them then."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._layers: dict[Node, Layer] = {}
        self._behind: dict[Tensor, str] = {}
        self._new: dict[Tensor, Tensor] = {node.output(): node.output() for node in graph.inputs}
        self._bare: dict[Tensor, Tensor] = {}
        self._nodes: list[Node] = []

    def opened(self, tensor: Tensor, wanted: str, axis: int) -> Callable[[], Tensor]:
        """Return what gives the logits of a tensor, once ``finish`` has begun. Raises Closed."""
        source = self._source(tensor, wanted, axis)
        node = source.tensor.node
        layer = self._layers.get(node, node.layer)
        if isinstance(layer, Instance):
            if source.tensor not in self._behind:
                self._layers[node] = self._opened_block(node, layer, source.tensor.index, wanted, axis)
                self._behind[source.tensor] = wanted
        else:
            found = of_node(node)
            if found.activation != wanted:
                raise Closed(f"it ends in no {wanted}")
            if wanted == "softmax" and found.axis != axis:
                raise Closed("its softmax goes over another axis")
            if type(core(node)).__name__ not in ACTIVATED - {"Activation"}:
                return lambda: self._viewed(self._new[node.inputs[0]], source.views)
            if layer.activity_penalties:
                raise Closed("its layer penalizes what the activation gives")
            self._layers[node] = replace(node.layer, activation=None)  # type: ignore[call-arg]
            self._behind[source.tensor] = wanted
        return lambda: self._viewed(self._bare[source.tensor], source.views)

    def _source(self, tensor: Tensor, wanted: str, axis: int) -> _Source:
        """Return where the function of a tensor is, views apart."""
        views = []
        while is_view(tensor.node):
            node = tensor.node
            name = type(core(node)).__name__
            same = name == "Reshape" and axis == -1 and node.inputs[0].type.shape[-1] == node.types[0].shape[-1]
            if wanted == "softmax" and not (same or name in _KEEP_LAST):
                raise Closed(f"`{name}` stands behind its softmax")
            views.append(node)
            tensor = node.inputs[0]
        if tensor.node in self._graph.inputs:
            raise Closed(f"its {wanted} stands before the block that it comes out of")
        return _Source(tensor, tuple(views))

    def _opened_block(self, node: Node, layer: Instance, index: int, wanted: str, axis: int) -> Instance:
        """Return a block that gives logits in the place of an output."""
        assert layer.graph is not None
        made = node.made
        instances = [each for each in self._graph.nodes if isinstance(each.layer, Instance)]
        handed = {each for instance in instances for each in getattr(instance.layer, "handed", ())}
        if made is None or made.parameter or made in handed or sum(each.made is made for each in instances) > 1:
            raise Closed(f"it comes out of `{layer.graph.name}`, which is applied more than once")
        body = _Body(layer.graph)
        tensor = layer.graph.outputs[index][1]
        logits = body.opened(tensor, wanted, axis)
        if any(view.layer.activity_penalties for view in body._source(tensor, wanted, axis).views):
            raise Closed("a layer penalizes what its activation gives")
        return replace(layer, graph=body.finish_block(index, logits))

    def finish(self, found: Sequence[tuple[str, Callable[[], Tensor]]]) -> Graph:
        """Return the new graph, with logits among its extras."""
        self._rewrite()
        extras = tuple((name, self._new[tensor]) for name, tensor in self._graph.extras)
        extras += tuple((name, logits()) for name, logits in found)
        outputs = tuple((name, self._new[tensor]) for name, tensor in self._graph.outputs)
        return replace(self._graph, nodes=tuple(self._nodes), outputs=outputs, extras=extras)

    def finish_block(self, index: int, logits: Callable[[], Tensor]) -> Graph:
        """Return the new graph, with logits as the output of a number, and without what no output needs now."""
        self._rewrite()
        outputs = [(name, self._new[tensor]) for name, tensor in self._graph.outputs]
        outputs[index] = outputs[index][0], logits()
        needed = {tensor.node for _, tensor in outputs}
        for node in reversed(self._nodes):
            if node in needed:
                needed.update(tensor.node for tensor in node.tensors())
        return replace(self._graph, nodes=tuple(node for node in self._nodes if node in needed), outputs=tuple(outputs))

    def _rewrite(self) -> None:
        for old in self._graph.nodes:
            node = replace(
                old,
                layer=self._layers.get(old, old.layer),
                inputs=tuple(self._new[tensor] for tensor in old.inputs),
                keywords={name: self._renewed(value) for name, value in old.keywords.items()},
                hint="logits" if old in self._layers else old.hint,
                hints=tuple(
                    "logits" if old.output(place) in self._behind else hint for place, hint in enumerate(old.hints)
                ),
            )
            self._nodes.append(node)
            for index in range(len(old.types)):
                tensor, bare = old.output(index), node.output(index)
                self._new[tensor] = bare
                if tensor in self._behind:
                    self._bare[tensor] = bare
                    self._new[tensor] = self._activated(bare, self._behind[tensor], old).output()

    def _renewed(self, value: object) -> object:
        if isinstance(value, Tensor):
            return self._new[value]
        return tuple(map(self._renewed, value)) if isinstance(value, tuple) else value

    def _activated(self, bare: Tensor, activation: str, old: Node) -> Node:
        hint = old.hints[bare.index] if bare.index < len(old.hints) else old.hint
        dtype = bare.type.dtype
        layer = Activation(activation, dtype=None if dtype == "float32" else dtype)
        node = Node(layer, (bare,), (bare.type,), old.span, hint=hint, turns=old.turns)
        self._nodes.append(node)
        return node

    def _viewed(self, logits: Tensor, views: tuple[Node, ...]) -> Tensor:
        """Return logits, seen as the output sees what comes of them."""
        for view in reversed(views):
            if type(core(view)).__name__ in ("Identity", "ActivityRegularization", "Activation"):
                continue
            others = tuple(self._new[tensor] for tensor in view.inputs[1:])
            node = replace(view, inputs=(logits, *others), hint="logits")
            self._nodes.append(node)
            logits = node.output()
        return logits
