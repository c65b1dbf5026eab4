"""The variables of a model that training changes, with the live parameters that hold them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from nndsl.layers.base import Weight
from nndsl.variables import Variable


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A trainable variable of Keras, of Keras's shape, and its parameters, whose names are in ``parts``.

    ``axes`` tell how Keras's view comes from a parameter: reshaped to the first tuple, permuted by the second. A
    variable of several parameters is their stack along a new first axis.
    """

    name: str
    shape: tuple[int, ...]
    parts: tuple[str, ...]
    parameters: tuple[nn.Parameter, ...]
    axes: tuple[tuple[int, ...], tuple[int, ...]]


def trained(variables: Sequence[Variable], module: nn.Module) -> tuple[Trained, ...]:
    """Return the trainable variables of a module, in order, then other parameters that want gradients (of Python).

    Raises KeyError if the module is not the one that the variables are of.
    """
    parameters = dict(module.named_parameters(remove_duplicate=False))
    found = [_of(variable, parameters) for variable in variables if variable.trainable]
    known = {key for variable in variables for key, _ in variable.parts}
    for key, parameter in module.named_parameters():
        if key not in known and parameter.requires_grad:
            shape = tuple(parameter.shape)
            found.append(Trained(key, shape, (key,), (parameter,), (shape, tuple(range(len(shape))))))
    return tuple(found)


def _of(variable: Variable, parameters: dict[str, nn.Parameter]) -> Trained:
    (_, first), *others = variable.parts
    rows = [f"{variable.name}[{row}]" for row in range(len(variable.parts))]
    held = tuple(parameters[key] for key, _ in variable.parts)
    return Trained(variable.name, variable.shape, tuple(rows) if others else (variable.name,), held, _axes(first))


def _axes(weight: Weight) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the reshaping and the permutation that undo a weight's ``axes``, ``"h w c m -> (c m) 1 h w"``."""
    before, behind = (re.findall(r"[^\W\d]\w*", side) for side in weight.axes.split("->"))
    sizes = dict(zip(before, weight.shape, strict=True))
    return tuple(sizes[name] for name in behind), tuple(behind.index(name) for name in before)
