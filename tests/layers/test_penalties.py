"""Regularizers and constraints of each layer that has them, against Keras on the same variables: losses, gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from nndsl.arguments import parameters
from nndsl.binding import bind
from nndsl.layers import FAMILIES, find
from nndsl.layers.activity import ActivityRegularization
from nndsl.layers.base import Layer, LayerError, TensorType
from nndsl.layers.bidirectional import Bidirectional
from nndsl.layers.penalties import check, variables
from nndsl.module import build
from nndsl.recipes import constraints, regularizers
from nndsl.recipes.base import Recipe
from nndsl.weights import as_torch, load
from tests.layers.oracle import close
from tests.layers.sequences import by_name, kind_of, random, randomized, source


@dataclass(frozen=True)
class Layers:
    """A layer by name, for inputs of shapes with the batch; integers up to ``tokens`` where that is given."""

    name: str
    shapes: tuple[tuple[int, ...], ...]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    tokens: int = 0

    def __str__(self) -> str:
        return self.name + "".join(f",{key}={value}" for key, value in self.arguments.items())

    @property
    def fields(self) -> list[str]:
        """The arguments that take a regularizer or a constraint."""
        declared = find(self.name)
        assert declared is not None
        return [each.name for each in parameters(declared) if each.name.endswith(("_regularizer", "_constraint"))]

    def inputs(self) -> list[np.ndarray]:
        """Return random inputs."""
        if self.tokens:
            return [np.random.default_rng(1).integers(0, self.tokens, size=shape) for shape in self.shapes]
        return random(*self.shapes)

    def pair(self, given: Mapping[str, Recipe]) -> tuple[Layer, keras.layers.Layer]:
        """Return the layer and its twin with recipes for some of its arguments."""
        declared = find(self.name)
        assert declared is not None
        twin = getattr(keras.layers, self.name)(**self.arguments, **{name: other(each) for name, each in given.items()})
        return bind(declared, [*self.arguments.items(), *given.items()], self.name), twin


def other(recipe: Recipe) -> Any:
    """Return a recipe in Keras."""
    module = keras.regularizers if recipe.kind == "regularizer" else keras.constraints
    arguments = {each.name: getattr(recipe, each.name) for each in parameters(type(recipe))}
    return getattr(module, type(recipe).__name__)(**arguments)


CASES = (
    Layers("Dense", ((3, 4, 5),), {"units": 6}),
    Layers("EinsumDense", ((3, 4, 5),), {"equation": "abc,cde->abde", "output_shape": [None, 2, 3], "bias_axes": "de"}),
    Layers("Embedding", ((3, 4),), {"input_dim": 7, "output_dim": 5}, tokens=7),
    Layers("ReversibleEmbedding", ((3, 4),), {"input_dim": 7, "output_dim": 5}, tokens=7),
    Layers("PReLU", ((3, 4, 5),)),
    Layers("Conv1D", ((3, 8, 4),), {"filters": 6, "kernel_size": 3, "groups": 2}),
    Layers("Conv2D", ((3, 6, 6, 2),), {"filters": 4, "kernel_size": [2, 3]}),
    Layers("Conv3D", ((3, 4, 4, 4, 2),), {"filters": 3, "kernel_size": 2}),
    Layers("DepthwiseConv1D", ((3, 8, 4),), {"kernel_size": 3, "depth_multiplier": 2}),
    Layers("DepthwiseConv2D", ((3, 6, 6, 3),), {"kernel_size": [2, 3]}),
    Layers("DepthwiseConv2D", ((3, 6, 6, 3),), {"kernel_size": [2, 3], "depth_multiplier": 2}),
    Layers("SeparableConv1D", ((3, 8, 4),), {"filters": 3, "kernel_size": 3}),
    Layers("SeparableConv2D", ((3, 6, 6, 3),), {"filters": 4, "kernel_size": 3, "depth_multiplier": 2}),
    Layers("Conv1DTranspose", ((3, 5, 4),), {"filters": 3, "kernel_size": 3}),
    Layers("Conv2DTranspose", ((3, 4, 4, 2),), {"filters": 3, "kernel_size": [2, 3]}),
    Layers("Conv3DTranspose", ((3, 3, 3, 3, 2),), {"filters": 3, "kernel_size": 2}),
    Layers("BatchNormalization", ((3, 4, 5),)),
    Layers("LayerNormalization", ((3, 4, 5),), {"axis": [1, 2]}),
    Layers("GroupNormalization", ((3, 4, 6),), {"groups": 2}),
    Layers("SimpleRNN", ((3, 5, 4),), {"units": 3}),
    Layers("GRU", ((3, 5, 4),), {"units": 3}),
    Layers("GRU", ((3, 5, 4),), {"units": 3, "reset_after": False, "return_sequences": True}),
    Layers("LSTM", ((3, 5, 4),), {"units": 3, "return_sequences": True, "return_state": True}),
    Layers("ConvLSTM2D", ((2, 3, 4, 4, 2),), {"filters": 3, "kernel_size": 2}),
    Layers("MultiHeadAttention", ((3, 4, 5), (3, 6, 5)), {"num_heads": 2, "key_dim": 3}),
    Layers("MultiHeadAttention", ((3, 4, 5), (3, 6, 4)), {"num_heads": 2, "key_dim": 3, "use_gate": True}),
    Layers(
        "GroupQueryAttention",
        ((3, 4, 5), (3, 6, 5)),
        {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2, "use_gate": True},
    ),
)
CELLS = ("SimpleRNNCell", "GRUCell", "LSTMCell")


def test_there_are_cases() -> None:
    names = [name for names in FAMILIES.values() for name in names]
    penalized = [name for name in names if Layers(name, ()).fields and name not in CELLS]
    assert {case.name for case in CASES} == set(penalized)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_no_argument_is_dropped(case: Layers) -> None:
    for name in case.fields:
        recipe = regularizers.L2(0.1) if name.endswith("regularizer") else constraints.NonNeg()
        layer, _ = case.pair({name: recipe})
        if name == "activity_regularizer":
            assert layer.activity_penalties == (recipe,)
        else:
            assert variables(layer, *map(kind_of, case.inputs())), name


def modules(layer: Layer, twin: keras.layers.Layer, inputs: Sequence[np.ndarray]) -> tuple[nn.Module, str]:
    """Return the module of a layer with its twin's weights, which are random, and the source."""
    layer.check()
    kinds = tuple(map(kind_of, inputs))
    text, name = source(layer, kinds)
    module = build(text, name, seed=1)
    called(twin, inputs)
    randomized(twin)
    weights = layer.weights(*kinds)
    load(module.get_submodule("layer"), weights, by_name(weights, [each.value.detach() for each in twin.weights]))
    return module, text


def called(twin: keras.layers.Layer, inputs: Sequence[Any]) -> Any:
    """Call a twin in training, without the losses of calls before."""
    twin._clear_losses()
    extra = {"training": True} if "training" in twin._call_signature.parameters else {}
    return twin(*map(torch.as_tensor, inputs), **extra)


def total(module: nn.Module, inputs: Sequence[Tensor]) -> Tensor:
    """Return all that is added to the loss."""
    found = [module.regularization_loss()] if hasattr(module, "regularization_loss") else []
    if hasattr(module, "forward_with_extras"):
        found.append(module.forward_with_extras(*inputs)[1]["activity_loss"])
    return torch.stack(found).sum()


def compare(layer: Layer, twin: keras.layers.Layer, inputs: Sequence[np.ndarray], missing: Any = 0.0) -> None:
    """Assert that the losses of a layer are Keras's, but for what is ``missing`` there, and their gradients."""
    module, _ = modules(layer, twin, inputs)
    mine, theirs = ([torch.tensor(each, requires_grad=each.dtype == np.float32) for each in inputs] for _ in range(2))
    ours = total(module.train(), mine)
    outputs = called(twin, theirs)
    expected = sum(each for each in twin.losses) + (missing(outputs) if callable(missing) else missing)
    close(ours, expected)
    ours.backward()
    expected.backward()
    for one, another in zip(mine, theirs, strict=True):
        if one.requires_grad and another.grad is not None:
            close(one.grad, another.grad)
    weights = layer.weights(*map(kind_of, inputs))
    gradients = by_name(weights, [each.value.grad for each in twin.weights])
    for weight in weights:
        name, _, row = weight.variable.partition("[")
        if name and gradients[name] is not None:
            found = gradients[name][int(row[:-1])] if row else gradients[name]
            close(leaf(module, weight.leaf).grad, as_torch(weight, found))


def leaf(module: nn.Module, name: str) -> Tensor:
    return module.get_parameter(f"layer.{name}" if name else "layer")


REGULARIZERS = (regularizers.L1(0.03), regularizers.L2(0.02), regularizers.L1L2(0.01, 0.03), regularizers.L1L2(l2=0.5))


@pytest.mark.parametrize("recipe", REGULARIZERS, ids=repr)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_regularizers(case: Layers, recipe: regularizers.Regularizer) -> None:
    layer, twin = case.pair({name: recipe for name in case.fields if name.endswith("_regularizer")})

    def dropped(output: Any) -> Any:
        """Return the activity loss, which Keras forgets."""
        return other(recipe)(output) / len(output) if case.name == "SimpleRNN" else 0.0

    compare(layer, twin, case.inputs(), dropped)


@pytest.mark.parametrize("mode", ["rows", "columns"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_orthogonal(case: Layers, mode: str) -> None:
    """Each variable that is a matrix can have it, and no other."""
    recipe = regularizers.OrthogonalRegularizer(0.7, mode)
    kinds = tuple(map(kind_of, case.inputs()))
    for name in case.fields:
        if not name.endswith("_regularizer") or name == "activity_regularizer":
            continue
        layer, twin = case.pair({name: recipe})
        fits = all(len(each.shape) == 2 for each in variables(layer, *kinds))
        if fits:
            check(layer, kinds, ())
            compare(layer, twin, case.inputs())
        else:
            with pytest.raises(LayerError, match="compares the"):
                check(layer, kinds, ())
            called(twin, case.inputs())
            with pytest.raises(ValueError, match="rank 2"):
                _ = twin.losses


@pytest.mark.parametrize("mode", ["rows", "columns"])
def test_orthogonal_outputs(mode: str) -> None:
    case = Layers("Dense", ((3, 5),), {"units": 4})
    compare(*case.pair({"activity_regularizer": regularizers.OrthogonalRegularizer(0.7, mode)}), case.inputs())
    layer, _ = case.pair({"activity_regularizer": regularizers.OrthogonalRegularizer(0.7, mode)})
    with pytest.raises(LayerError, match="`activity_regularizer` cannot be"):
        check(layer, (TensorType((3, 4, 5)),), (TensorType((3, 4, 4)),))


@pytest.mark.parametrize("arguments", [{"l1": 0.3}, {"l2": 0.2}, {"l1": 0.1, "l2": 0.4}], ids=str)
def test_activity_regularization(arguments: dict[str, float]) -> None:
    inputs = random((3, 4, 5))
    layer, twin = ActivityRegularization(**arguments), keras.layers.ActivityRegularization(**arguments)
    module = build(*source(layer, [kind_of(inputs[0])]), seed=1)
    mine, theirs = (torch.tensor(inputs[0], requires_grad=True) for _ in range(2))
    outputs, extras = module.forward_with_extras(mine)
    close(outputs, twin(theirs))
    close(extras["activity_loss"], sum(twin.losses))
    extras["activity_loss"].backward()
    sum(twin.losses).backward()
    close(mine.grad, theirs.grad)


RETURNED = ((), ("return_sequences",), ("return_sequences", "return_state"), ("return_state",))
MERGES = ("concat", "sum", "ave", "mul", None)
SECOND: tuple[regularizers.Regularizer, ...] = (regularizers.L2(0.2), regularizers.L1(0.3))


@pytest.mark.parametrize("second", SECOND, ids=repr)
@pytest.mark.parametrize("returned", RETURNED, ids=str)
@pytest.mark.parametrize("merge_mode", MERGES)
@pytest.mark.parametrize("name", ["LSTM", "GRU"])
def test_bidirectional(name: str, merge_mode: str | None, returned: tuple[str, ...], second: Any) -> None:
    """What each direction gives is penalized before they are merged; the weights of both have their penalties."""
    case = Layers(name, ((3, 5, 4),), {"units": 3, **dict.fromkeys(returned, True)})
    first = regularizers.L2(0.2)
    layer, twin = case.pair({"activity_regularizer": first, "recurrent_regularizer": first})
    back = Layers(name, case.shapes, {**case.arguments, "go_backwards": True})
    others = back.pair({"activity_regularizer": second, "bias_regularizer": second})
    both = Bidirectional(layer, merge_mode, others[0])
    compare(both, keras.layers.Bidirectional(twin, merge_mode=merge_mode, backward_layer=others[1]), case.inputs())


CONSTRAINTS: tuple[constraints.Constraint, ...] = (
    constraints.NonNeg(),
    constraints.UnitNorm(),
    constraints.UnitNorm(-1),
    constraints.MaxNorm(0.4),
    constraints.MaxNorm(0.4, -1),
    constraints.MinMaxNorm(0.7, 0.9, 0.3),
    constraints.MinMaxNorm(0.2, 0.5),
)


def projected(module: nn.Module, layer: Layer, twin: keras.layers.Layer, kinds: Sequence[TensorType]) -> None:
    """Assert that the weights come where Keras's come, and stay where these stay."""
    for variable in twin.trainable_variables:
        if variable.constraint is not None:
            variable.assign(variable.constraint(variable))
    module.constrain()
    weights = layer.weights(*kinds)
    values = by_name(weights, [each.value.detach() for each in twin.weights])
    for weight in weights:
        name, _, row = weight.variable.partition("[")
        if name and weight.trainable:
            found = values[name][int(row[:-1])] if row else values[name]
            close(leaf(module, weight.leaf).detach(), as_torch(weight, found))


@pytest.mark.parametrize("recipe", CONSTRAINTS, ids=repr)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_constraints(case: Layers, recipe: constraints.Constraint) -> None:
    layer, twin = case.pair({name: recipe for name in case.fields if name.endswith("_constraint")})
    module, _ = modules(layer, twin, case.inputs())
    projected(module, layer, twin, tuple(map(kind_of, case.inputs())))


AXES = (0, 1, 2, 3, (0, 1), (0, 2), (1, 2), (0, 1, 2), (2, 3), (-3, -1), (0, 1, 2, 3))


@pytest.mark.parametrize("case", [case for case in CASES if "bias_constraint" in case.fields], ids=str)
def test_axes_of_kernels(case: Layers) -> None:
    """Keras's axes, wherever they are in PyTorch: in an order of its own, or as a part of a larger one."""
    for axis in AXES:
        for name in case.fields:
            if not name.endswith("_constraint") or name == "bias_constraint":
                continue
            layer, twin = case.pair({name: constraints.MaxNorm(0.4, axis)})
            kinds = tuple(map(kind_of, case.inputs()))
            (variable, *_) = variables(layer, *kinds)
            rank, axes = len(variable.shape), axis if isinstance(axis, tuple) else (axis,)
            if all(-rank <= each < rank for each in axes):
                check(layer, kinds, ())
                module, _ = modules(layer, twin, case.inputs())
                projected(module, layer, twin, kinds)
            else:
                with pytest.raises(LayerError, match="has the axis"):
                    check(layer, kinds, ())


def test_rows_of_a_bias() -> None:
    """GRU's bias is one variable of two rows, and two of PyTorch's."""
    case = Layers("GRU", ((3, 5, 4),), {"units": 3})
    for axis in (0, 1, -1, (0, 1)):
        layer, twin = case.pair({"bias_constraint": constraints.UnitNorm(axis)})
        module, _ = modules(layer, twin, case.inputs())
        projected(module, layer, twin, tuple(map(kind_of, case.inputs())))


@pytest.mark.parametrize(
    ("recipe", "match"),
    [
        (constraints.MaxNorm(2, 2), "`kernel_constraint` has the axis 2, and the weight has 2 axes"),
        (constraints.MaxNorm(2, (0, -2)), "must name each axis once"),
    ],
    ids=repr,
)
def test_axes_that_are_not_there(recipe: constraints.Constraint, match: str) -> None:
    layer, _ = CASES[0].pair({"kernel_constraint": recipe})
    with pytest.raises(LayerError, match=match) as found:
        check(layer, tuple(map(kind_of, CASES[0].inputs())), ())
    assert (found.value.code, found.value.argument) == ("E0407", "kernel_constraint")


FROZEN: tuple[tuple[dict[str, Any], Callable[[str], bool]], ...] = (
    ({"kernel_regularizer": regularizers.L2()}, lambda text: "regularization_loss" not in text),
    ({"kernel_constraint": constraints.NonNeg()}, lambda text: "constrain" not in text),
    ({"kernel_regularizer": regularizers.L2(0.0)}, lambda text: "regularization_loss" not in text),
    ({"activity_regularizer": regularizers.L1L2()}, lambda text: "losses" not in text),
)


@pytest.mark.parametrize(("given", "holds"), FROZEN)
def test_what_does_nothing_is_not_there(given: dict[str, Any], holds: Callable[[str], bool]) -> None:
    """Keras leaves out what it does to the weights of frozen layers; a factor of 0 gives no loss."""
    case = Layers("Dense", ((3, 5),), {"units": 4, "trainable": False})
    layer, twin = case.pair(given)
    _, text = modules(layer, twin, case.inputs())
    assert holds(text)
    assert float(sum(twin.losses)) == 0


def test_activity_of_frozen_layers_counts() -> None:
    case = Layers("Dense", ((3, 5),), {"units": 4, "trainable": False})
    recipe = regularizers.L2(0.1)
    layer, twin = case.pair({"activity_regularizer": recipe, "kernel_regularizer": recipe})
    module, _ = modules(layer, twin, case.inputs())
    inputs = [torch.tensor(each) for each in case.inputs()]
    called(twin, inputs)
    assert len(twin.losses) == 1
    close(total(module, inputs), twin.losses[0])
