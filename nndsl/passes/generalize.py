"""One body for several: bodies that differ in sizes alone become a body whose sizes are symbols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from nndsl.arguments import ArgumentError, kind_of, parameters
from nndsl.diagnostics import Span
from nndsl.dims import Dim, Size, solve_axes, substitute, symbol
from nndsl.graph import Graph, Instance, Made, Node, Tensor
from nndsl.layers.base import Layer, LayerError, TensorType
from nndsl.ops.base import Op
from nndsl.traced import Traced

Body = tuple[Graph, tuple[Made, ...]]
"""A body, and the layers in it that stand for those in the block's arguments."""


class Unshareable(Exception):
    """The bodies differ in more than sizes: ``why``, where, and the number of the body that is not like the first."""

    def __init__(self, why: str, span: Span, index: int) -> None:
        self.why = why
        self.span = span
        self.index = index
        super().__init__(why)


class Checked:
    """The sizes of an application that has been checked at each of the shapes that it will see."""

    def require(self, size: Size, least: int, error: LayerError) -> None:
        """Hold."""

    def at_most(self, size: Size, most: int, error: LayerError) -> None:
        """Hold."""

    def same(self, first: Size, second: Size) -> bool:
        """Hold."""
        return True

    def fixed(self, size: Size, what: str) -> int:
        """Return the number; raise LayerError if there are several."""
        if isinstance(size, int):
            return size
        raise LayerError("E0426", f"{what}, and here it has several")


def generalized(bodies: Sequence[Body]) -> Graph:
    """Return a body that is right for the shapes of all. Raises Unshareable if they differ in more than sizes."""
    inputs = [[node.types[0] for node in graph.inputs] for graph, _ in bodies]
    for index, kinds in enumerate(inputs):
        if len(kinds) != len(inputs[0]):
            raise Unshareable("a mask comes to one of them alone", bodies[index][0].inputs[0].span, index)
        for first, kind in zip(inputs[0], kinds, strict=True):
            if kind.rank != first.rank or kind.dtype != first.dtype:
                span = bodies[index][0].inputs[0].span
                raise Unshareable("its input has another number of axes, or another dtype", span, index)
    columns = [list(zip(*(kind.shape for kind in kinds), strict=True)) for kinds in zip(*inputs, strict=True)]
    common = [column[0] for shape in columns for column in shape if _is_common(column)]
    taken = {name for size in common if isinstance(size, Dim) for name in size.symbols()}
    known: dict[tuple[Size, ...], Size] = {}
    types = [
        kind.with_shape(*(_symbolic(column, known, taken) for column in shape))
        for kind, shape in zip(inputs[0], columns, strict=True)
    ]
    return _Merging(bodies, types).graph()


def _is_common(sizes: tuple[Size, ...]) -> bool:
    return all(size == sizes[0] for size in sizes)


def _symbolic(sizes: tuple[Size, ...], known: dict[tuple[Size, ...], Size], taken: set[str]) -> Size:
    """Return the size of an axis: what all bodies have there, or a symbol, with its name in the block if it is free."""
    if _is_common(sizes):
        return sizes[0]
    origin = next((size.origin for size in sizes if isinstance(size, Traced)), None)
    key: tuple[Size, ...] = sizes if origin is None else (origin,)
    if key not in known:
        if origin is not None and not origin.symbols() & taken:
            known[key] = origin
        else:
            known[key] = next(symbol(name) for number in count(1) if (name := f"S{number}") not in taken)
            taken.add(str(known[key]))
    return known[key]


class _Merging:
    """The merging of bodies whose common inputs have the given types."""

    def __init__(self, bodies: Sequence[Body], types: Sequence[TensorType]) -> None:
        self._graphs = [graph for graph, _ in bodies]
        self._bodies = bodies
        self._first = self._graphs[0]
        self._types = types
        self._new: dict[Node, Node] = {}
        self._places = [
            {node: place for place, node in enumerate((*graph.inputs, *graph.nodes))} for graph in self._graphs
        ]
        self._names = self._known_names()

    def graph(self) -> Graph:
        """Return the common body."""
        first = self._first
        for node, kind in zip(first.inputs, self._types, strict=True):
            self._new[node] = replace(node, types=(kind,))
        span = first.inputs[0].span
        for index, graph in enumerate(self._graphs):
            same = (
                len(graph.nodes) == len(first.nodes)
                and graph.loop_turns == first.loop_turns
                and len(self._bodies[index][1]) == len(self._bodies[0][1])
                and self._wires(index, graph.outputs) == self._wires(0, first.outputs)
            )
            if not same:
                raise Unshareable("its body has other layers there", span, index)
        for nodes in zip(*(graph.nodes for graph in self._graphs), strict=True):
            self._new[nodes[0]] = self._node(nodes)
        common = {
            name: value
            for name, value in first.traced.items()
            if all(graph.traced.get(name) == value for graph in self._graphs)
        }
        return replace(
            first,
            inputs=tuple(self._new[node] for node in first.inputs),
            nodes=tuple(self._new[node] for node in first.nodes),
            outputs=tuple((name, self._renewed(tensor)) for name, tensor in first.outputs),
            traced=common,
        )

    def _known_names(self) -> dict[str, Size]:
        """Return the block's parameters and bound dimensions as the common body has them."""
        names: dict[str, Size] = {name: value for name, value in self._first.traced.items() if isinstance(value, int)}
        for node, kind in zip(self._first.inputs, self._types, strict=True):
            for size, common in zip(node.types[0].shape, kind.shape, strict=True):
                if isinstance(size, Traced):
                    for binding in solve_axes({"x": (size.origin,)}).bindings:
                        names[binding.symbol] = binding.size(common)
        return names

    def _wires(self, index: int, value: Any) -> Any:
        """Return tensors as the places of their nodes, to compare them between the bodies."""
        if isinstance(value, Tensor):
            return self._places[index][value.node], value.index
        if isinstance(value, tuple):
            return tuple(self._wires(index, item) for item in value)
        return value

    def _renewed(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            return Tensor(self._new[value.node], value.index)
        return tuple(map(self._renewed, value)) if isinstance(value, tuple) else value

    def _node(self, nodes: tuple[Node, ...]) -> Node:
        first = nodes[0]
        for index, node in enumerate(nodes):
            if self._structure(index, node) != self._structure(0, first):
                raise Unshareable("its body has another layer here", first.span, index)
        inputs = tuple(self._renewed(tensor) for tensor in first.inputs)
        keywords = {name: self._renewed(value) for name, value in first.keywords.items()}
        layer = self._layer(nodes, tuple(tensor.type for tensor in inputs))
        if isinstance(layer, Instance):
            assert layer.graph is not None
            inferred = tuple(tensor.type for _, tensor in layer.graph.outputs)
        else:
            inferred = self._inferred(layer, inputs, keywords, first)
        types = tuple(_agreed([node.types[place] for node in nodes], kind) for place, kind in enumerate(inferred))
        return replace(first, layer=layer, inputs=inputs, keywords=keywords, types=types)

    def _structure(self, index: int, node: Node) -> object:
        made = node.made and (node.made.place.name, node.made.turns, node.made.parameter)
        handed = tuple(
            (outer.place.name, outer.turns) for outer in (node.layer.handed if isinstance(node.layer, Instance) else ())
        )
        keywords = {name: self._wires(index, value) for name, value in node.keywords.items()}
        return type(node.layer), made, handed, node.turns, self._wires(index, node.inputs), keywords

    def _inferred(
        self, layer: Layer, inputs: tuple[Tensor, ...], keywords: Mapping[str, Any], node: Node
    ) -> tuple[TensorType, ...]:
        given = {name: _typed(value) for name, value in keywords.items()}
        try:
            result = layer.infer(Checked(), *(tensor.type for tensor in inputs), **given)
        except LayerError as error:
            raise Unshareable(error.message, node.span, 1) from error
        return result if isinstance(result, tuple) else (result,)

    def _layer(self, nodes: tuple[Node, ...], types: tuple[TensorType, ...]) -> Layer:
        first = nodes[0].layer
        if isinstance(first, Instance):
            instances = [node.layer for node in nodes if isinstance(node.layer, Instance)]
            bodies = [(each.graph, each.parameters) for each in instances if each.graph is not None]
            if all(graph is first.graph for graph, _ in bodies):
                return first
            traced = {
                name: value
                for name, value in first.traced.items()
                if all(each.traced.get(name) == value for each in instances)
            }
            return replace(first, graph=_Merging(bodies, types).graph(), traced=traced)
        if all(node.layer == first for node in nodes):
            return first
        if nodes[0].made is not None:
            raise Unshareable("its layer has other arguments there", nodes[0].span, 1)
        changed: dict[str, Any] = {}
        for field in parameters(type(first)):
            values = [getattr(node.layer, field.name) for node in nodes]
            if any(value != values[0] for value in values):
                changed[field.name] = self._value(values, nodes[0])
                try:
                    kind_of(field).read(changed[field.name])
                except ArgumentError as error:
                    raise Unshareable(f"`{field.name}` follows from the size", nodes[0].span, 1) from error
        return replace(first, **changed)

    def _value(self, values: list[Any], node: Node) -> Any:
        """Return what an argument of a layer is in the common body: numbers that differ by their origin."""
        first = values[0]
        if all(type(value) is type(first) and value == first for value in values):
            return first
        if all(isinstance(value, tuple) and len(value) == len(first) for value in values):
            return tuple(self._value(list(items), node) for items in zip(*values, strict=True))
        if isinstance(first, Op) and all(type(value) is type(first) for value in values):
            return self._op(first, values, node)
        origins = {value.origin if isinstance(value, Traced) else None for value in values}
        if len(origins) == 1 and (origin := origins.pop()) is not None and origin.symbols() <= self._names.keys():
            return substitute(origin, self._names)
        raise Unshareable("a number here follows from the size, and it is not known how", node.span, 1)

    def _op(self, first: Op, values: list[Any], node: Node) -> Op:
        """Return an operation whose arguments are those of the common body."""
        changed: dict[str, Any] = {}
        for field in parameters(type(first)):
            changed[field.name] = self._value([getattr(value, field.name) for value in values], node)
            try:
                kind_of(field).read(changed[field.name])
            except ArgumentError as error:
                raise Unshareable(f"`{field.name}` follows from the size", node.span, 1) from error
        return replace(first, **changed)


def _agreed(kinds: list[TensorType], inferred: TensorType) -> TensorType:
    """Return the type of an output with the sizes that all bodies have, and inferred ones where they differ."""
    columns = zip(*(kind.shape for kind in kinds), strict=True)
    return inferred.with_shape(
        *(column[0] if _is_common(column) else size for column, size in zip(columns, inferred.shape, strict=True))
    )


def _typed(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.type
    return tuple(map(_typed, value)) if isinstance(value, tuple) else value
