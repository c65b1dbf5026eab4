"""A graph as text: a line for each node, with the nodes of a block below it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from nndsl.arguments import parameters
from nndsl.graph import Graph, InputLayer, Instance, Node, Tensor
from nndsl.layers.base import Layer
from nndsl.layers.external import PythonLayer
from nndsl.ops.base import Op, Operation
from nndsl.summary import key_of, shape_text


def listing(graph: Graph) -> str:
    """Return the text of a graph: ``%2 = Dense(%1, units=10): (N, 10) float32 [dense]``, the key last."""
    return "\n".join(_lines(graph, "")) + "\n"


def _lines(graph: Graph, indent: str) -> Iterator[str]:
    names: dict[Node, str] = {node: f"%{number}" for number, node in enumerate((*graph.inputs, *graph.nodes))}

    def shown(value: object) -> str:
        if isinstance(value, Tensor):
            several = len(value.node.types) > 1
            return names[value.node] + (f".{value.index}" if several else "")
        return "[" + ", ".join(map(shown, value)) + "]" if isinstance(value, tuple) else str(value)

    yield f"{indent}{graph.name}:"
    for node, name in names.items():
        given = [shown(tensor) for tensor in node.inputs]
        given += [f"{keyword}={shown(value)}" for keyword, value in node.keywords.items()]
        layer = node.layer
        kind = ", ".join(each.dtype for each in node.types)
        key = f" [{key_of(node.made)}]" if node.made is not None else ""
        if isinstance(layer, InputLayer):
            yield f"{indent}  {name} = input {node.hint}: {shape_text(node.types)} {kind}"
            continue
        called = type(layer).__name__
        if isinstance(layer, Operation):
            called = layer.op.called()
        elif isinstance(layer, Instance) and layer.graph is not None:
            called = layer.graph.name
        given += _arguments(node)
        yield f"{indent}  {name} = {called}({', '.join(given)}): {shape_text(node.types)} {kind}{key}"
        if isinstance(layer, Instance) and layer.graph is not None:
            yield from _lines(layer.graph, indent + "    ")
    for output, tensor in graph.outputs:
        yield f"{indent}  output {output} = {shown(tensor)}"


def _arguments(node: Node) -> list[str]:
    """Return the arguments of a layer that are not the defaults."""
    if isinstance(node.layer, Instance):
        return []
    if isinstance(node.layer, PythonLayer):
        return [f"{name}={value!r}" for name, value in node.layer.arguments]
    layer: Layer | Op = node.layer.op if isinstance(node.layer, Operation) else node.layer
    declared = parameters(type(layer)) or fields(layer)
    values = [(field.name, getattr(layer, field.name), field.default) for field in declared]
    return [f"{name}={value!r}" for name, value, default in values if value != default and value is not None]
