"""The settings of models: `compile` and `fit`."""

from __future__ import annotations

from textwrap import indent

import pytest

from nndsl.recipes.losses import CategoricalCrossentropy, MeanSquaredError, Value
from nndsl.recipes.optimizers import SGD, Adam, RMSprop
from tests.language.checking import accepted, found, model, refused

TWO = 'output a: x -> Dense(10, "softmax"), b: x -> Dense(1)'


def settings(kind: str, *lines: str, body: str = "Dense(1)") -> str:
    inner = indent("\n".join(lines), "  ")
    return model(f"{body}\n{kind} {{\n{inner}\n}}")


def test_compile_holds_what_is_written() -> None:
    compiled = accepted(
        settings(
            "compile",
            "optimizer = SGD(0.1)",
            'loss = "mse"',
            'metrics = ["mae", MeanSquaredError()]',
            "loss_weights = 2.0",
        )
    ).compile
    assert compiled is not None
    assert compiled.optimizer == SGD(0.1)
    assert compiled.losses == (MeanSquaredError(name="mse"),)
    assert len(compiled.metrics[0]) == 2
    assert compiled.loss_weights == (2.0,)


def test_what_is_left_out_is_keras_default() -> None:
    compiled = accepted(settings("compile", 'loss = "mse"')).compile
    assert compiled is not None
    assert compiled.optimizer == RMSprop()
    plain = accepted(model("Dense(1)"))
    assert (plain.compile, plain.fit) == (None, None)


def test_with_several_outputs_settings_are_by_name() -> None:
    lines = ('loss = {"a": "categorical_crossentropy"}', 'metrics = {"b": ["mae"]}', 'loss_weights = {"a": 0.5}')
    compiled = accepted(settings("compile", *lines, body=TWO)).compile
    assert compiled is not None
    assert isinstance(compiled.losses[0], CategoricalCrossentropy)
    assert compiled.losses[1] is None  # no entry, no loss
    assert [len(each) for each in compiled.metrics] == [0, 1]


def test_value_makes_the_output_itself_the_loss() -> None:
    compiled = accepted(settings("compile", "loss = Value()")).compile
    assert compiled is not None
    assert compiled.losses == (Value(),)


def test_settings_see_the_names_of_the_body_and_the_file() -> None:
    text = settings("compile", "optimizer = Adam(rate * 2)", "loss = kind", body="rate = 0.5\nDense(1)")
    compiled = accepted(f'kind = "mse"\n{text}').compile
    assert compiled is not None
    assert compiled.optimizer == Adam(1.0)


@pytest.mark.parametrize(
    ("marked", "code", "words"),
    [
        ("«optimiser = Adam()»", "E0801", "did you mean `optimizer`?"),
        ("«epochs = 3»", "E0801", "it belongs in `fit { … }`"),
        ('loss = "mse"\n«loss = "mae"»', "E0802", ""),
        ("optimizer = Adam(«lr=3»)", "E0205", "write `learning_rate`"),
        ('optimizer = «"adm"»', "E0304", "adam"),
        ("optimizer = «MeanSquaredError()»", "E0302", ""),
        ("loss = «mse»", "E0201", 'write `"mse"`: options are strings'),
        ("metrics = [«accuracy»]", "E0201", 'write `"accuracy"`: options are strings'),
        ('metrics = «"mae"»', "E0302", "write `metrics = […]`"),
        ("loss = «x»", "E0302", ""),
        ("metrics = [«Dense(3)»]", "E0302", "settings take constants and recipes"),
        ("«for»", "E0117", "a setting is written `name = value`"),
    ],
)
def test_what_compile_refuses(marked: str, code: str, words: str) -> None:
    assert words in refused(settings("compile", marked), code).help


@pytest.mark.parametrize(
    ("marked", "code", "words"),
    [
        ('loss = «"mse"»', "E0804", 'write `loss = {"a": …, "b": …}`'),
        ('loss = {«"c": "mse"»}', "E0803", "the outputs are `a` and `b`"),
        ('loss = {"b": "mse"}\nloss_weights = «{"a": 1.0}»', "E0805", "give `a` a loss"),
        ('loss = {«"a": CategoricalCrossentropy(from_logits=true)»}', "E0806", "leave `from_logits=true` out"),
        ('loss = {«"b": BinaryCrossentropy()»}', "E0807", 'give the layer `activation="sigmoid"`'),
    ],
)
def test_what_contradicts_the_outputs(marked: str, code: str, words: str) -> None:
    assert words in refused(settings("compile", marked, body=TWO), code).help


@pytest.mark.parametrize("kind", ["compile", "fit"])
def test_each_block_stands_once_in_a_model(kind: str) -> None:
    text = model(f"Dense(1)\n{kind} {{\n}}\n«{kind} {{\n  }}»")
    assert refused(text, "E0509").notes[0].message == "the first one is here"
    refused(f"block Part {{\nReLU()\n«{kind} {{\n}}»\n}}", "E0509")


def test_fit_holds_what_is_written() -> None:
    fit = accepted(
        settings("fit", 'data = Npz("d.npz", x="images", y="labels")', "epochs = 3", "batch_size = 8", "seed = 1")
    ).fit
    assert fit is not None
    assert (fit.epochs, fit.batch_size, fit.seed, fit.shuffle) == (3, 8, 1, True)


@pytest.mark.parametrize(
    ("marked", "code", "words"),
    [
        ("«optimizer = Adam()»", "E0801", "it belongs in `compile { … }`"),
        ("epochs = «2.0»", "E0302", "write 2"),
        ("batch_size = «0»", "E0303", ""),
        ("shuffle = «1»", "E0302", "write `true`"),
        ("validation_split = «1.0»", "E0303", ""),
        ('data = «Npz("d.npz", z="a")»', "E0803", "`x`"),
        ('data = Npz(«"../d.npz"», x="a")', "E0610", "stays below its folder"),
        ('data = Npz(«"/d.npz"», x="a")', "E0610", ""),
        ('data = Npz(«"https://example.com/d.npz"», x="a")', "E0610", ""),
        ("callbacks = «EarlyStopping()»", "E0302", "write `callbacks = […]`"),
        ("class_weight = «{0: 1.0, 2: 1.0}»", "E0303", "numbered from 0 to 1"),
    ],
)
def test_what_fit_refuses(marked: str, code: str, words: str) -> None:
    assert words in refused(settings("fit", marked), code).help


def test_data_is_opened_by_training_alone() -> None:
    assert found(settings("fit", 'data = Npz("not/there.npz", x="a", y="b")')) == []
