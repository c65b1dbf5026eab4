"""What acts on a layer in training alone, none by default: regularizers and constraints, and the code that they become.

The arguments speak of Keras's variables: ``kernel_regularizer`` of ``kernel``, ``recurrent_constraint`` of
``recurrent_kernel``. Axes are those of Keras's variables too, and are looked up in PyTorch's by ``Weight.axes``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from nndsl.arguments import ArgumentError, argument, parameters
from nndsl.code import Code, code, join
from nndsl.layers.base import Layer, LayerError, TensorType, Weight
from nndsl.recipes.base import RecipeKind
from nndsl.recipes.constraints import Constraint
from nndsl.recipes.drawing import layout
from nndsl.recipes.regularizers import Regularizer

Helper = Callable[[str], str]
"""What puts a helper into the source, and returns its name."""

_ROW = re.compile(r"\[\d+\]$")


def regularizer() -> Any:
    """Declare an argument that takes a regularizer or none."""
    return argument(RecipeKind("regularizer", optional=True), None)


def constraint() -> Any:
    """Declare an argument that takes a constraint or none."""
    return argument(RecipeKind("constraint", optional=True), None)


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of Keras's with what is to be done to it: one weight of PyTorch's, or one for each of its rows."""

    weights: tuple[Weight, ...]
    in_rows: bool
    argument: str
    """What the names of the arguments begin with: ``kernel`` of ``kernel_regularizer``."""
    regularizer: Regularizer | None
    constraint: Constraint | None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that Keras's variable has."""
        shape = self.weights[0].shape
        return (len(self.weights), *shape) if self.in_rows else shape


def is_penalized(layer: Layer) -> bool:
    """Return whether a layer, or one that it wraps, may have a regularizer or a constraint of a weight."""
    declared: Any = type(layer)
    names, wraps = _arguments(declared)
    return wraps or any(getattr(layer, name) is not None for name in names)


@cache
def _arguments(declared: Any) -> tuple[tuple[str, ...], bool]:
    names = (field.name for field in parameters(declared))
    found = tuple(name for name in names if name.endswith(("_regularizer", "_constraint")))
    return found, declared.keeper is not Layer.keeper


def variables(layer: Layer, *inputs: TensorType) -> list[Variable]:
    """Return the trained variables of a layer that have a regularizer or a constraint."""
    if not layer.trainable or not is_penalized(layer):
        return []
    rows: dict[str, list[Weight]] = {}
    for weight in layer.weights(*inputs):
        if weight.trainable and weight.variable:
            rows.setdefault(_ROW.sub("", weight.variable), []).append(weight)
    found = []
    for name, weights in rows.items():
        keeper = layer.keeper(name)
        first = _argument(keeper, name.rpartition("/")[2])
        regularizes = getattr(keeper, f"{first}_regularizer", None)
        constrains = getattr(keeper, f"{first}_constraint", None)
        if keeper.trainable and (regularizes is not None or constrains is not None):
            in_rows = weights[0].variable != name
            found.append(Variable(tuple(weights), in_rows, first, regularizes, constrains))
    return found


def _argument(keeper: Layer, name: str) -> str:
    """Return what the names of the arguments that speak of a variable begin with."""
    for first in (name, name.removesuffix("_kernel"), "depthwise"):
        if hasattr(keeper, f"{first}_regularizer") and (first != "depthwise" or name.endswith("kernel")):
            return first
    return ""


def weight_penalties(layer: Layer, module: Code, inputs: tuple[TensorType, ...], helper: Helper) -> tuple[Code, ...]:
    """Return the penalties on the weights of a layer's module, as expressions."""
    found: list[Code] = []
    for variable in variables(layer, *inputs):
        regularizes = variable.regularizer
        if regularizes is None:
            continue
        if regularizes.elementwise:
            for weight in variable.weights:
                found += regularizes.terms(_leaf(module, weight), helper)
        else:
            backwards = getattr(regularizes, "mode", "rows") == "columns"
            found += regularizes.terms(_matrix(variable, module, backwards=backwards), helper)
    return tuple(found)


def weight_projections(layer: Layer, module: Code, inputs: tuple[TensorType, ...], helper: Helper) -> tuple[Code, ...]:
    """Return the statements that project the weights of a layer's module onto what their constraints allow."""
    found: list[Code] = []
    for variable in variables(layer, *inputs):
        constrains = variable.constraint
        if constrains is None:
            continue
        axes = constrains.placed(len(variable.shape))
        leaves = [_leaf(module, weight) for weight in variable.weights]
        if variable.in_rows and 0 in axes:
            stacked = constrains.projection(_stacked(leaves), axes, helper)
            found.append(code("rows = {}", stacked))
            found += [code("{}.copy_(rows[{}])", leaf, str(row)) for row, leaf in enumerate(leaves)]
            continue
        if variable.in_rows:
            axes = tuple(axis - 1 for axis in axes)
        for weight, leaf in zip(variable.weights, leaves, strict=True):
            view, places = _placed(weight, leaf, axes)
            found.append(constrains.projection(view, places, helper))
    return tuple(found)


def _leaf(module: Code, weight: Weight) -> Code:
    return code("{}.{}", module, weight.leaf) if weight.leaf else module


def _stacked(leaves: list[Code]) -> Code:
    return code("torch.stack(({}))", join(", ", leaves))


def _matrix(variable: Variable, module: Code, *, backwards: bool) -> Code:
    """Return a matrix of Keras's as an expression, transposed if it is wanted ``backwards``."""
    leaves = [_leaf(module, weight) for weight in variable.weights]
    if variable.in_rows:
        return code("{}.T", _stacked(leaves)) if backwards else _stacked(leaves)
    weight = variable.weights[0]
    keras, torch = layout(weight.axes)
    matrix = leaves[0]
    if len(torch) == 1:
        matrix, torch = code("{}.unflatten(0, {})", matrix, weight.shape), [(name,) for name in torch[0]]
    return code("{}.T", matrix) if (torch == keras) == backwards else matrix


def _placed(weight: Weight, leaf: Code, axes: tuple[int, ...]) -> tuple[Code, tuple[int, ...]]:
    """Return a weight with the axes along which Keras's axes are, which it may have as parts of larger ones."""
    keras, torch = layout(weight.axes)
    sizes = {name: size for (name,), size in zip(keras, weight.shape, strict=True)}
    wanted = {keras[axis][0] for axis in axes}
    groups: list[tuple[str, ...]] = []
    for group in torch:
        if wanted.intersection(group) and any(sizes[name] > 1 for name in group if name not in wanted):
            leaf = code("{}.unflatten({}, {})", leaf, str(len(groups)), tuple(sizes[name] for name in group))
            groups += [(name,) for name in group]
        else:
            groups.append(group)
    return leaf, tuple(place for place, group in enumerate(groups) if wanted.intersection(group))


def activity_loss(regularizes: Regularizer, value: Code, batch: Code, helper: Helper) -> Code:
    """Return the penalty on what a layer gives, for one sample of the batch."""
    if not regularizes.elementwise and getattr(regularizes, "mode", "rows") == "columns":
        value = code("{}.T", value)
    terms = regularizes.terms(value, helper)
    total = join(" + ", list(terms))
    return code("({}) / {}" if len(terms) > 1 else "{} / {}", total, batch)


def check(layer: Layer, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...]) -> None:
    """Raise LayerError for regularizers and constraints that do not fit the shapes of what they act on."""
    for problem, name in _problems(layer, inputs, outputs):
        raise LayerError(problem.code, f"`{name}` {problem.message}", help=problem.help, argument=name)


def _problems(
    layer: Layer, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...]
) -> Iterator[tuple[ArgumentError, str]]:
    for each in layer.activity_penalties:
        for kind in outputs:
            try:
                each.check_shape(*kind.shape)
            except ArgumentError as error:
                yield error, "activity_regularizer"
    for variable in variables(layer, *inputs):
        try:
            if variable.regularizer is not None:
                variable.regularizer.check_shape(*variable.shape)
        except ArgumentError as error:
            yield error, f"{variable.argument}_regularizer"
        try:
            if variable.constraint is not None:
                variable.constraint.placed(len(variable.shape))
        except ArgumentError as error:
            yield error, f"{variable.argument}_constraint"


__all__ = [
    "activity_loss",
    "check",
    "constraint",
    "is_penalized",
    "regularizer",
    "variables",
    "weight_penalties",
    "weight_projections",
]
