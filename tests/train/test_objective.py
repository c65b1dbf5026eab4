"""The objective against Keras's own ``compute_loss``: weights, masks, reductions, several outputs, penalties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import pytest
import torch
from torch import Tensor

import nndsl
from nndsl.train.objective import Objective
from tests.train.objectives import batch, close, labels, losses, one, trained


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def keras_total(model: Any, x: Any, y: Any, sample_weight: Any = None, training: bool = True, **compiled: Any) -> float:
    model.compile(optimizer="sgd", **compiled)
    predicted = model(x, training=training)
    return float(model.compute_loss(x, y, predicted, sample_weight).detach())


WEIGHTED = [
    ('"mse"', {"loss": "mse"}, "reals"),
    ('MeanSquaredError(reduction="sum")', {"loss": keras.losses.MeanSquaredError(reduction="sum")}, "reals"),
    (
        'MeanSquaredError(reduction="mean_with_sample_weight")',
        {"loss": keras.losses.MeanSquaredError(reduction="mean_with_sample_weight")},
        "reals",
    ),
    ('"hinge"', {"loss": "hinge"}, "reals"),
    (
        "SparseCategoricalCrossentropy(from_logits=true, ignore_class=1)",
        {"loss": keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=1)},
        "classes",
    ),
]


@pytest.mark.parametrize(("loss", "arguments", "kind"), WEIGHTED, ids=lambda value: str(value)[:40])
@pytest.mark.parametrize("weighted", [False, True])
def test_sample_weights_and_reductions(loss: str, arguments: Mapping[str, Any], kind: str, weighted: bool) -> None:
    x = torch.randn(10, 6)
    y = torch.randn(10, 3) if kind == "reals" else torch.arange(10) % 3
    weight = torch.linspace(0, 3, 10) if weighted else None
    compiled = one("none", 3, loss)
    module = compiled.module(seed=1)
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3)])
    kernel, bias = module.state_dict().values()
    model.set_weights([kernel.T.numpy(), bias.numpy()])
    found = losses(compiled, module, batch((x,), (y,), (weight,))).total
    close(found, keras_total(model, x, y, weight, **arguments))


SEQUENCE = """
model Net {
  input t: int64(5)
  Embedding(9, 4, mask_zero=true)
  LSTM(3, return_sequences=true)
  Dense(UNITS, activation="softmax")
  compile {
    loss = LOSS
  }
}
"""


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ignored", [None, 1])
def test_masks(weighted: bool, ignored: int | None) -> None:
    more = f"ignore_class={ignored}" if ignored is not None else ""
    compiled = nndsl.compile(
        SEQUENCE.replace("LOSS", f"SparseCategoricalCrossentropy({more})").replace("UNITS", "3"), "Net"
    )
    module = trained(compiled)
    tokens = torch.tensor([[1, 2, 0, 3, 0], [4, 0, 0, 0, 0], [5, 6, 7, 8, 1], [0, 0, 0, 0, 0]])
    y = torch.arange(20).reshape(4, 5) % 3
    weight = torch.linspace(0.5, 2, 20).reshape(4, 5) if weighted else None
    outputs, extras = module.forward_with_extras(tokens)
    assert set(extras) == {"y_mask", "y_logits"}
    predicted = outputs.detach().clone()
    keras.src.backend.set_keras_mask(predicted, extras["y_mask"])
    loss = keras.losses.SparseCategoricalCrossentropy(ignore_class=ignored)
    close(losses(compiled, module, batch((tokens,), (y,), (weight,))).total, loss(y, predicted, weight))
    nothing = batch((torch.zeros(2, 5, dtype=torch.int64),), (y[:2],))
    assert losses(compiled, module, nothing).total == 0


def test_a_mask_means_nothing_for_a_loss_without_steps() -> None:
    text = SEQUENCE.replace(', activation="softmax"', "").replace("UNITS", "4")
    compiled = nndsl.compile(text.replace("LOSS", "CTC()"))
    (remark,) = Objective(compiled).remarks
    assert "the mask of `y` means nothing for `CTC`" in remark
    module = trained(compiled)
    tokens, y = torch.tensor([[1, 2, 0, 3, 4], [4, 5, 6, 0, 0]]), torch.tensor([[1, 2], [3, 0]])
    found = losses(compiled, module, batch((tokens,), (y,))).total
    close(found, keras.losses.CTC()(y, module(tokens)).detach())


def test_weights_of_samples_weigh_each_of_their_steps() -> None:
    text = SEQUENCE.replace("LOSS", '"mse"').replace(', activation="softmax"', "").replace("UNITS", "1")
    compiled = nndsl.compile(text.replace("mask_zero=true", "mask_zero=false"))
    module = compiled.module(seed=1)
    tokens, y = torch.randint(1, 9, (4, 5)), torch.randn(4, 5)
    each = torch.tensor([0.0, 1, 2, 3])
    found = losses(compiled, module, batch((tokens,), (y,), (each,))).total
    error = (module(tokens).squeeze(-1) - y).square()
    close(found, (error * each[:, None]).mean().detach())
    steps = losses(compiled, module, batch((tokens,), (y,), (each[:, None].expand(4, 5),))).total
    close(found, steps.detach())


def test_weights_that_do_not_fit_are_refused() -> None:
    compiled = one("none", 3, '"mse"')
    module = compiled.module(seed=1)
    x, y = torch.randn(4, 6), torch.randn(4, 3)
    for shape in ((3,), (4, 2), (1, 4)):
        with pytest.raises(ValueError, match="weights of shape"):
            losses(compiled, module, batch((x,), (y,), (torch.ones(shape),)))
    close(
        losses(compiled, module, batch((x,), (y,), (torch.ones(4, 1),))).total,
        losses(compiled, module, batch((x,), (y,))).total.detach(),
    )


CLASS_WEIGHT = "  fit {\n    class_weight = {0: 2.0, 2: 0.25}\n  }\n"


@pytest.mark.parametrize(
    ("activation", "units", "loss"),
    [
        ('"softmax"', 3, '"sparse_categorical_crossentropy"'),
        ('"softmax"', 3, '"categorical_crossentropy"'),
        ('"sigmoid"', 1, '"bce"'),
    ],
)
def test_class_weights(activation: str, units: int, loss: str) -> None:
    fit = CLASS_WEIGHT if units > 1 else CLASS_WEIGHT.replace(", 2: 0.25", "")
    compiled, plain = one(activation, units, loss, fit=fit), one(activation, units, loss)
    module = trained(compiled)
    x, y = torch.randn(12, 6), labels(loss, units, 12)
    classes = torch.arange(12) % max(units, 2)
    table = {0: 2.0, 2: 0.25}
    weight = torch.tensor([table.get(int(each), 1.0) for each in classes])
    close(
        losses(compiled, module, batch((x,), (y,))).total,
        losses(plain, module, batch((x,), (y,), (weight,))).total.detach(),
    )
    with pytest.raises(ValueError, match="not by both"):
        losses(compiled, module, batch((x,), (y,), (weight,)))
    module.eval()  # as in Keras, they are for training alone
    close(losses(compiled, module, batch((x,), (y,))).total, losses(plain, module, batch((x,), (y,))).total.detach())


def test_class_weights_of_steps_and_of_what_is_no_class() -> None:
    text = SEQUENCE.replace("LOSS", "SparseCategoricalCrossentropy(ignore_class=-1)").replace("UNITS", "3")
    text = text.replace("mask_zero=true", "mask_zero=false")
    compiled, plain = nndsl.compile(text[: text.rindex("}")] + CLASS_WEIGHT + "}\n"), nndsl.compile(text)
    module = trained(compiled)
    tokens, y = torch.randint(1, 9, (4, 5)), torch.arange(20).reshape(4, 5) % 4 - 1
    weight = torch.where(y == 0, 2.0, torch.where(y == 2, 0.25, 1.0))
    found = losses(compiled, module, batch((tokens,), (y,))).total
    close(found, losses(plain, module, batch((tokens,), (y,), (weight,))).total.detach())


TWO = """
model Net {
  input x: (6)
  h = Dense(5, activation="relu", kernel_regularizer=L2(0.1), activity_regularizer=L1(0.01))(x)
  output a: Dense(1)(h)
  output b: Dense(3, activation="softmax")(h)
  output c: Dense(2)(h)
  compile {
    loss = {"a": "mse", "b": "sparse_categorical_crossentropy"}
    loss_weights = {"a": 0.5}
  }
}
"""


def test_several_outputs_and_penalties() -> None:
    compiled = nndsl.compile(TWO)
    module = trained(compiled)
    x = torch.randn(10, 6)
    a, b = torch.randn(10), torch.arange(10) % 3
    weight = torch.linspace(0, 2, 10)
    found = losses(compiled, module, batch((x,), (a, b, None), (None, weight, None)))
    inputs = keras.Input((6,))
    h = keras.layers.Dense(
        5, activation="relu", kernel_regularizer=keras.regularizers.L2(0.1),
        activity_regularizer=keras.regularizers.L1(0.01),
    )(inputs)  # fmt: skip
    outputs = [keras.layers.Dense(1, name="a")(h), keras.layers.Dense(3, activation="softmax", name="b")(h)]
    model = keras.Model(inputs, outputs)
    state = module.state_dict()
    model.set_weights([each for name in ("h", "a", "b") for each in _dense(state, name)])
    expected = keras_total(
        model, x, [a, b], [torch.ones(10), weight],
        loss=["mse", "sparse_categorical_crossentropy"], loss_weights=[0.5, 1.0],
    )  # fmt: skip
    close(found.total, expected)
    assert list(found.parts) == ["a_loss", "b_loss"] == list(Objective(compiled).names[1:])
    close(found.parts["a_loss"], (module(x)[0].squeeze(-1) - a).square().mean().detach())
    assert not found.parts["a_loss"].requires_grad
    with pytest.raises(ValueError, match="no targets for the output `b`"):
        losses(compiled, module, batch((x,), (a, None, None)))


def _dense(state: Mapping[str, Tensor], name: str) -> tuple[Any, Any]:
    return state[f"{name}.weight"].T.numpy(), state[f"{name}.bias"].numpy()


def test_value_is_the_mean_of_the_output() -> None:
    compiled = one("none", 3, "Value()")
    module = compiled.module(seed=1)
    x = torch.randn(5, 6)
    close(losses(compiled, module, batch((x,), (None,))).total, module(x).mean().detach())
    weight = torch.arange(5.0)
    expected = (module(x) * weight[:, None]).mean().detach()
    close(losses(compiled, module, batch((x,), (None,), (weight,))).total, expected)


def test_losses_of_python() -> None:
    compiled = nndsl.compile(TWO)
    module = trained(compiled)
    x, a, b = torch.randn(6, 6), torch.randn(6), torch.arange(6) % 3
    seen: list[tuple[torch.Size, torch.Size]] = []

    def quartic(target: Tensor, output: Tensor) -> Tensor:
        seen.append((target.shape, output.shape))
        return (output.squeeze(-1) - target) ** 4

    given = batch((x,), (a, b, b), (torch.arange(6.0), None, None))
    custom = {"a": quartic, "c": lambda target, output: output.square().sum()}
    found = losses(compiled, module, given, losses=custom)
    outputs, extras = module.forward_with_extras(x)
    assert seen == [((6,), (6, 1))]
    close(found.parts["a_loss"], ((outputs[0].squeeze(-1) - a) ** 4 * torch.arange(6.0)).mean().detach())
    close(found.parts["c_loss"], outputs[2].square().sum().detach())
    penalties = module.regularization_loss() + extras["activity_loss"]
    total = 0.5 * found.parts["a_loss"] + found.parts["b_loss"] + found.parts["c_loss"] + penalties
    close(found.total, total.detach())
    assert Objective(compiled, custom).names == ("loss", "a_loss", "b_loss", "c_loss")
    with pytest.raises(ValueError, match="no output 'd'"):
        Objective(compiled, {"d": quartic})


def test_a_model_without_losses_has_its_penalties() -> None:
    compiled = nndsl.compile(TWO[: TWO.index("  compile")] + "}\n")
    module = trained(compiled)
    given = batch((torch.randn(4, 6),), (None, None, None))
    extras = module.forward_with_extras(*given.inputs)[1]
    close(losses(compiled, module, given).total, (module.regularization_loss() + extras["activity_loss"]).detach())


def test_nothing_is_read_from_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: object) -> None:
        raise AssertionError("a tensor was read")

    text = SEQUENCE.replace("LOSS", "SparseCategoricalCrossentropy(ignore_class=1)").replace("UNITS", "3")
    compiled = nndsl.compile(text[: text.rindex("}")] + CLASS_WEIGHT + "}\n")
    module = trained(compiled)
    tokens, y = torch.randint(0, 9, (4, 5)), torch.arange(20).reshape(4, 5) % 3
    outputs, extras = module.forward_with_extras(tokens)
    objective = Objective(compiled)
    for name in ("item", "tolist", "numpy", "__bool__", "__float__", "__int__", "cpu"):
        monkeypatch.setattr(Tensor, name, read)
    objective(module, outputs, extras, batch((tokens,), (y,)))
