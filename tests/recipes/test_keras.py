"""Recipes have the names, arguments and defaults of Keras, and its strings mean what they mean there."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

import keras
import pytest

from nndsl.arguments import ArgumentError, is_required, parameters
from nndsl.recipes import FILES, NAMES, find, kinds_of
from nndsl.recipes.base import Recipe
from nndsl.recipes.strings import recipe_of, snake_case, strings_of

MODULES = {
    "initializer": keras.initializers,
    "regularizer": keras.regularizers,
    "constraint": keras.constraints,
    "optimizer": keras.optimizers,
    "schedule": keras.optimizers.schedules,
    "loss": keras.losses,
    "metric": keras.metrics,
    "callback": keras.callbacks,
}
OURS = {"loss": {"Value"}}
# Bases, and what takes Python objects: they have no meaning in a file.
LEFT_OUT = {
    "initializer": {"Initializer"},
    "regularizer": {"Regularizer"},
    "constraint": {"Constraint"},
    "optimizer": {"Optimizer", "MultiOptimizer", "OptimizerMap", "LossScaleOptimizer"},
    "schedule": {"LearningRateSchedule"},
    "loss": {"Loss"},
    "metric": {"Metric", "MeanMetricWrapper"},
    "callback": {
        *("Callback", "CallbackList", "History", "LambdaCallback", "OrbaxCheckpoint", "ProgbarLogger"),
        "RemoteMonitor",
    },
}
ALL = [(kind, name) for kind in MODULES for name in NAMES[kind] if name not in OURS.get(kind, ())]


def classes(module: Any) -> dict[str, type]:
    return {name: value for name, value in vars(module).items() if inspect.isclass(value) and name == value.__name__}


@pytest.mark.parametrize("kind", MODULES)
def test_every_recipe_of_keras_is_there(kind: str) -> None:
    assert set(NAMES[kind]) - OURS.get(kind, set()) == set(classes(MODULES[kind])) - LEFT_OUT[kind]


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_arguments_are_those_of_keras(kind: str, name: str) -> None:
    declared = find(kind, name)
    assert declared is not None
    signature = inspect.signature(classes(MODULES[kind])[name])
    theirs = [
        (parameter.name, parameter.default)
        for parameter in signature.parameters.values()
        if parameter.kind is not parameter.VAR_KEYWORD
    ]
    ours = [
        (field.name, inspect.Parameter.empty if is_required(field) else field.default) for field in parameters(declared)
    ]
    assert ours == theirs
    assert not any(field.kw_only for field in parameters(declared))


@pytest.mark.parametrize("kind", NAMES)
def test_the_index_is_current(kind: str) -> None:
    written: set[str] = set()
    for file in FILES[kind]:
        module = import_module(f"nndsl.recipes.{file}")
        written |= {
            name
            for name, value in vars(module).items()
            if inspect.isclass(value) and issubclass(value, Recipe) and value.__module__ == module.__name__
            if value.__dict__.get("kind") is None and not name.startswith("_")
        }
    nameless = {"AccuracyByShape", "CrossentropyByShape", "NamedScaling", "Scaled"}
    assert written - nameless == set(NAMES[kind])
    assert list(NAMES[kind]) == sorted(NAMES[kind])


def test_thirteen_names_are_both_a_loss_and_a_metric() -> None:
    both = [name for name in NAMES["loss"] if kinds_of(name) == ("loss", "metric")]
    assert len(both) == 13
    assert kinds_of("Dense") == ()


# What Keras's own look-up refuses by an oversight, or for want of scipy.
UNREADABLE = {"constant", "Constant", "lamb", "stft", "STFT", "STFTInitializer"}


@pytest.mark.parametrize("kind", ["initializer", "regularizer", "constraint", "metric", "optimizer", "loss"])
def test_strings_are_those_of_keras(kind: str) -> None:
    ours = strings_of(kind)
    bases = {form for name in LEFT_OUT[kind] for form in (name, snake_case(name), name.lower())}
    theirs = set(import_module(f"keras.src.{FILES[kind][0]}").ALL_OBJECTS_DICT) - bases - {"LossFunctionWrapper"}
    assert theirs <= set(ours)
    for string, name in ours.items():
        if string in UNREADABLE or any(is_required(field) for field in parameters(find(kind, name) or Recipe)):
            continue
        found = MODULES[kind].get(string)
        if inspect.isfunction(found):
            assert found is classes(MODULES[kind])[name]().fn
        else:
            assert type(found).__name__ == name


@pytest.mark.parametrize("string", ["l1_l2", "mean_metric_wrapper", "Loss", "value", "Value"])
def test_no_other_string_is_known(string: str) -> None:
    assert not any(string in strings_of(kind) for kind in NAMES)


def test_strings_that_depend_on_shapes() -> None:
    assert type(recipe_of("metric", "acc")).__name__ == "AccuracyByShape"
    assert type(recipe_of("loss", "ce")).__name__ == "CrossentropyByShape"
    assert strings_of("metric")["Accuracy"] == "Accuracy"
    with pytest.raises(ArgumentError):
        recipe_of("loss", "accuracy")


def test_a_metric_is_named_as_the_string_that_it_was_given_by() -> None:
    assert recipe_of("metric", "mse").name == "mse"  # type: ignore[attr-defined]
    assert recipe_of("metric", "accuracy").name == "accuracy"  # type: ignore[attr-defined]
