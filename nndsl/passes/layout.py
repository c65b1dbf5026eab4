"""Choose the order of axes in which each tensor lies, and put in the permutations where two layers disagree.

PyTorch's convolutions want the channels behind the batch, the file says where they are. A tensor keeps the order in
which its layer gives it for as long as the next ones take it, so that a plain convolutional network is permuted once on
the way in and once on the way out. A block is specialised by the orders in which its inputs arrive.
"""

from __future__ import annotations

from dataclasses import replace

from nndsl.code import Code, code
from nndsl.graph import Graph, Instance, Made, Node, Tensor
from nndsl.layers.base import Call, Layer, Order, TensorType, layer


@layer
class Reorder(Layer):
    """A view of a tensor with its axes in another order; ``axes`` are the input's, in the order of the output."""

    axes: Order = ()

    def forward(self, call: Call) -> Code:
        """x.permute(…)."""
        return code("{}.permute({})", call.inputs[0], ", ".join(map(str, self.axes)))


def layout(graph: Graph) -> Graph:
    """Return the graph with an order for each tensor; inputs and outputs of the model lie as the file says."""
    specialised, _ = _Layout({}).graph(graph, tuple(_logical(node.output()) for node in graph.inputs), outermost=True)
    return specialised


def _logical(tensor: Tensor) -> Order:
    return tuple(range(tensor.type.rank))


class _Layout:
    """One run of the pass; ``known`` holds the blocks that are done, by their graph and the orders of their inputs."""

    def __init__(self, known: dict[tuple[int, tuple[Order, ...]], tuple[Graph, tuple[Order, ...]]]) -> None:
        self._known = known
        self._usual: dict[tuple[str, tuple[int, ...]], tuple[Order, ...]] = {}

    def usual(self, graph: Graph, arriving: tuple[Order, ...]) -> tuple[Order, ...]:
        """Return the orders for the inputs of a block: those of its first instance, so that all share a class."""
        definition = (graph.name, tuple(len(order) for order in arriving))
        if definition not in self._usual:
            self._usual[definition] = _hoisted(self.graph(graph, arriving)[0])
        return self._usual[definition]

    def graph(
        self, graph: Graph, orders: tuple[Order, ...], *, outermost: bool = False
    ) -> tuple[Graph, tuple[Order, ...]]:
        """Return a graph whose inputs arrive in the given orders, and the orders of its outputs."""
        found = self._known.get((id(graph), orders))
        if found is None:
            found = _Body(self, graph, orders).finish(outermost)
            self._known[id(graph), orders] = found
        return found


class _Body:
    """One graph, rewritten node by node."""

    def __init__(self, layout: _Layout, graph: Graph, orders: tuple[Order, ...]) -> None:
        self._layout = layout
        self._graph = graph
        self._nodes: list[Node] = []
        self._new: dict[Node, Node] = {}
        self._reordered: dict[tuple[Tensor, Order], Tensor] = {}
        self._arrival: dict[Made, tuple[Order, ...]] = {}
        self._plain = _applied_in_several_ways(graph)
        self._inputs = tuple(
            node if order == _logical(node.output()) else replace(node, orders=(order,))
            for node, order in zip(graph.inputs, orders, strict=True)
        )
        self._new.update(zip(graph.inputs, self._inputs, strict=True))
        for node in graph.nodes:
            self._new[node] = self._rewritten(node)

    def finish(self, outermost: bool) -> tuple[Graph, tuple[Order, ...]]:
        """Return the new graph, and the orders of its outputs."""
        outputs, extras = (
            tuple((name, self._leaving(self._tensor(old), outermost)) for name, old in pairs)
            for pairs in (self._graph.outputs, self._graph.extras)
        )
        graph = replace(self._graph, inputs=self._inputs, nodes=tuple(self._nodes), outputs=outputs, extras=extras)
        return graph, tuple(tensor.order for _, tensor in outputs)

    def _leaving(self, tensor: Tensor, outermost: bool) -> Tensor:
        return self._in_order(tensor, _logical(tensor), self._last(tensor)) if outermost else tensor

    def _tensor(self, old: Tensor) -> Tensor:
        return Tensor(self._new[old.node], old.index)

    def _last(self, tensor: Tensor) -> Node:
        return self._nodes[-1] if self._nodes else tensor.node

    def _rewritten(self, node: Node) -> Node:
        inputs = tuple(self._tensor(tensor) for tensor in node.inputs)
        layer = node.layer
        orders: tuple[Order, ...] = ()
        wanted: tuple[Order, ...]
        if isinstance(layer, Instance):
            assert layer.graph is not None
            assert node.made is not None
            if node.made not in self._arrival:
                arriving = tuple(tensor.order for tensor in inputs)
                if node.made.parameter or node.made in self._plain:
                    arriving = tuple(_logical(each.output()) for each in layer.graph.inputs)
                    self._arrival[node.made] = _hoisted(self._layout.graph(layer.graph, arriving)[0])
                else:
                    self._arrival[node.made] = self._layout.usual(layer.graph, arriving)
            wanted = self._arrival[node.made]
            graph, orders = self._layout.graph(layer.graph, wanted)
            layer = replace(layer, graph=graph)
            wanted = _fitting(wanted, tuple(tensor.type for tensor in inputs))
            orders = _fitting(orders, node.types)
        else:
            wanted = _wanted(layer, inputs)
            if inputs and wanted[0] != _logical(inputs[0]):
                rank = inputs[0].type.rank
                orders = tuple(wanted[0] if kind.rank == rank else layer.other_order(kind) for kind in node.types)
        inputs = tuple(
            self._in_order(tensor, order, node) if tensor.order != order else tensor
            for tensor, order in zip(inputs, wanted, strict=True)
        )
        keywords = {name: self._keyword(value, node) for name, value in node.keywords.items()}
        new = replace(node, layer=layer, inputs=inputs, keywords=keywords, orders=orders)
        self._nodes.append(new)
        return new

    def _keyword(self, value: object, node: Node) -> object:
        if isinstance(value, Tensor):
            tensor = self._tensor(value)
            return self._in_order(tensor, node.layer.other_order(tensor.type), node)
        if isinstance(value, tuple):
            return tuple(self._keyword(item, node) for item in value)
        return value

    def _in_order(self, tensor: Tensor, order: Order, reader: Node) -> Tensor:
        """Return the tensor in an order: itself, or a permutation put before its reader (the next finds it again)."""
        if isinstance(tensor.node.layer, Reorder) and tensor.node.inputs[0].order == order:
            return tensor.node.inputs[0]
        if tensor.order == order:
            return tensor
        key = (tensor, order)
        producer = tensor.node
        # What comes from outside a loop is permuted there, once, rather than in each of its turns.
        outside = reader.turns[: len(producer.turns)] == producer.turns
        turns = producer.turns if outside else reader.turns
        if key not in self._reordered or self._reordered[key].node.turns != turns:
            axes = tuple(tensor.order.index(axis) for axis in order)
            node = Node(
                Reorder(axes=axes),
                (tensor,),
                (tensor.type,),
                reader.span,
                hint=tensor.node.hint,
                turns=turns,
                orders=(order,),
            )
            if turns == reader.turns:
                self._nodes.append(node)
            else:
                self._nodes.insert(self._nodes.index(producer) + 1 if producer in self._nodes else 0, node)
            self._reordered[key] = node.output()
        return self._reordered[key]


def _applied_in_several_ways(graph: Graph) -> set[Made]:
    """Return the layers that have to be specialised for one order that does not depend on the caller.

    Other bodies apply them too, or they take inputs of several ranks.
    """
    found: set[Made] = set()
    ranks: dict[Made, tuple[int, ...]] = {}
    for node in graph.nodes:
        if isinstance(node.layer, Instance) and node.made is not None:
            found.update(node.layer.handed)
            here = tuple(tensor.type.rank for tensor in node.inputs)
            if ranks.setdefault(node.made, here) != here:
                found.add(node.made)
    return found


def _fitting(orders: tuple[Order, ...], types: tuple[TensorType, ...]) -> tuple[Order, ...]:
    """Return orders; for a tensor of another rank the logical one."""
    return tuple(
        order if len(order) == kind.rank else tuple(range(kind.rank)) for order, kind in zip(orders, types, strict=True)
    )


def _hoisted(graph: Graph) -> tuple[Order, ...]:
    """Return the orders in which a body uses its inputs: one that is only permuted is better permuted by the caller."""
    orders = []
    for node in graph.inputs:
        tensor = node.output()
        users = [each for each in graph.nodes if tensor in each.tensors()]
        once = len(users) == 1 and isinstance(users[0].layer, Reorder)
        returned = any(output == tensor for _, output in graph.outputs)
        orders.append(users[0].output().order if once and not returned else tensor.order)
    return tuple(orders)


def _wanted(layer: Layer, inputs: tuple[Tensor, ...]) -> tuple[Order, ...]:
    """Return the order for each input of a layer that is no block."""
    if not inputs:
        return ()
    wanted = layer.wanted_order(*(tensor.type for tensor in inputs))
    rank = inputs[0].type.rank
    if wanted is None:
        if any(tensor.type.rank != rank for tensor in inputs):
            return tuple(_logical(tensor) for tensor in inputs)
        # The largest tensor is the dearest to move; where all lie alike, nothing moves.
        wanted = max(inputs, key=_extent).order
    return tuple(wanted if tensor.type.rank == rank else _logical(tensor) for tensor in inputs)


def _extent(tensor: Tensor) -> tuple[int, int]:
    """Return a measure of size (symbols count as large), and whether the tensor has left the file's order."""
    elements = 1
    for size in tensor.type.shape[1:]:
        elements *= size if isinstance(size, int) else 1000
    return elements, int(tensor.order != _logical(tensor))
