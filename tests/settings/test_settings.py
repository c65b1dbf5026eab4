"""What compile and fit blocks may say of a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from nndsl.diagnostics import Diagnostic, Source, Span
from nndsl.recipes.base import PendingRecipe
from nndsl.recipes.callbacks import EarlyStopping
from nndsl.recipes.data import Npz
from nndsl.recipes.losses import CategoricalCrossentropy, MeanSquaredError, Value
from nndsl.recipes.metrics import AccuracyByShape, MeanAbsoluteError
from nndsl.recipes.optimizers import SGD, Adam, RMSprop
from nndsl.settings import CompileSettings, FitSettings, ModelOutput, Written, check_settings
from nndsl.syntax import nodes

SOURCE = Source("model.nn", "0123456789" * 100)
ONE = (ModelOutput("y", "softmax", 10, Span(SOURCE, 900, 905)),)
TWO = (ModelOutput("a", "softmax", 10), ModelOutput("b", "linear", 1))


def pending(name: str, *positional: object, **keywords: object) -> PendingRecipe:
    return PendingRecipe(name, (*((None, value) for value in positional), *keywords.items()))


def check(
    kind: str, settings: dict[str, object], outputs: Sequence[ModelOutput] | None = ONE, **more: Any
) -> tuple[Any, tuple[Diagnostic, ...]]:
    written = [
        Written(name, value, Span(SOURCE, 10 * index, 10 * index + 9), Span(SOURCE, 10 * index + 5, 10 * index + 9))
        for index, (name, value) in enumerate(settings.items())
    ]
    return check_settings(kind, written, outputs, **more)


def test_compile() -> None:
    settings, found = check(
        "compile",
        {
            "optimizer": pending("SGD", 0.1),
            "loss": {"b": "mse"},
            "metrics": {"a": ["accuracy", "mae"], "b": pending("MeanAbsoluteError")},
            "loss_weights": {"b": 0.5},
        },
        TWO,
    )
    assert found == ()
    assert settings == CompileSettings(
        SGD(0.1),
        (None, MeanSquaredError(name="mse")),
        (None, 0.5),
        ((AccuracyByShape("accuracy"), MeanAbsoluteError("mae")), (MeanAbsoluteError(),)),
        ((), ()),
    )


@pytest.mark.parametrize(
    ("outputs", "written", "losses"),
    [
        (ONE, "mse", (MeanSquaredError(name="mse"),)),
        (ONE, ["mse"], (MeanSquaredError(name="mse"),)),
        (ONE, {"y": pending("Value")}, (Value(),)),
        (TWO, [None, "mse"], (None, MeanSquaredError(name="mse"))),
        (TWO, {}, (None, None)),
        (TWO, None, (None, None)),
    ],
)
def test_losses_per_output(outputs: Sequence[ModelOutput], written: object, losses: tuple[object, ...]) -> None:
    settings, found = check("compile", {"loss": written}, outputs)
    assert found == ()
    assert settings.losses == losses
    assert settings.optimizer == RMSprop()


def test_metrics_of_one_output_are_a_list() -> None:
    settings, found = check("compile", {"metrics": ["mae", "accuracy"]})
    assert (found, settings.metrics) == ((), ((MeanAbsoluteError("mae"), AccuracyByShape("accuracy")),))
    listed, found = check("compile", {"metrics": [["mae"], None]}, TWO)
    assert (found, listed.metrics) == ((), ((MeanAbsoluteError("mae"),), ()))


def test_fit() -> None:
    settings, found = check(
        "fit",
        {
            "data": pending("Npz", "digits.npz", x="images", y="labels"),
            "epochs": 30,
            "validation_split": 0.2,
            "class_weight": {0: 1, 9: 2.5},
            "callbacks": [pending("EarlyStopping", patience=3)],
        },
        inputs=("x",),
    )
    assert found == ()
    assert settings == FitSettings(
        data=Npz("digits.npz", (("x", "images"), ("y", "labels"))),
        epochs=30,
        validation_split=0.2,
        class_weight=((0, 1), (9, 2.5)),
        callbacks=(EarlyStopping(patience=3),),
    )


@pytest.mark.parametrize(
    ("kind", "settings", "outputs", "code", "words"),
    [
        ("compile", {"optimiser": "adam"}, ONE, "E0801", "did you mean `optimizer`?"),
        ("compile", {"epochs": 3}, ONE, "E0801", "it belongs in `fit { … }`"),
        ("fit", {"nb_epoch": 3}, ONE, "E0801", "write `epochs`"),
        ("compile", {"loss": {"A": "mse"}}, TWO, "E0803", "did you mean `a`?"),
        ("compile", {"metrics": {"c": ["mse"]}}, TWO, "E0803", "the outputs are `a` and `b`"),
        ("compile", {"loss": "mse"}, TWO, "E0804", 'write `loss = {"a": …, "b": …}`'),
        ("compile", {"loss": ["mse"]}, TWO, "E0804", "a list of 1"),
        ("compile", {"loss": ["mse", "mse"]}, ONE, "E0804", "one output"),
        ("compile", {"metrics": ["mse", "mae", "mape"]}, TWO, "E0804", "a list of 3"),
        ("compile", {"loss": {"b": "mse"}, "loss_weights": {"a": 1.0}}, TWO, "E0805", "`a` has a weight and no loss"),
        ("compile", {"loss": "msee"}, ONE, "E0304", 'did you mean `"mse"`'),
        ("compile", {"loss": pending("Huber", delta=-1)}, ONE, "E0303", "`delta` must be"),
        ("compile", {"loss": pending("Accuracy")}, ONE, "E0302", "`loss` must be a loss"),
        ("compile", {"metrics": "mse"}, ONE, "E0302", "write `metrics = […]`"),
        ("compile", {"metrics": ["mse", 3]}, ONE, "E0302", "`metrics` must be a metric"),
        ("compile", {"optimizer": pending("Adam", lr=1)}, ONE, "E0205", "write `learning_rate`"),
        ("compile", {"loss_weights": "heavy"}, ONE, "E0302", "`loss_weights` must be a number"),
        ("fit", {"epochs": 0}, ONE, "E0303", "`epochs` must be a positive integer"),
        ("fit", {"batch_size": 32.0}, ONE, "E0302", "write 32"),
        ("fit", {"validation_split": 1.0}, ONE, "E0303", "below 1"),
        ("fit", {"data": "digits.npz"}, ONE, "E0302", "a source of data"),
        ("fit", {"data": pending("Npz", "../d.npz")}, ONE, "E0610", "leaves the folder"),
        ("fit", {"data": pending("Npz", "d.npz", xx="images")}, ONE, "E0803", "`xx`"),
        ("fit", {"callbacks": pending("EarlyStopping")}, ONE, "E0302", "write `callbacks = […]`"),
        ("fit", {"callbacks": ["early"]}, ONE, "E0302", "`callbacks` must be a callback"),
        ("fit", {"class_weight": {0: 1}}, TWO, "E0809", "one output"),
        ("fit", {"class_weight": {10: 1}}, ONE, "E0303", "numbered from 0 to 9"),
        ("fit", {"class_weight": {"cat": 1}}, ONE, "E0302", "numbers of classes"),
        ("fit", {"class_weight": {1: -1}}, ONE, "E0303", "the class 1"),
        ("fit", {"validation_split": 0.1, "validation_data": pending("Npz", "v.npz")}, ONE, "E0808", "exclude"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_refused(kind: str, settings: dict[str, object], outputs: Sequence[ModelOutput], code: str, words: str) -> None:
    _, found = check(kind, settings, outputs, inputs=("x",))
    (diagnostic,) = found
    assert diagnostic.code == code
    assert words in f"{diagnostic.message}\n{diagnostic.help}"


def test_a_setting_twice() -> None:
    first, second = Span(SOURCE, 0, 5), Span(SOURCE, 10, 15)
    written = [Written("epochs", 1, first, first), Written("epochs", 2, second, second)]
    settings, (diagnostic,) = check_settings("fit", written, ONE)
    assert (diagnostic.code, diagnostic.span, diagnostic.notes[0].span) == ("E0802", second, first)
    assert isinstance(settings, FitSettings)
    assert settings.epochs == 1


BCE, CCE, SCCE = "BinaryCrossentropy", "CategoricalCrossentropy", "SparseCategoricalCrossentropy"


@pytest.mark.parametrize(
    ("loss", "activation", "size", "code"),
    [
        (pending(CCE, from_logits=True), "softmax", 10, "E0806"),
        (pending(BCE, from_logits=True), "sigmoid", 1, "E0806"),
        (pending("CTC"), "softmax", 10, "E0806"),
        (pending(CCE), "linear", 10, "E0807"),
        (pending(SCCE), "linear", 10, "E0807"),
        (pending(BCE), "linear", 1, "E0807"),
        (pending("CategoricalGeneralizedCrossEntropy"), "linear", 10, "E0807"),
        ("bce", "linear", 1, "E0807"),
        ("crossentropy", "linear", 1, "E0807"),
        (pending(CCE), "softmax", 1, "W0801"),
        (pending(CCE), "softmax", 10, ""),
        (pending(CCE, from_logits=True), "linear", 10, ""),
        (pending(CCE), None, 10, ""),
        (pending(CCE, from_logits=True), None, 10, ""),
        (pending("CTC"), "linear", 10, ""),
        ("mse", "linear", 1, ""),
        ("mse", "softmax", 10, ""),
        (pending(CCE), "tanh", 10, "W0802"),
        (pending(CCE), "exponential", 10, ""),
        (pending(SCCE), "sigmoid", 10, "W0802"),
        (pending(SCCE), "sigmoid", 1, "W0801"),
        (pending(BCE), "softmax", 10, "W0802"),
        (pending(BCE), "softmax", 1, "W0801"),
        (pending(BCE), "relu", 1, "W0802"),
        (pending(BCE), "sigmoid", 10, ""),
        (pending(BCE, from_logits=True), "relu", 1, "W0802"),
        (pending(BCE, from_logits=True), "tanh", 1, ""),
        ("mse", "softmax", 1, "W0801"),
        (pending("Value"), "softmax", 1, ""),
        ("kld", "linear", 10, "W0802"),
        ("kld", "softmax", 10, ""),
        ("poisson", "linear", 1, "W0802"),
        ("poisson", "softplus", 1, ""),
        ("hinge", "sigmoid", 1, "W0802"),
        ("hinge", "tanh", 1, ""),
        ("categorical_hinge", "softmax", 10, ""),
        (pending("Dice"), "linear", 10, "W0802"),
        (pending("CTC"), "linear", 1, "W0801"),
    ],
    ids=str,
)
def test_losses_against_the_last_activation(loss: object, activation: str | None, size: int, code: str) -> None:
    place = Span(SOURCE, 900, 905)
    for setting, value in (("loss", loss), ("loss", {"y": loss})):
        _, found = check("compile", {setting: value}, [ModelOutput("y", activation, size, place)])
        assert [diagnostic.code for diagnostic in found] == ([code] if code else [])
        assert all(diagnostic.notes[0].span == place and diagnostic.help for diagnostic in found)


@pytest.mark.parametrize(
    ("loss", "rank", "size", "dtype", "words"),
    [
        ("mse", 2, 3, "int64", "no gradient"),
        (pending("MeanSquaredError", reduction=None), 2, 3, "float32", "one number"),
        (pending("Huber", reduction="none"), 2, 3, "bfloat16", "one number"),
        (pending("CTC"), 2, 3, "float32", "has 2 axes"),
        (pending("CosineSimilarity", axis=2), 2, 3, "float32", "axis 2"),
        (pending("Dice", axis=(1, -4)), 3, 3, "float32", "axis -4"),
        (pending("CategoricalFocalCrossentropy", alpha=[0.1, 0.9]), 2, 3, "float32", "give 3 numbers"),
        (pending("CategoricalFocalCrossentropy", alpha=[0.1, 0.9, 0.5]), 2, 3, "float32", ""),
        (pending("Dice", axis=(1, -3)), 3, 3, "float32", ""),
        (pending("MeanSquaredError", reduction="sum"), 2, 3, "float32", ""),
        (pending("CTC"), 3, 3, "float32", ""),
    ],
    ids=str,
)
def test_losses_that_an_output_cannot_have(loss: object, rank: int, size: int, dtype: str, words: str) -> None:
    place = Span(SOURCE, 900, 905)
    output = ModelOutput("y", None, size, place, rank, dtype)
    _, found = check("compile", {"loss": loss}, [output])
    assert [diagnostic.code for diagnostic in found] == (["E0811"] if words else [])
    for diagnostic in found:
        assert words in f"{diagnostic.message}\n{diagnostic.help}"
        assert diagnostic.notes[0].span == place


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (0, "nothing is learned"),
        (0.0, "nothing is learned"),
        (1e9, "far too high"),
        (10.0, "of 10 is"),
        (1.0, ""),
        (1e-9, ""),
        (pending("CosineDecay", 0, 100), "of `CosineDecay` is 0"),
        (pending("CosineDecay", 0, 100, warmup_target=0.01, warmup_steps=5), ""),
        (pending("PiecewiseConstantDecay", [10], [0.1, 100]), "of `PiecewiseConstantDecay` of 100"),
        (pending("ExponentialDecay", 0.1, 100, 0.5), ""),
    ],
    ids=str,
)
def test_learning_rates(rate: object, words: str) -> None:
    for optimizer in (pending("SGD", rate), pending("Adam", beta_1=0.5, learning_rate=rate)):
        _, found = check("compile", {"optimizer": optimizer})
        assert [diagnostic.code for diagnostic in found] == (["W0803"] if words else [])
        assert all(words in diagnostic.message for diagnostic in found)


def test_metrics_against_the_last_activation() -> None:
    _, found = check("compile", {"metrics": ["mse", pending("BinaryCrossentropy", from_logits=True)]})
    assert [diagnostic.code for diagnostic in found] == ["E0806"]


@pytest.mark.parametrize(
    ("monitor", "known"),
    [("loss", True), ("val_loss", True), ("val_mae", True), ("auc", True), ("auc_1", True), ("val_acc", False)],
)
def test_monitors(monitor: str, known: bool) -> None:
    compiled, _ = check("compile", {"loss": "mse", "metrics": ["mae", pending("AUC")]})
    _, found = check("fit", {"callbacks": [pending("EarlyStopping", monitor)]}, compiled=compiled)
    assert [diagnostic.code for diagnostic in found] == ([] if known else ["E0810"])


def test_monitors_of_several_outputs() -> None:
    compiled, _ = check("compile", {"loss": {"b": "mse"}, "metrics": {"a": ["accuracy"]}}, TWO)
    for monitor, code in (("b_loss", None), ("val_a_accuracy", None), ("a_loss", "E0810"), ("accuracy", "E0810")):
        _, found = check("fit", {"callbacks": [pending("EarlyStopping", monitor)]}, TWO, compiled=compiled)
        assert [diagnostic.code for diagnostic in found] == ([code] if code else [])


def test_outputs_that_are_not_known_are_not_judged() -> None:
    settings, found = check("compile", {"loss": {"z": "mse"}, "metrics": ["mae"]}, None)
    assert (found, settings.losses) == ((), ())
    _, found = check("compile", {"loss": {"z": "msee"}, "metrics": ["mea"]}, None)
    assert [diagnostic.code for diagnostic in found] == ["E0304", "E0304"]


def test_messages_point_into_the_value() -> None:
    def at(start: int) -> Span:
        return Span(SOURCE, start, start + 1)

    number = nodes.Number(0.1, "0.1", span=at(3))
    rate = nodes.Argument("lr", number, span=at(4))
    call = nodes.Call(nodes.Name("Adam", span=at(1)), (rate,), span=at(2))
    value = pending("Adam", lr=0.1)
    _, (diagnostic,) = check_settings("compile", [Written("optimizer", value, at(0), at(2), call)], ONE)
    assert diagnostic.span == at(4)
    items = nodes.List((nodes.String("mse", span=at(5)), nodes.String("x", span=at(6))), span=at(7))
    _, (diagnostic,) = check_settings("compile", [Written("metrics", ["mse", "x"], at(0), at(7), items)], ONE)
    assert diagnostic.span == at(6)
    pair = nodes.Pair(nodes.String("q", span=at(8)), nodes.String("mse", span=at(9)), span=at(10))
    names = nodes.Dict((pair,), span=at(11))
    _, (diagnostic,) = check_settings("compile", [Written("loss", {"q": "mse"}, at(0), at(11), names)], ONE)
    assert diagnostic.span == at(10)


def test_defaults_stand_for_what_is_wrong() -> None:
    settings, found = check("compile", {"optimizer": "adm", "loss": pending(CCE)})
    assert len(found) == 1
    assert (settings.optimizer, settings.losses) == (RMSprop(), (CategoricalCrossentropy(),))
    assert check("fit", {"epochs": -1})[0] == FitSettings()
    assert check("compile", {"optimizer": "adam"})[0].optimizer == Adam()
