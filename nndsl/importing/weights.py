"""Keras's variables as the weights of the module that an imported text is compiled to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nndsl.elaborate.places import snake_case
from nndsl.graph import Graph, Instance, Made, Node
from nndsl.importing.recorded import ImportRefused
from nndsl.importing.writing import Written
from nndsl.layers.base import Weight
from nndsl.summary import key_of
from nndsl.weights import as_torch

if TYPE_CHECKING:
    from torch import Tensor

    from nndsl.compiler import Compiled

Path = tuple[str, ...]
"""The keys of a layer and of the models that it is in, from the outermost on."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of Keras: its shape is known before ``read`` brings its value."""

    shape: tuple[int, ...]
    read: Callable[[], Tensor]


def state_of(
    compiled: Compiled, written: Written, variables: Callable[[Path], Sequence[Variable]]
) -> dict[str, Tensor]:
    """Return the ``state_dict`` of an imported model, by the axes that each layer declares.

    ``variables`` gives those of a layer, in Keras's order. Raises ImportRefused where they do not fit the layer.
    """
    import torch

    drawn = compiled.module(seed=0).state_dict()
    state = {key: value.clone(memory_format=torch.contiguous_format) for key, value in drawn.items()}
    found: dict[Path, Sequence[Variable]] = {}
    for place in _places(compiled.model, written, "", ()):
        # The cells of a stack are one layer in Keras, and here one after the other.
        left = found[place.path] if place.path in found else variables(place.path)
        found[place.path] = left[_fill(state, place, left) :]
    for path, left in found.items():
        if left:
            raise ImportRefused(f"the layer `{'/'.join(path)}` has {len(left)} variables more than it should have")
    return state


@dataclass(frozen=True, slots=True)
class _Place:
    """A layer with weights: where they are in the module, and where in Keras's model."""

    key: str
    path: Path
    kind: str
    weights: tuple[Weight, ...]


def _places(graph: Graph, written: Written, prefix: str, path: Path) -> Iterator[_Place]:
    seen: set[Made] = set()
    for node in graph.nodes:
        if node.made is None or node.made in seen:
            continue
        seen.add(node.made)
        key = prefix + key_of(node.made)
        own = (*path, written.layers[node.made.span.start])
        if isinstance(node.layer, Instance):
            assert node.layer.graph is not None
            yield from _places(node.layer.graph, written, f"{key}.", own)
        else:
            yield _Place(key, own, snake_case(type(node.layer).__name__), _weights(node))


def _weights(node: Node) -> tuple[Weight, ...]:
    return node.layer.weights(*(tensor.type for tensor in node.inputs))


def _fill(state: dict[str, Tensor], place: _Place, variables: Sequence[Variable]) -> int:
    """Put the variables of a layer into a state, in Keras's order as its weights are; return how many there are."""
    weights = [weight for weight in place.weights if weight.variable]
    names = list(dict.fromkeys(weight.variable.partition("[")[0] for weight in weights))
    called = "/".join(place.path)
    if len(names) > len(variables):
        raise ImportRefused(f"the layer `{called}` has {len(variables)} variables, and should have {len(names)}")
    for weight in weights:
        name, _, row = weight.variable.partition("[")
        variable = variables[names.index(name)]
        rows = sum(other.variable.startswith(f"{name}[") for other in weights)
        expected = (rows, *weight.shape) if row else weight.shape
        if variable.shape != expected:
            raise ImportRefused(f"`{name}` of the layer `{called}` is {variable.shape}, and should be {expected}")
        value = variable.read()
        key = f"{place.key}.{weight.leaf}" if weight.leaf else place.key
        target = state[key]
        target.copy_(as_torch(weight, value[int(row[:-1])] if row else value).to(target.dtype))
    return len(names)
