"""What all optimizers share: clipping, decay, accumulation, averages, and a state that goes on to the same bits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import nndsl
from nndsl.recipes import NAMES
from nndsl.train.updater import Updater
from nndsl.variables import variables
from tests.train.updating import Theirs, difference, gap, give, gradients, kinds, recipe, values

SHORT = gradients()[:12]
SCHEDULE = {"initial_learning_rate": 0.01, "decay_steps": 3, "decay_rate": 0.7}


@pytest.mark.parametrize("name", ["SGD", "Adam", "Lamb", "Muon"])
@pytest.mark.parametrize("clipping", [{"clipnorm": 0.05}, {"global_clipnorm": 0.1}, {"clipvalue": 0.01}], ids=str)
def test_clipping_and_decay_come_in_the_order_of_keras(name: str, clipping: dict[str, float]) -> None:
    made = recipe(name, learning_rate=0.01, weight_decay=0.3, **clipping)
    assert gap(made, SHORT) < 1e-6
    assert gap(recipe(name, learning_rate=0.01, weight_decay=0.3), SHORT) < 1e-6


def test_clipping_acts_on_whole_variables() -> None:
    module, found = kinds()
    bias = next(variable for variable in found if len(variable.parts) == 2)
    updater = Updater(recipe("SGD", learning_rate=1.0, clipnorm=1.0), found, module)
    rows = [module.get_parameter(key) for key, _ in bias.parts]
    for row in rows:
        row.grad = torch.full_like(row, 3.0)
    start = [row.detach().clone() for row in rows]
    updater.step()
    steps = torch.stack(start) - torch.stack(list(rows)).detach()
    torch.testing.assert_close(steps, torch.full_like(steps, steps.numel() ** -0.5))


def test_gradients_that_are_not_finite_show() -> None:
    module, found = kinds()
    updater = Updater(recipe("SGD", global_clipnorm=1.0), found, module)
    give(module, found, SHORT[0])
    next(module.parameters()).grad[0] = torch.inf  # type: ignore[index]
    updater.step()
    assert all(value.isnan().all() for value in values(module, found))


@pytest.mark.parametrize("name", ["SGD", "Adam", "Nadam", "Adafactor"])
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's Nadam
def test_accumulation_is_that_of_keras(name: str) -> None:
    # Its schedules count steps, the corrections of bias updates.
    rate = recipe("ExponentialDecay", **SCHEDULE)
    made = recipe(name, learning_rate=rate, gradient_accumulation_steps=3, clipnorm=0.05, weight_decay=0.1)
    assert gap(made, SHORT) < 1e-6
    module, found = kinds()
    updater = Updater(made, found, module)
    updated = []
    for step in SHORT[:7]:
        give(module, found, step)
        updated.append(updater.step())
    assert updated == [False, False, True, False, False, True, False]
    assert updater.iterations == 2
    assert updater.steps == 7


def test_accumulated_batches_are_one_big_batch() -> None:
    x, y = torch.randn(12, 3, generator=torch.Generator().manual_seed(0)), torch.arange(12.0)[:, None]
    compiled = nndsl.compile("model M {\n  input (3,)\n  Dense(4)\n  Dense(1)\n}\n")
    ends = []
    for count in (1, 3):
        module = compiled.module(seed=0)
        steps = {"gradient_accumulation_steps": count} if count > 1 else {}
        updater = Updater(recipe("Adam", clipnorm=0.5, **steps), variables(compiled.model), module)
        for batch in torch.arange(12).split(12 // count) * 4:
            updater.scale_loss((module(x[batch]) - y[batch]).square().mean()).backward()
            updater.step()
        assert updater.iterations == 4
        ends.append([parameter.detach() for parameter in module.parameters()])
    assert difference(*ends) < 1e-6


def test_the_scale_of_the_loss_is_taken_back() -> None:
    made = recipe("Adam", loss_scale_factor=8.0, clipvalue=0.01)
    assert gap(made, [{name: 8 * gradient for name, gradient in step.items()} for step in SHORT]) < 1e-6
    module, found = kinds()
    assert Updater(made, found, module).scale_loss(torch.tensor(2.0)) == 16
    loss = torch.tensor(2.0)
    assert Updater(recipe("Adam"), found, module).scale_loss(loss) is loss


AVERAGED: list[dict[str, Any]] = [
    {},
    {"ema_momentum": 0.5, "ema_overwrite_frequency": 4},
    {"ema_momentum": 0.9, "ema_overwrite_frequency": 2, "gradient_accumulation_steps": 2},
]


@pytest.mark.parametrize("settings", AVERAGED, ids=str)
def test_averages_are_those_of_keras(settings: dict[str, Any]) -> None:
    made = recipe("SGD", learning_rate=0.1, use_ema=True, **settings)
    assert gap(made, SHORT) < 1e-6
    module, found = kinds()
    updater, theirs = Updater(made, found, module), Theirs(made, module, found)
    for step in SHORT[:10]:
        give(module, found, step)
        updater.step()
        theirs.step(step)
    weights = values(module, found)
    theirs.optimizer.finalize_variable_values(theirs.variables)
    with updater.averaged():
        averages = values(module, found)
        assert difference(averages, theirs.values()) < 1e-6
    assert difference(values(module, found), weights) == 0
    assert difference(averages, weights) > 1e-3
    updater.overwrite()
    assert difference(values(module, found), averages) == 0


def test_without_averages_the_weights_stay() -> None:
    module, found = kinds()
    updater = Updater(recipe("SGD"), found, module)
    weights = values(module, found)
    updater.overwrite()
    with updater.averaged():
        assert difference(values(module, found), weights) == 0


def test_weights_return_when_a_context_fails() -> None:
    module, found = kinds()
    updater = Updater(recipe("SGD", use_ema=True), found, module)
    for step in SHORT[:3]:
        give(module, found, step)
        updater.step()
    weights = values(module, found)
    with pytest.raises(RuntimeError), updater.averaged():
        raise RuntimeError
    assert difference(values(module, found), weights) == 0


def test_steps_clear_the_gradients_that_they_used() -> None:
    module, found = kinds()
    updater = Updater(recipe("Adam"), found, module)
    give(module, found, SHORT[0])
    assert updater.step()
    assert all(parameter.grad is None for parameter in module.parameters())


def test_the_rate_is_set_or_scheduled() -> None:
    module, found = kinds()
    updater = Updater(recipe("SGD", learning_rate=0.1), found, module)
    updater.learning_rate = 0.5
    assert updater.learning_rate == 0.5
    before = values(module, found)
    give(module, found, SHORT[0])
    updater.step()
    expected = [value - 0.5 * gradient for value, gradient in zip(before, SHORT[0].values(), strict=True)]
    assert difference(values(module, found), expected) < 1e-6
    scheduled = Updater(recipe("SGD", learning_rate=recipe("ExponentialDecay", **SCHEDULE)), found, module)
    assert scheduled.learning_rate == pytest.approx(0.01)
    give(module, found, SHORT[0])
    scheduled.step()
    assert scheduled.learning_rate == pytest.approx(0.01 * 0.7 ** (1 / 3))
    with pytest.raises(TypeError, match="ExponentialDecay"):
        scheduled.learning_rate = 0.1


def test_parameters_of_python_layers_are_trained() -> None:
    module, found = kinds()
    module.register_parameter("own", nn.Parameter(torch.ones(2, 3)))
    updater = Updater(recipe("Lamb", learning_rate=0.5), found, module)
    own = module.get_parameter("own")
    own.grad = torch.ones_like(own)
    updater.step()
    torch.testing.assert_close(own.detach(), torch.full_like(own, 0.5))
    assert "own.momentum" in updater.state()


def copied(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in state.items()}


def variants(name: str) -> dict[str, Any]:
    own = {"SGD": {"momentum": 0.9}, "RMSprop": {"momentum": 0.9, "centered": True}, "Adam": {"amsgrad": True}}
    return {"gradient_accumulation_steps": 3, "use_ema": True, "global_clipnorm": 0.1, **own.get(name, {})}


@pytest.mark.parametrize("name", NAMES["optimizer"])
@pytest.mark.parametrize("stop", [6, 7])
def test_a_state_goes_on_to_the_same_bits(name: str, stop: int) -> None:
    made = recipe(name, learning_rate=recipe("ExponentialDecay", **SCHEDULE), **variants(name))
    module, found = kinds()
    updater = Updater(made, found, module)
    for step in SHORT[:stop]:
        give(module, found, step)
        updater.step()
    weights, state = copied(module.state_dict()), copied(updater.state())
    assert any(key.endswith(".gradient") for key in state) == (stop == 7)  # in the middle of an accumulation
    again = kinds()[0]
    again.load_state_dict(weights)
    resumed = Updater(made, found, again)
    give(again, found, SHORT[0])  # of a step that was not made: it is forgotten
    resumed.restore(state)
    for step in SHORT[stop:]:
        for going, with_weights in ((updater, module), (resumed, again)):
            give(with_weights, found, step)
            going.step()
    assert all(torch.equal(*pair) for pair in zip(module.parameters(), again.parameters(), strict=True))
    assert updater.state().keys() == resumed.state().keys()
    assert all(torch.equal(value, resumed.state()[key]) for key, value in updater.state().items())
    assert not all(torch.equal(value, state[key]) for key, value in updater.state().items() if key in state)


def test_a_rate_that_was_set_is_part_of_the_state() -> None:
    module, found = kinds()
    updater = Updater(recipe("SGD"), found, module)
    updater.learning_rate = 1 / 3
    resumed = Updater(recipe("SGD"), found, module)
    resumed.restore(updater.state())
    assert resumed.learning_rate == 1 / 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: state.pop("dense.bias.momentum"), "has no `dense.bias.momentum`"),
        (lambda state: state.update({"other.bias.momentum": torch.zeros(3)}), "has `other.bias.momentum`"),
        (lambda state: state.update({"dense.bias.momentum": torch.zeros(3)}), "`dense.bias.momentum`"),
        (lambda state: state.update({"dense.bias.momentum": torch.zeros(6).double()}), "`dense.bias.momentum`"),
        (lambda state: state.update({"other.bias.gradient": torch.zeros(3)}), "`other.bias.gradient`"),
    ],
)
def test_a_state_that_does_not_fit_is_refused_whole(change: Any, message: str) -> None:
    module, found = kinds()
    updater = Updater(recipe("Adam"), found, module)
    give(module, found, SHORT[0])
    updater.step()
    state, other = copied(updater.state()), Updater(recipe("Adam"), found, module)
    before = copied(other.state())
    change(state)
    with pytest.raises(ValueError, match=message):
        other.restore(state)
    assert all(torch.equal(value, before[key]) for key, value in other.state().items())
