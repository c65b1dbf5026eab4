"""What the class of a model has, which its script uses."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from torch import nn

from nndsl.compiler import Compiled
from nndsl.emit.library import NAMES as HELPERS
from nndsl.graph import Graph, Instance
from nndsl.layers.external import PythonLayer
from nndsl.summary import key_of
from nndsl.train.errors import TrainingError
from nndsl.train.trained import Trained, trained
from nndsl.variables import variables


@dataclass(frozen=True, slots=True)
class Facts:
    """The class ``name`` in ``source``, and what it has.

    ``drawn`` are the classes that draw initial weights, ``variables`` what is trained, ``keys`` those of their
    parameters, ``frozen`` whether there are
    parameters beside them. ``adapted`` are the normalizations that learn from the data, with the numbers of their
    inputs.
    """

    name: str
    source: str
    drawn: tuple[str, ...]
    variables: tuple[Trained, ...]
    keys: tuple[tuple[str, ...], ...]
    frozen: bool
    adapted: tuple[tuple[str, int], ...]
    extras: bool
    activity: bool
    penalty: bool
    constrain: bool


def facts_of(compiled: Compiled, graph: Graph) -> Facts:
    """Return what the class of a model has, ``graph`` being the one that is trained. Raises TrainingError (E1215)."""
    if python := sorted({type(layer).__name__ for layer in _python(graph)}):
        message = f"a training script does not take layers of Python ({', '.join(python)})"
        raise TrainingError("E1215", message, "train with `nndsl train`")
    own = dataclasses.replace(compiled, model=graph)
    module = own.module(device="meta", seed=0)
    found = trained(variables(graph), module)
    keys = {id(parameter): key for key, parameter in module.named_parameters()}
    known = {id(parameter) for variable in found for parameter in variable.parameters}
    name = type(module).__name__
    return Facts(
        name,
        own.source,
        tuple(dict.fromkeys(type(part).__name__ for part in module.modules() if _draws(part))),
        found,
        tuple(tuple(keys[id(parameter)] for parameter in variable.parameters) for variable in found),
        any(id(parameter) not in known for parameter in module.parameters()),
        _adapted(graph, module),
        hasattr(module, "forward_with_extras"),
        '"activity_loss": torch.stack' in own.source,
        hasattr(module, "regularization_loss"),
        hasattr(module, "constrain"),
    )


def _python(graph: Graph) -> list[Any]:
    found: list[Any] = []
    for node in graph.nodes:
        if isinstance(node.layer, PythonLayer):
            found.append(node.layer)
        elif isinstance(node.layer, Instance) and node.layer.graph is not None:
            found += _python(node.layer.graph)
    return found


def _draws(part: nn.Module) -> bool:
    kind = type(part)
    return kind.__module__.startswith("nndsl.") and kind.__name__ not in HELPERS and "reset_parameters" in vars(kind)


def _adapted(graph: Graph, module: nn.Module) -> tuple[tuple[str, int], ...]:
    """Return the keys of normalizations, each with the number of the input that it is given."""
    waiting = {name for name, part in module.named_modules() if hasattr(part, "adapt")}
    found = []
    for node in graph.nodes:
        key = key_of(node.made) if node.made is not None else ""
        if key in waiting and node.inputs[0].node in graph.inputs:
            found.append((key, graph.inputs.index(node.inputs[0].node)))
            waiting.remove(key)
    if waiting:
        message = f"`{min(waiting)}` learns from what other layers make of the data, which a training script does not"
        raise TrainingError("E1215", message, "normalize the inputs themselves, or train with `nndsl train`")
    return tuple(found)
