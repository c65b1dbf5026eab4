"""Each optimizer of Keras, in each of its variants, makes Keras's updates from the same gradients."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import nndsl
from nndsl.recipes import NAMES
from nndsl.train import optimizers
from nndsl.train.optimizers import CLASSES, groups, hyperparameters, orthogonalized
from nndsl.train.trained import trained
from nndsl.train.updater import Updater
from nndsl.variables import variables
from tests.train.updating import STEPS, Theirs, difference, gap, give, gradients, keras_value, kinds, recipe, values

FILES = sorted(Path(optimizers.__file__).parent.glob("[a-z]*.py"))
VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.8, "nesterov": True}),
    ("RMSprop", {}),
    ("RMSprop", {"rho": 0.8, "centered": True}),
    ("RMSprop", {"momentum": 0.9, "epsilon": 1e-5}),
    ("RMSprop", {"momentum": 0.9, "centered": True}),
    ("Adam", {}),
    ("Adam", {"amsgrad": True}),
    ("Adam", {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3}),
    ("AdamW", {}),
    ("AdamW", {"weight_decay": 0.1, "amsgrad": True}),
    ("Adamax", {}),
    ("Adamax", {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-5}),
    ("Nadam", {}),
    ("Nadam", {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-5}),
    ("Adagrad", {}),
    ("Adagrad", {"initial_accumulator_value": 0.0, "epsilon": 1e-5}),
    ("Adadelta", {}),
    ("Adadelta", {"rho": 0.8, "epsilon": 1e-4}),
    ("Adafactor", {}),
    ("Adafactor", {"beta_2_decay": -0.5, "epsilon_2": 0.1, "clip_threshold": 0.5, "relative_step": False}),
    ("Ftrl", {}),
    ("Ftrl", {"l1_regularization_strength": 0.01, "l2_regularization_strength": 0.02, "beta": 0.1}),
    ("Ftrl", {"learning_rate_power": -0.7, "l2_shrinkage_regularization_strength": 0.01}),
    ("Lion", {}),
    ("Lion", {"beta_1": 0.8, "beta_2": 0.9}),
    ("Lamb", {}),
    ("Lamb", {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-5}),
    ("Muon", {}),
    ("Muon", {"nesterov": False, "rms_rate": None, "exclude_layers": ("dense",), "adam_weight_decay": None}),
    ("Muon", {"exclude_embeddings": False, "adam_lr_ratio": 0.1, "ns_steps": 3, "weight_decay": 0.1}),
]
SCHEDULE = {"initial_learning_rate": 1e-4, "decay_steps": 80, "alpha": 0.1, "warmup_target": 1e-3, "warmup_steps": 10}


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's Nadam
@pytest.mark.parametrize(("name", "variant"), VARIANTS)
def test_updates_are_those_of_keras(name: str, variant: dict[str, Any]) -> None:
    assert gap(recipe(name, learning_rate=0.01, **variant), gradients()) < 1e-5
    scheduled = recipe(name, learning_rate=recipe("CosineDecay", **SCHEDULE), global_clipnorm=1.0, **variant)
    assert gap(scheduled, gradients()) < 1e-6


def schedule_free(
    y: NDArray[np.float64], steps: list[NDArray[np.float64]], rate: float, beta: float, warmup: int
) -> NDArray[np.float64]:
    """The weights of ScheduleFreeAdamW as its authors write them, with x and z apart."""
    x, z, v = y.copy(), y.copy(), np.zeros_like(y)
    for t, g in enumerate(steps, 1):
        v = 0.999 * v + 0.001 * g * g
        now = rate * min(t / warmup, 1) if warmup else rate
        z = z - now * g / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        x = (1 - 1 / t) * x + z / t
        y = (1 - beta) * z + beta * x
    return y


@pytest.mark.parametrize(("rate", "beta", "warmup"), [(0.001, 0.9, 0), (0.001, 0.8, 20), (0.01, 0.9, 10), (0.01, 0, 0)])
def test_schedule_free_adamw_follows_its_formula(rate: float, beta: float, warmup: int) -> None:
    module, found = kinds()
    start = values(module, found)
    updater = Updater(recipe("ScheduleFreeAdamW", learning_rate=rate, beta_1=beta, warmup_steps=warmup), found, module)
    for step in gradients():
        give(module, found, step)
        updater.step()
    for variable, first in zip(found, start, strict=True):
        steps = [step[variable.name].double().numpy() for step in gradients()]
        expected = schedule_free(first.double().numpy(), steps, rate, beta, warmup)
        assert np.abs(keras_value(module, variable).numpy() - expected).max() < (1e-6 if rate == 0.001 else 1e-5)


def test_muon_takes_the_matrices_that_keras_takes() -> None:
    module, found = kinds()
    for settings in ({}, {"exclude_embeddings": False}, {"exclude_layers": ("query/bias", "gru/k")}):
        made = recipe("Muon", **settings)
        theirs = Theirs(made, module, found)
        mine = [orthogonalized(made, variable) for variable in trained(found, module)[: len(found)]]
        assert mine == [not theirs.optimizer._should_use_adamw(variable) for variable in theirs.variables]
        assert len(set(mine)) == 2


@pytest.mark.parametrize("name", NAMES["optimizer"])
def test_classes_take_all_hyperparameters(name: str) -> None:
    taken = list(inspect.signature(CLASSES[name]).parameters)
    assert taken[:2] == ["params", "learning_rate"]
    assert taken[2:] == list(hyperparameters(recipe(name)))


@pytest.mark.parametrize("name", NAMES["optimizer"])
def test_what_has_no_gradient_stays(name: str) -> None:
    module, found = kinds()
    updater = Updater(recipe(name, weight_decay=0.5, clipnorm=1.0, loss_scale_factor=2.0), found, module)
    start = values(module, found)
    for step in gradients()[:2]:
        give(module, found, step)
        for variable in found[::2]:
            for key, _ in variable.parts:
                module.get_parameter(key).grad = None
        updater.step()
    assert difference(start[::2], values(module, found)[::2]) == 0
    assert difference(start[1::2], values(module, found)[1::2]) > 0
    updater.step()


def test_variables_of_several_dtypes() -> None:
    compiled = nndsl.compile('model M {\n  input (3,)\n  Dense(4, dtype="bfloat16")\n  Dense(2)\n}\n')
    module = compiled.module(seed=0)
    found = trained(variables(compiled.model), module)
    assert [len(group["params"]) for group in groups(recipe("Adam"), found)] == [2, 2]
    for name in ("Adam", "Lamb", "Muon"):
        updater = Updater(recipe(name, learning_rate=0.1, clipnorm=1.0), variables(compiled.model), module)
        module(torch.ones(2, 3)).float().sum().backward()
        before = [parameter.detach().clone() for parameter in module.parameters()]
        updater.step()
        assert all(not torch.equal(*pair) for pair in zip(before, module.parameters(), strict=True))


def test_a_rate_of_zero_changes_nothing() -> None:
    for name in NAMES["optimizer"]:
        module, found = kinds()
        updater = Updater(recipe(name, learning_rate=0.0), found, module)
        start = values(module, found)
        give(module, found, gradients()[0])
        updater.step()
        assert difference(start, values(module, found)) < 1e-7, name


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_files_stand_alone(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert {name.partition(".")[0] for name in names} <= {"torch", "math", "typing", "collections"}


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=lambda command: command[0])
def test_ruff_accepts_the_files_as_they_come(command: list[str]) -> None:
    ruff = [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", *map(str, FILES)]
    done = subprocess.run(ruff, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_gradients_are_awkward() -> None:
    sizes = torch.stack([step["dense.bias"].abs().max() for step in gradients()])
    assert len(gradients()) == STEPS
    assert sizes.max() > 1e-3
    drawn = [gradient for step in gradients() for gradient in step.values()]
    assert sum(not gradient.any() for gradient in drawn) > 50
    assert sum(0 < float(gradient.abs().max()) < 1e-7 for gradient in drawn) > 50
