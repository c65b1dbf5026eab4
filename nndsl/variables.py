"""The variables of a model as Keras counts them, and the parameters of the module that hold them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from nndsl.graph import Graph, Instance, Made, Node
from nndsl.layers.base import Layer, Weight
from nndsl.summary import key_of


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of Keras: one parameter of the module, or several (the two rows of a GRU's bias).

    ``name`` is the key of the layer and Keras's name: ``conv2d.kernel``. ``shape`` is Keras's, ``parts`` are keys of
    the ``state_dict``, each with the declaration that brings Keras's axes to PyTorch's.
    """

    name: str
    shape: tuple[int, ...]
    layer: Layer
    parts: tuple[tuple[str, Weight], ...]
    trainable: bool


def variables(graph: Graph) -> tuple[Variable, ...]:
    """Return the variables of a model in the order of its layers, each once however often its layer is applied."""
    return tuple(variable for key, node in weighted(graph) for variable in _of_layer(key, node))


def weighted(graph: Graph) -> Iterator[tuple[str, Node]]:
    """Yield the key of each layer that is no block, with the first node that applies it."""
    return _weighted(graph, "", {}, set())


def _weighted(graph: Graph, prefix: str, given: Mapping[Made, str], seen: set[str]) -> Iterator[tuple[str, Node]]:
    """``given`` has the keys of the layers that a block was handed: they were made elsewhere."""

    def key(made: Made) -> str:
        if made in given:
            return given[made]
        own = key_of(replace(made, owner=None))
        return f"{key(made.owner)}.{own}" if made.owner is not None else prefix + own

    for node in graph.nodes:
        if node.made is None or key(node.made) in seen:
            continue
        seen.add(key(node.made))
        layer = node.layer
        if isinstance(layer, Instance):
            assert layer.graph is not None
            handed = {inner: key(made) for made, inner in zip(layer.handed, layer.parameters, strict=True)}
            yield from _weighted(layer.graph, f"{key(node.made)}.", handed, seen)
        else:
            yield key(node.made), node


def _of_layer(key: str, node: Node) -> Iterator[Variable]:
    parts: dict[str, list[tuple[str, Weight]]] = {}
    for weight in node.layer.weights(*(tensor.type for tensor in node.inputs)):
        if weight.variable:
            name = weight.variable.partition("[")[0]
            parts.setdefault(name, []).append((f"{key}.{weight.leaf}" if weight.leaf else key, weight))
    for name, held in parts.items():
        first = held[0][1]
        shape = (len(held), *first.shape) if "[" in first.variable else first.shape
        trainable = first.trainable and node.layer.trainable
        yield Variable(f"{key}.{name}", shape, node.layer, tuple(held), trainable)
