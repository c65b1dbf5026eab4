"""The recurrent layers and Bidirectional against Keras."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import keras
import pytest
import torch
from torch import Tensor

from nndsl.dims import symbol
from nndsl.layers.base import Layer, TensorType
from nndsl.layers.bidirectional import Bidirectional
from nndsl.layers.recurrence import Recurrent
from nndsl.layers.recurrent import GRU, LSTM, SimpleRNN
from nndsl.module import build
from tests.layers.sequences import compare, kind_of, random, refusal, source

CLASSES: dict[type[Recurrent], type[keras.layers.Layer]] = {
    LSTM: keras.layers.LSTM,
    GRU: keras.layers.GRU,
    SimpleRNN: keras.layers.SimpleRNN,
}
STATES = {LSTM: 2, GRU: 1, SimpleRNN: 1}
GATED: tuple[dict[str, Any], ...] = (
    {"recurrent_activation": "hard_sigmoid"},
    {"activation": "relu", "recurrent_activation": "softmax"},
)
ARGUMENTS: tuple[dict[str, Any], ...] = (
    {},
    {"use_bias": False},
    {"return_sequences": True},
    {"return_state": True},
    {"return_sequences": True, "return_state": True, "go_backwards": True},
    {"go_backwards": True},
    {"activation": "relu"},
    {"activation": None, "return_state": True},
    {"activation": "leaky_relu", "return_sequences": True},
    {"activation": "elu", "use_bias": False, "unroll": True},
    {"activation": "sparsemax"},
    {"activation": "squareplus"},
    {"recurrent_dropout": 0.3},
    {"dropout": 0.3, "return_sequences": True},
)
CASES = [
    *((declared, arguments) for declared in CLASSES for arguments in ARGUMENTS),
    *((declared, arguments) for declared in (LSTM, GRU) for arguments in GATED),
    *((GRU, {"reset_after": False, **arguments}) for arguments in (*ARGUMENTS[:5], *GATED)),
    (LSTM, {"unit_forget_bias": False}),
]


@pytest.mark.parametrize(("declared", "arguments"), CASES)
def test_layer(declared: type[Recurrent], arguments: dict[str, Any]) -> None:
    compare(declared(units=4, **arguments), CLASSES[declared](4, **arguments), random((3, 5, 6)))


@pytest.mark.parametrize("declared", CLASSES)
@pytest.mark.parametrize("activation", ["tanh", "softsign"])
def test_initial_state(declared: type[Recurrent], activation: str) -> None:
    arguments = {"activation": activation, "return_state": True}
    states = random(*[(3, 4)] * STATES[declared], seed=5)
    twin = CLASSES[declared](4, **arguments)
    compare(declared(units=4, **arguments), twin, random((3, 5, 6)), {"initial_state": states})


@pytest.mark.parametrize("declared", CLASSES)
@pytest.mark.parametrize("merge_mode", ["concat", "sum", "mul", "ave", None])
@pytest.mark.parametrize(("sequences", "state"), [(False, False), (True, False), (False, True), (True, True)])
def test_bidirectional(declared: type[Recurrent], merge_mode: str | None, sequences: bool, state: bool) -> None:
    arguments = {"return_sequences": sequences, "return_state": state}
    twin = keras.layers.Bidirectional(CLASSES[declared](4, **arguments), merge_mode=merge_mode)
    compare(Bidirectional(declared(units=4, **arguments), merge_mode), twin, random((3, 5, 6)))


@pytest.mark.parametrize("declared", CLASSES)
@pytest.mark.parametrize(
    "arguments", [{"use_bias": False}, {"activation": "relu"}, {"activation": "elu"}, {"dropout": 0.3}]
)
def test_bidirectional_of(declared: type[Recurrent], arguments: dict[str, Any]) -> None:
    twin = keras.layers.Bidirectional(CLASSES[declared](4, **arguments))
    compare(Bidirectional(declared(units=4, **arguments)), twin, random((3, 5, 6)))


@pytest.mark.parametrize("declared", CLASSES)
def test_backward_layer(declared: type[Recurrent]) -> None:
    both = {"return_sequences": True}
    other = {"activation": "relu", "go_backwards": True}
    twin = keras.layers.Bidirectional(
        CLASSES[declared](4, **both), backward_layer=CLASSES[declared](4, **both, **other)
    )
    layer = Bidirectional(declared(units=4, **both), backward_layer=declared(units=4, **both, **other))
    compare(layer, twin, random((3, 5, 6)))


@pytest.mark.parametrize("declared", CLASSES)
def test_bidirectional_initial_state(declared: type[Recurrent]) -> None:
    twin = keras.layers.Bidirectional(CLASSES[declared](4))
    states = random(*[(3, 4)] * (2 * STATES[declared]), seed=5)
    compare(Bidirectional(declared(units=4)), twin, random((3, 5, 6)), {"initial_state": states})


def masks(*shape: int) -> Tensor:
    """Return what dropout draws in the tests below: one mask a gate, in PyTorch's order of gates."""
    generator = torch.Generator().manual_seed(shape[-1])
    return torch.bernoulli(torch.full((4, *shape), 0.7), generator=generator) / 0.7


def fixed_dropout(x: Tensor, p: float, training: bool = True) -> Tensor:
    """Stand for F.dropout, on ones of (gates, N, …, width) or of one mask alone."""
    if not training or not p:
        return x
    gates = x.shape[0] if x.ndim == 3 + (x.shape[-2] == 1) else 1
    found = masks(3, x.shape[-1])[:gates]
    return x * (found if x.shape[-2] == 3 else found.unsqueeze(-2)).reshape(x.shape)


def fixed_dropout1d(x: Tensor, p: float, training: bool = True) -> Tensor:
    """Stand for F.dropout1d, on (N, width, T)."""
    return x * masks(3, x.shape[1])[0][..., None] if training else x


@pytest.mark.parametrize("declared", CLASSES)
@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize(
    "arguments",
    [
        {"dropout": 0.3},
        {"dropout": 0.3, "activation": "elu"},
        {"recurrent_dropout": 0.3},
        {"dropout": 0.3, "recurrent_dropout": 0.3},
    ],
)
def test_dropout(
    declared: type[Recurrent], wrapped: bool, arguments: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def keras_mask(self: Any, step: Tensor, rate: float) -> Any:
        if not rate:
            return None
        found = masks(3, step.shape[-1])
        if getattr(self, "dropout_mask_count", None) is None:
            return found[0]
        order = sorted(range(len(declared.gates)), key=declared.gates.__getitem__)
        return [found[gate] for gate in order]

    cell = keras.src.layers.rnn.dropout_rnn_cell.DropoutRNNCell
    monkeypatch.setattr(cell, "get_dropout_mask", lambda self, step: keras_mask(self, step, self.dropout))
    monkeypatch.setattr(
        cell, "get_recurrent_dropout_mask", lambda self, step: keras_mask(self, step, self.recurrent_dropout)
    )
    monkeypatch.setattr(torch.nn.functional, "dropout", fixed_dropout)
    monkeypatch.setattr(torch.nn.functional, "dropout1d", fixed_dropout1d)
    layer, twin = declared(units=4, **arguments), CLASSES[declared](4, **arguments)
    if wrapped:
        layer, twin = Bidirectional(layer), keras.layers.Bidirectional(twin)
    compare(layer, twin, random((3, 5, 6)), training=True)


@pytest.mark.parametrize("declared", CLASSES)
def test_dropout_draws_anew(declared: type[Recurrent]) -> None:
    layer = declared(units=4, dropout=0.5, recurrent_dropout=0.5)
    module = build(*source(layer, [kind_of(*random((3, 5, 6)))]), seed=1)
    x = torch.ones(3, 5, 6)
    assert not torch.equal(module(x), module(x))
    assert torch.equal(module.eval()(x), module(x))


def test_initial_weights() -> None:
    """Keras's: the forget gate open, the other biases zero, the recurrent kernel orthogonal."""
    x = kind_of(*random((3, 5, 6)))
    for layer, suffixes in ((LSTM(units=4), ("",)), (Bidirectional(LSTM(units=4)), ("", "_reverse"))):
        module = build(*source(layer, [x]), seed=1).layer
        for suffix in suffixes:
            bias = getattr(module, f"bias_ih_l0{suffix}")
            assert bias.tolist() == [0.0] * 4 + [1.0] * 4 + [0.0] * 8
            kernel = getattr(module, f"weight_hh_l0{suffix}")
            torch.testing.assert_close(kernel.T @ kernel, torch.eye(4))
            assert getattr(module, f"weight_ih_l0{suffix}").abs().max() < (6 / (6 + 16)) ** 0.5
    assert not build(*source(LSTM(units=4, unit_forget_bias=False), [x]), seed=1).layer.bias_ih_l0.any()


def test_keys_stay() -> None:
    """What an argument's value changes in the emission does not change the keys."""
    x = kind_of(*random((3, 5, 6)))
    for declared, others in (
        (LSTM, {"activation": "relu"}),
        (GRU, {"reset_after": False}),
        (SimpleRNN, {"recurrent_dropout": 0.5}),
    ):
        first, second = (build(*source(each, [x])) for each in (declared(units=4), declared(units=4, **others)))
        assert list(first.state_dict()) == list(second.state_dict())


@pytest.mark.parametrize(
    ("layer", "shape", "keywords", "code", "message"),
    [
        (LSTM(units=4), (3, 6), {}, "E0401", "`LSTM` takes (N, steps, features)"),
        (LSTM(units=4, stateful=True), (3, 5, 6), {}, "E0307", "keeps no state"),
        (GRU(units=4, activation="glu"), (3, 5, 6), {}, "E0303", "`glu` halves it"),
        (LSTM(units=4), (3, 5, 6), {"initial_state": ((3, 4),)}, "E0411", "takes a list of 2 states"),
        (GRU(units=4), (3, 5, 6), {"initial_state": ((3, 5),)}, "E0411", "is (N, 4), and what it is given is (N, 5)"),
        (Bidirectional(GRU(units=4)), (3, 5, 6), {"initial_state": ((3, 4),)}, "E0411", "takes a list of 2 states"),
        (Bidirectional(LSTM(units=4, go_backwards=True)), (3, 5, 6), {}, "E0305", "goes forwards"),
        (Bidirectional(LSTM(units=4, trainable=False)), (3, 5, 6), {}, "E0305", "together"),
        (Bidirectional(LSTM(units=4), backward_layer=LSTM(units=4)), (3, 5, 6), {}, "E0305", "`go_backwards=true`"),
        *(
            (Bidirectional(LSTM(units=4), backward_layer=backward), (3, 5, 6), {}, "E0305", message)
            for backward, message in (
                (GRU(units=4, go_backwards=True), "same class"),
                (LSTM(units=5, go_backwards=True), "`units`"),
                (LSTM(units=4, go_backwards=True, return_sequences=True), "`return_sequences`"),
            )
        ),
    ],
)
def test_refusals(layer: Layer, shape: tuple[int, ...], keywords: dict[str, Any], code: str, message: str) -> None:
    given = {name: tuple(kind_of(*random(shape)) for shape in shapes) for name, shapes in keywords.items()}
    error = refusal(layer, [kind_of(*random(shape))], given)
    assert error.code == code
    assert message in error.message


def test_integers_are_refused() -> None:
    assert refusal(LSTM(units=4), [TensorType((symbol("N"), 5, 6), "int64")]).code == "E0405"


def test_symbolic_steps() -> None:
    """Any number of steps, in every kind of emission."""
    x = TensorType((symbol("N"), symbol("T"), 6))
    for layer in (LSTM(units=4, return_sequences=True), GRU(units=4, reset_after=False, go_backwards=True)):
        module = build(*source(layer, [x]))
        for steps in (1, 2, 7):
            wanted = (2, steps, 4) if layer.return_sequences else (2, 4)
            assert module(torch.ones(2, steps, 6)).shape == wanted


def test_pickle() -> None:
    x = kind_of(*random((3, 5, 6)))
    layer = LSTM(units=4, activation="leaky_relu", recurrent_activation="hard_sigmoid")
    module = build(*source(layer, [x]))
    again = pickle.loads(pickle.dumps(copy.deepcopy(module)))
    assert torch.equal(again(torch.ones(2, 5, 6)), module(torch.ones(2, 5, 6)))
