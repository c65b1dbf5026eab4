"""Each loss against Keras's class on its torch backend: values per sample, their mean, and gradients."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import keras
import pytest
import torch
from torch import Tensor

from nndsl.recipes import NAMES, find
from nndsl.recipes.base import Recipe
from nndsl.recipes.strings import recipe_of
from nndsl.train import losses
from nndsl.train.losses import dtype_of, function_of, loss_of, mean_of

FOLDER = Path(losses.__file__).parent

CASES: list[tuple[str, dict[str, Any], str]] = [
    ("MeanSquaredError", {}, "reals"),
    ("MeanSquaredError", {}, "steps"),
    ("MeanAbsoluteError", {}, "reals"),
    ("MeanAbsolutePercentageError", {}, "reals"),
    ("MeanSquaredLogarithmicError", {}, "reals"),
    ("MeanSquaredLogarithmicError", {}, "counts"),
    ("CosineSimilarity", {}, "reals"),
    ("CosineSimilarity", {"axis": 1}, "steps"),
    ("Huber", {}, "reals"),
    ("Huber", {"delta": 0.3}, "steps"),
    ("LogCosh", {}, "reals"),
    ("Hinge", {}, "signs"),
    ("Hinge", {}, "binary"),
    ("Hinge", {}, "reals"),
    ("SquaredHinge", {}, "signs"),
    ("SquaredHinge", {}, "binary"),
    ("Hinge", {}, "on_the_edge"),
    ("CategoricalHinge", {}, "one_hot"),
    ("CategoricalHinge", {}, "on_the_edge"),
    ("KLDivergence", {}, "distributions"),
    ("KLDivergence", {}, "one_hot"),
    ("Poisson", {}, "counts"),
    ("BinaryCrossentropy", {}, "binary"),
    ("BinaryCrossentropy", {"label_smoothing": 0.2}, "binary"),
    ("BinaryCrossentropy", {"axis": 1}, "binary_steps"),
    ("BinaryCrossentropy", {"from_logits": True}, "binary_logits"),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, "binary_logits"),
    ("BinaryFocalCrossentropy", {}, "binary"),
    ("BinaryFocalCrossentropy", {"apply_class_balancing": True, "alpha": 0.7, "gamma": 3.0}, "binary"),
    ("BinaryFocalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, "binary_near"),
    ("CategoricalCrossentropy", {}, "one_hot"),
    ("CategoricalCrossentropy", {}, "unnormalized"),
    ("CategoricalCrossentropy", {"label_smoothing": 0.1}, "one_hot"),
    ("CategoricalCrossentropy", {"axis": 1}, "one_hot_first"),
    ("CategoricalCrossentropy", {"from_logits": True}, "one_hot_logits"),
    ("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, "distributions_logits"),
    ("CategoricalCrossentropy", {"from_logits": True}, "one_hot_steps"),
    ("CategoricalFocalCrossentropy", {}, "one_hot"),
    ("CategoricalFocalCrossentropy", {"alpha": [0.1, 0.2, 0.3, 0.4], "gamma": 1.5}, "one_hot"),
    ("CategoricalFocalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, "one_hot_near"),
    ("CategoricalGeneralizedCrossEntropy", {"q": 0.7}, "classes"),
    ("SparseCategoricalCrossentropy", {}, "classes"),
    ("SparseCategoricalCrossentropy", {}, "classes_column"),
    ("SparseCategoricalCrossentropy", {"ignore_class": 2}, "classes"),
    ("SparseCategoricalCrossentropy", {"ignore_class": -1}, "classes_ignored"),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, "classes_logits"),
    ("SparseCategoricalCrossentropy", {"from_logits": True, "ignore_class": 0}, "classes_steps"),
    ("SparseCategoricalCrossentropy", {"from_logits": True, "axis": 1}, "classes_first"),
    ("Dice", {}, "binary"),
    ("Dice", {"axis": (1, 2)}, "binary_steps"),
    ("Tversky", {}, "binary"),
    ("Tversky", {"alpha": 0.3, "beta": 0.9, "axis": -1}, "binary_steps"),
    ("Circle", {}, "embeddings"),
    ("Circle", {"gamma": 20.0, "margin": 0.2, "remove_diagonal": False}, "embeddings"),
    ("CTC", {}, "labels"),
]  # fmt: skip
"""A loss, its arguments, and the kind of data that it is tried on."""


def data(kind: str) -> tuple[Tensor, Tensor]:
    """Targets and outputs, the latter inside Keras's clip."""
    generator = torch.Generator().manual_seed(7)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    def integers(top: int, *shape: int) -> Tensor:
        return torch.randint(0, top, shape, generator=generator)

    def one_hot(*shape: int) -> Tensor:
        return torch.nn.functional.one_hot(integers(4, *shape), 4).float()

    grid = torch.linspace(-12, 12, 9 * 4).reshape(9, 4)
    classes = integers(4, 9)
    steps = integers(4, 3, 5)
    found: dict[str, tuple[Tensor, Tensor]] = {
        "reals": (normal(9, 4), normal(9, 4)),
        "steps": (normal(3, 5, 4), normal(3, 5, 4)),
        "counts": (integers(6, 9, 4).float(), normal(9, 4).exp()),
        "signs": (integers(2, 9, 4) * 2.0 - 1, normal(9, 4)),
        "binary": (integers(2, 9, 4).float(), torch.sigmoid(grid)),
        "binary_logits": (integers(2, 9, 4).float(), grid),
        # Keras's focal losses take 1 - p of a rounded p, so that far from 0 its own error shows.
        "binary_near": (integers(2, 9, 4).float(), grid / 6),
        "one_hot_near": (one_hot(9), normal(9, 4)),
        "binary_steps": (integers(2, 3, 5, 4).float(), torch.sigmoid(normal(3, 5, 4))),
        "one_hot": (one_hot(9), torch.softmax(normal(9, 4) * 3, -1)),
        "on_the_edge": (torch.eye(4), torch.eye(4) * 2 - 1),
        "unnormalized": (one_hot(9), normal(9, 4).exp()),
        "one_hot_first": (one_hot(3, 5).mT, torch.softmax(normal(3, 4, 5), 1)),
        "one_hot_logits": (one_hot(9), normal(9, 4) * 3),
        "one_hot_steps": (one_hot(3, 5), normal(3, 5, 4) * 3),
        "distributions": (torch.softmax(normal(9, 4), -1), torch.softmax(normal(9, 4), -1)),
        "distributions_logits": (torch.softmax(normal(9, 4), -1), normal(9, 4) * 3),
        "classes": (classes, torch.softmax(normal(9, 4) * 3, -1)),
        "classes_column": (classes[:, None], torch.softmax(normal(9, 4) * 3, -1)),
        "classes_ignored": (torch.where(classes == 1, -1, classes), torch.softmax(normal(9, 4), -1)),
        "classes_logits": (classes, normal(9, 4) * 3),
        "classes_steps": (steps, normal(3, 5, 4) * 3),
        "classes_first": (steps, normal(3, 4, 5) * 3),
        "embeddings": (classes, torch.nn.functional.normalize(normal(9, 6), dim=1)),
        "labels": (torch.tensor([[1, 2, 3], [2, 2, 0], [3, 0, 0]]), normal(3, 8, 4)),
    }
    return found[kind]


def made(name: str, arguments: dict[str, Any]) -> Recipe:
    declared = find("loss", name)
    assert declared is not None
    fixed = {key: tuple(value) if isinstance(value, list) else value for key, value in arguments.items()}
    return declared(**fixed)


def close(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)


def gradient(loss: Tensor, of: Tensor) -> Tensor:
    (found,) = torch.autograd.grad(loss, of)
    return found


@pytest.mark.parametrize(("name", "arguments", "kind"), CASES, ids=lambda value: str(value).replace(" ", ""))
def test_values_and_gradients_are_those_of_keras(name: str, arguments: dict[str, Any], kind: str) -> None:
    target, output = data(kind)
    first, second = output.clone().requires_grad_(), output.clone().requires_grad_()
    recipe = made(name, arguments)
    given = target.numpy() if name == "Circle" else target
    expected = getattr(keras.losses, name)(**arguments, reduction="none")(given, second)
    values = loss_of(recipe)(target, first)
    close(values, expected)
    weights = torch.linspace(0.5, 2, values.numel()).reshape(values.shape)
    close(gradient((values * weights).sum(), first), gradient((expected * weights).sum(), second))


@pytest.mark.parametrize(("name", "arguments", "kind"), CASES, ids=lambda value: str(value).replace(" ", ""))
def test_the_mean_in_one_call_is_the_mean(name: str, arguments: dict[str, Any], kind: str) -> None:
    mean = mean_of(made(name, arguments))
    if mean is None:
        return
    target, output = data(kind)
    first, second = output.clone().requires_grad_(), output.clone().requires_grad_()
    expected = getattr(keras.losses, name)(**arguments)(target, second)
    found = mean(target, first)
    close(found, expected)
    close(gradient(found, first), gradient(expected, second))


def test_every_loss_has_a_case() -> None:
    assert {name for name, _, _ in CASES} | {"Value"} == set(NAMES["loss"])


LOGITS = {
    "BinaryCrossentropy": ("binary_logits", torch.sigmoid),
    "BinaryFocalCrossentropy": ("binary_logits", torch.sigmoid),
    "CategoricalCrossentropy": ("one_hot_logits", lambda z: torch.softmax(z, -1)),
    "CategoricalFocalCrossentropy": ("one_hot_logits", lambda z: torch.softmax(z, -1)),
    "SparseCategoricalCrossentropy": ("classes_logits", lambda z: torch.softmax(z, -1)),
}


@pytest.mark.parametrize("name", LOGITS)
def test_from_logits_is_the_loss_of_the_probabilities(name: str) -> None:
    kind, activation = LOGITS[name]
    target, output = data(kind)
    output = output.double()
    first, second = output.clone().requires_grad_(), output.clone().requires_grad_()
    arguments = {"dtype": "float64"}
    found, expected = (
        loss_of(made(name, arguments), True)(target, first),
        loss_of(made(name, arguments))(target, activation(second)),
    )
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)
    close(gradient(found.sum(), first), gradient(expected.sum(), second))


@pytest.mark.parametrize("name", LOGITS)
def test_gradients_of_logits_do_not_vanish(name: str) -> None:
    target, output = data(LOGITS[name][0])
    output = (1 - 2 * torch.nn.functional.one_hot(target, 4) if target.dim() == 1 else 1 - 2 * target) * 60.0
    output.requires_grad_()
    found = gradient(loss_of(made(name, {}), True)(target, output).sum(), output)
    assert torch.isfinite(found).all()
    assert (found.abs().amax(-1) > 0.01).all()


def test_crossentropy_by_shape() -> None:
    recipe = recipe_of("loss", "crossentropy")
    for name, kind in (
        ("SparseCategoricalCrossentropy", "classes"),
        ("SparseCategoricalCrossentropy", "classes_column"),
        ("CategoricalCrossentropy", "one_hot"),
    ):
        target, output = data(kind)
        close(loss_of(recipe)(target, output), loss_of(made(name, {}))(target, output))
    target, output = torch.tensor([0.0, 1, 1]), torch.tensor([[0.2], [0.3], [0.9]])
    close(loss_of(recipe)(target, output), loss_of(made("BinaryCrossentropy", {}))(target, output))
    mean, each = mean_of(recipe), loss_of(recipe)(target, output)
    assert mean is not None
    close(mean(target, output), each.mean())


SQUEEZED = [
    ("MeanSquaredError", (7,), (7, 1), (7,)),
    ("MeanSquaredError", (7, 1), (7,), (7,)),
    ("MeanSquaredError", (7, 4, 1), (7, 4), (7,)),
    ("BinaryCrossentropy", (7,), (7, 1), (7,)),
    ("MeanSquaredError", (7, 4), (7, 4, 1), (7, 4)),
    ("BinaryCrossentropy", (7, 4), (7, 4, 1), (7, 4)),
    ("KLDivergence", (7, 4), (7, 4, 1), (7,)),
]


@pytest.mark.parametrize(("name", "target", "output", "values"), SQUEEZED)
def test_an_axis_of_one_is_no_broadcast(
    name: str, target: tuple[int, ...], output: tuple[int, ...], values: tuple[int, ...]
) -> None:
    y, p = torch.rand(target).round(), torch.rand(output) * 0.8 + 0.1
    found = loss_of(made(name, {}))(y, p)
    assert found.shape == values
    close(found.mean(), getattr(keras.losses, name)()(y, p))


REFUSED = [
    ("MeanSquaredError", (7,), (7, 3)),
    ("MeanSquaredError", (7, 1), (7, 3)),
    ("MeanSquaredError", (1, 3), (7, 3)),
    ("CategoricalCrossentropy", (7,), (7, 3)),
    ("SparseCategoricalCrossentropy", (7, 3), (7, 3)),
    ("SparseCategoricalCrossentropy", (6,), (7, 3)),
    ("CategoricalGeneralizedCrossEntropy", (7, 3), (7, 3)),
    ("CTC", (7,), (7, 3, 2)),
    ("CTC", (7, 2), (7, 3)),
]


@pytest.mark.parametrize(("name", "target", "output"), REFUSED)
def test_shapes_that_do_not_fit_are_refused(name: str, target: tuple[int, ...], output: tuple[int, ...]) -> None:
    for loss in (loss_of(made(name, {})), mean_of(made(name, {}))):
        if loss is not None:
            with pytest.raises(ValueError, match=re.escape(f"of shape {target} do not fit outputs of shape {output}")):
                loss(torch.ones(target), torch.rand(output))


def test_a_label_that_keras_knows_no_meaning_of_is_not_passed_over() -> None:
    with pytest.raises(IndexError):
        loss_of(made("SparseCategoricalCrossentropy", {"from_logits": True}))(torch.tensor([-100]), torch.rand(1, 3))


def test_what_is_ignored_may_be_no_number() -> None:
    recipe = made("SparseCategoricalCrossentropy", {"from_logits": True, "ignore_class": -1})
    output = torch.tensor([[1.0, 2.0], [torch.nan, 1.0]], requires_grad=True)
    values = loss_of(recipe)(torch.tensor([0, -1]), output)
    assert values[1] == 0
    assert torch.isfinite(gradient(values.sum(), output)).all()


def test_values_are_computed_in_float32_or_as_the_recipe_says() -> None:
    target, output = torch.rand(3, 2), torch.rand(3, 2).bfloat16()
    assert loss_of(made("MeanSquaredError", {}))(target, output).dtype == torch.float32
    assert loss_of(made("MeanSquaredError", {"dtype": "float64"}))(target, output).dtype == torch.float64
    assert dtype_of(made("MeanSquaredError", {"dtype": "mixed_bfloat16"})) == torch.bfloat16
    assert loss_of(made("Value", {}))(target, output).dtype == torch.float32


@pytest.mark.parametrize("file", sorted(FOLDER.glob("[!_]*.py")), ids=lambda file: file.stem)
def test_files_need_torch_alone(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    imported = re.findall(r"^\s*(?:from|import) (\w+)", text, re.MULTILINE)
    assert set(imported) <= {"torch", "math"}
    assert re.findall(r"^def ([a-z]\w+)", text, re.MULTILINE) == [file.stem]
    assert max(map(len, text.splitlines())) <= 88


def test_functions_take_the_arguments_of_keras() -> None:
    for name in NAMES["loss"]:
        declared = find("loss", name)
        assert declared is not None
        assert callable(function_of(made(name, {})))
