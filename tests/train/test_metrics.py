"""Metrics against Keras's, over several batches of different sizes."""

from __future__ import annotations

import ast
import dataclasses
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"

import keras
import pytest
import torch
from keras.src.backend import set_keras_mask
from keras.src.trainers.compile_utils import CompileMetrics
from torch import Tensor

import nndsl
import nndsl.train.metrics as metrics_folder
from nndsl.recipes import NAMES, find, resolve
from nndsl.train.batch import Batch
from nndsl.train.metrics import Measured, Metrics, metrics_of, named, read
from nndsl.train.metrics.average import Average
from nndsl.train.metrics.made import metric_of
from tests.train.measuring import (
    BINARY,
    CASES,
    ONE,
    ONE_HOT,
    SIZES,
    SPARSE,
    STEPS,
    Draw,
    batches,
    binary,
    one_hot,
    regression,
    sparse,
)


def identity(case: tuple[str, dict[str, Any], Draw]) -> str:
    return case[0]


def made(name: str, given: Mapping[str, Any]) -> tuple[Any, Any]:
    """A metric, and Keras's."""
    declared = find("metric", name)
    assert declared is not None
    listed = {key: list(value) if isinstance(value, tuple) else value for key, value in given.items()}
    return metric_of(declared(**given)), getattr(keras.metrics, name)(**listed)


def assert_close(found: Tensor, expected: Any) -> None:
    wanted = torch.as_tensor(expected).double()
    torch.testing.assert_close(found.double(), wanted, rtol=1e-6, atol=1e-6, equal_nan=True)


def test_every_metric_has_a_case() -> None:
    assert {name for name, _, _ in CASES} | {"Mean", "Sum"} == set(NAMES["metric"])


@pytest.mark.filterwarnings("ignore:You are passing weight as `float`")
@pytest.mark.parametrize("case", CASES, ids=identity)
def test_equals_keras(case: tuple[str, dict[str, Any], Draw]) -> None:
    name, given, draw = case
    metric, oracle = made(name, given)
    for target, output, weight in batches(draw):
        metric.update(target, output, weight)
        if "IoU" in name or "ignore_class" in given:  # Keras takes a weight for each element here
            weight = weight.reshape(-1, *(1,) * (target.dim() - 1)).repeat(1, *target.shape[1:])
            weight = weight[..., 0] if name.startswith("OneHot") else weight
        oracle.update_state(target, output, weight)
    assert_close(metric.result(), oracle.result())
    metric.reset()
    oracle.reset_state()
    for target, output, _ in batches(draw, seed=1):
        metric.update(target, output)
        oracle.update_state(target, output)
    assert_close(metric.result(), oracle.result())


@pytest.mark.parametrize("case", {name: (name, given, draw) for name, given, draw in CASES}.values(), ids=identity)
def test_goes_on_from_a_state(case: tuple[str, dict[str, Any], Draw]) -> None:
    name, given, draw = case
    whole, _ = made(name, given)
    part, _ = made(name, given)
    for number, (target, output, weight) in enumerate(batches(draw)):
        whole.update(target, output, weight)
        if number == 2:
            state = {key: value.clone() for key, value in part.state().items()}
            part.update(target * 0, output)  # what came after the state is forgotten
            part, _ = made(name, given)
            part.restore(state)
        part.update(target, output, weight)
    assert torch.equal(part.result(), whole.result())
    assert all(torch.equal(value, whole.state()[key]) for key, value in part.state().items())


@pytest.mark.parametrize(
    "name", ["SparseCategoricalAccuracy", "SparseCategoricalCrossentropy", "BinaryAccuracy", "MeanSquaredError"]
)
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_masks_count(name: str, weighted: bool) -> None:
    metric, oracle = made(name, {})
    generator = torch.Generator().manual_seed(0)
    draw = STEPS if name.startswith("Sparse") else binary(4, 3, output=(4, 3))
    for size in SIZES:
        target, output = draw(generator, size)
        mask = torch.rand(size, 4, generator=generator) < 0.6
        weight = torch.rand(size, 4, generator=generator) if weighted else None
        batch = Batch((), (target,), (weight,), torch.arange(size))
        garbage = torch.where(mask.unsqueeze(-1), output, torch.nan) if name != "BinaryAccuracy" else output
        Metrics(["y"], [Measured("m", 0, metric, weighted)]).update(garbage, batch, {"y_mask": mask})
        set_keras_mask(output, mask)
        oracle.update_state(target, output, weight)
        assert_close(metric.result(), oracle.result())


def test_masks_do_not_reach_what_keras_keeps_them_from() -> None:
    target, output = binary(4, output=(4, 1))(torch.Generator().manual_seed(0), 6)
    batch, mask = Batch((), (target,), (None,), torch.arange(6)), torch.arange(24).reshape(6, 4) % 3 > 0
    for name in ("RootMeanSquaredError", "AUC", "Precision"):
        metric, oracle = made(name, {})
        Metrics(["y"], [Measured("m", 0, metric)]).update(output, batch, {"y_mask": mask})
        set_keras_mask(output, mask)
        oracle.update_state(target, output)
        assert_close(metric.result(), oracle.result())


def test_weights_of_samples_spread_over_steps() -> None:
    target, output = STEPS(torch.Generator().manual_seed(0), 6)
    mask, weight = torch.arange(24).reshape(6, 4) % 3 > 0, torch.arange(6.0)
    metric = metric_of(resolve("metric", "sparse_categorical_accuracy"))
    batch = Batch((), (target,), (weight,), torch.arange(6))
    Metrics(["y"], [Measured("m", 0, metric, weighted=True)]).update(output, batch, {"y_mask": mask})
    hits = (output.argmax(-1) == target).float()
    each = mask * weight[:, None]
    assert metric.result() == pytest.approx(float((hits * each).sum() / each.sum()))


@pytest.mark.parametrize("text", ["accuracy", "acc", "ACC"])
@pytest.mark.parametrize(
    "draw",
    [
        *(BINARY, binary(1, output=(1,)), SPARSE, sparse(1, output=(6,)), ONE_HOT),
        *(STEPS, one_hot(4, 6), binary(4, output=(4, 1))),
    ],
)
def test_accuracy_by_shape(text: str, draw: Draw) -> None:
    metric = metric_of(resolve("metric", text))
    oracle = CompileMetrics([text], None)
    for target, output, _ in batches(draw):
        metric.update(target, output)
        oracle.update_state(target, output)
    (name, expected), *_ = oracle.result().items()
    assert name == text
    assert_close(metric.result(), expected)


def test_mean_and_sum_are_those_of_the_output() -> None:
    for name, oracle in (("Mean", keras.metrics.Mean()), ("Sum", keras.metrics.Sum())):
        metric = metric_of(resolve("metric", name.lower()))
        for _, output, weight in batches(regression(3, 2)):
            for weights in (None, weight, weight[:, None].expand(-1, 3)):
                metric.update(output, output, weights)
                oracle.update_state(output, weights)
        assert_close(metric.result(), oracle.result())


OUTPUTS = ["a", "b"]
METRICS = {"a": ["mae", "mse", "mae"], "b": ["accuracy", "auc"]}
WEIGHTED = {"a": ["mae", "mape", "mae", "mae"], "b": ["accuracy"]}


def recipes(lists: Mapping[str, Sequence[str]], outputs: Sequence[str]) -> list[list[Any]]:
    return [[resolve("metric", text) for text in lists.get(name, ())] for name in outputs]


def test_names_and_numbers_of_several_outputs() -> None:
    found = named(OUTPUTS, recipes(METRICS, OUTPUTS), recipes(WEIGHTED, OUTPUTS))
    metrics = Metrics(
        OUTPUTS, [Measured(name, index, metric_of(recipe), weighs) for name, index, recipe, weighs in found]
    )
    oracle = CompileMetrics(METRICS, WEIGHTED, output_names=OUTPUTS)
    for (one, p, w), (two, q, v) in zip(batches(ONE), batches(binary(output=(1,)), seed=1), strict=True):
        metrics.update((p, q), Batch((), (one, two), (w, v), torch.arange(len(w))))
        oracle.update_state([one, two], [p, q], [w, v])
    expected = {name: float(value) for name, value in oracle.result().items()}
    assert metrics.results() == pytest.approx(expected, rel=1e-6, abs=1e-6)
    assert list(metrics.names) == list(expected)


def test_names_of_classes_are_numbered() -> None:
    keras.utils.clear_session()
    kinds = ["AUC", "Precision", "AUC", "IoU", "Precision", "AUC"]
    given = [{"num_classes": 2, "target_class_ids": [0]} if kind == "IoU" else {} for kind in kinds]
    expected = [getattr(keras.metrics, kind)(**each).name for kind, each in zip(kinds, given, strict=True)]
    made = [
        resolve("metric", kind) if kind != "IoU" else find("metric", kind)(2, (0,))  # type: ignore[misc]
        for kind in kinds
    ]
    bare = [type(each)(**{**_arguments(each), "name": None}) for each in made]
    assert [name for name, *_ in named(["y"], [bare], [[]])] == expected
    assert [name for name, *_ in named(["y"], [bare[:1]], [bare[:1]])] == ["auc", "auc_1"]


def _arguments(recipe: Any) -> dict[str, Any]:
    return {field.name: getattr(recipe, field.name) for field in dataclasses.fields(recipe)}


MODEL = """
model Two {
  input x: (4)
  a = x -> Dense(1)
  b = x -> Dense(3, activation="softmax")
  output a, b

  compile {
    loss = {"a": "mse", "b": "sparse_categorical_crossentropy"}
    metrics = {"a": ["mae"], "b": ["accuracy"]}
    weighted_metrics = {"b": ["accuracy"]}
  }
}
"""


def test_metrics_of_a_model() -> None:
    compiled = nndsl.compile(MODEL)
    metrics = metrics_of(compiled, more=[Measured("mine", 0, Average(lambda y, p: (p - y).abs()))])
    assert metrics.names == ("a_mae", "b_accuracy", "b_weighted_accuracy", "mine")
    outputs = compiled.module(seed=0)(torch.ones(5, 4))
    error = float(outputs[0].detach().abs().mean())
    targets = (torch.zeros(5), torch.tensor([0, 1, 2, 0, 1]))
    metrics.update(outputs, Batch((), targets, (None, torch.arange(5.0)), torch.arange(5)))
    results = metrics.results()
    assert results["a_mae"] == pytest.approx(results["mine"]) == pytest.approx(error)
    assert not any(value.requires_grad for value in metrics.state().values())
    state = {key: value.clone() for key, value in metrics.state().items()}
    metrics.reset()
    assert set(metrics.results().values()) == {0.0}
    metrics.restore(state)
    assert metrics.results() == results
    with pytest.raises(ValueError, match="the metric `a_mae`"):
        metrics.update(outputs, Batch((), (None, targets[1]), (None, None), torch.arange(5)))


def test_classes_weigh_in_training_alone() -> None:
    target, output = SPARSE(torch.Generator().manual_seed(0), 9)
    metric = metric_of(resolve("metric", "accuracy"))
    metrics = Metrics(["y"], [Measured("m", 0, metric, weighted=True)], ((1, 5.0), (2, 0.0)))
    batch = Batch((), (target,), (None,), torch.arange(9))
    hits = (output.argmax(-1) == target).double()
    for training, weight in ((True, torch.tensor([1.0, 5, 0, 1, 1, 1])[target]), (False, torch.ones(9))):
        metrics.reset()
        metrics.update(output, batch, training=training)
        assert metrics.results()["m"] == pytest.approx(float((hits * weight).sum() / weight.sum()))


def test_read_gives_numbers_and_tuples() -> None:
    assert read({}) == {}
    both = {"a": torch.tensor(1.5, dtype=torch.float64), "b": torch.tensor([1.0, 2.0]), "c": torch.tensor([3.0])}
    assert read(both) == {"a": 1.5, "b": (1.0, 2.0), "c": (3.0,)}


def test_sums_do_not_stand_still() -> None:
    metric = metric_of(resolve("metric", "accuracy"))
    metric.restore({"total": torch.tensor(2.0**24), "count": torch.tensor(2.0**24)})
    for _ in range(4):
        metric.update(torch.tensor([1.0]), torch.tensor([[0.0]]))
    assert metric.state()["count"] == 2**24 + 4


@pytest.mark.parametrize("name", ["accuracy", "mae", "auc", "precision"])
def test_nothing_is_read_from_the_device(name: str) -> None:
    # A tensor of the meta device has no values: reading one, or asking how many are true, fails.
    metric = metric_of(resolve("metric", name), device="meta")
    for target, output, weight in batches(BINARY):
        metric.update(target.to("meta"), output.to("meta"))
        metric.update(target.to("meta"), output.to("meta"), weight.to("meta"))
    assert metric.result().device.type == "meta"


def test_shapes_that_do_not_fit_are_refused() -> None:
    for name, target, output in (
        ("mae", (4,), (5, 1)),
        ("accuracy", (4, 2), (4, 3, 5)),
        ("auc", (4, 2), (4, 3)),
        ("mean_squared_error", (4,), (4, 4)),
    ):
        with pytest.raises(ValueError, match="do not fit"):
            metric_of(resolve("metric", name)).update(torch.zeros(target), torch.zeros(output))
    with pytest.raises(ValueError, match="weights of shape"):
        metric_of(resolve("metric", "mae")).update(torch.zeros(4, 1), torch.zeros(4, 1), torch.ones(3))


def test_too_few_samples_for_the_regressors() -> None:
    metric, oracle = made("R2Score", {"num_regressors": 9})
    target, output = ONE(torch.Generator().manual_seed(0), 4)
    metric.update(target, output)
    oracle.update_state(target, output)
    with pytest.warns(UserWarning, match="are too few"):
        found = metric.result()
    with pytest.warns(UserWarning, match="More independent predictors"):
        expected = oracle.result()
    assert_close(found, expected)


def test_nothing_that_counts_is_zero() -> None:
    target, output = SPARSE(torch.Generator().manual_seed(0), 4)
    for name in ("accuracy", "sparse_categorical_crossentropy"):
        metric = metric_of(resolve("metric", name))
        assert metric.result() == 0
        metric.update(target, torch.full_like(output, torch.nan), torch.zeros(4))
        assert metric.result() == 0


FILES = sorted(Path(metrics_folder.__file__).parent.glob("*.py"))


@pytest.mark.parametrize(
    "file", [each for each in FILES if each.stem not in ("__init__", "made")], ids=lambda f: f.stem
)
def test_files_go_into_scripts(file: Path) -> None:
    # What they need of one another, and of losses, goes into the script before them.
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
        names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            own = name.startswith(("nndsl.train.metrics.", "nndsl.train.losses."))
            assert own or name.partition(".")[0] in {"torch", *sys.stdlib_module_names}
