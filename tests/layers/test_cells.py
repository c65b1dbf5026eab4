"""RNN, alone and with several cells, against Keras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import pytest
import torch
from torch import Tensor

import nndsl
from nndsl.layers.bidirectional import Bidirectional
from nndsl.layers.cells import Cell, GRUCell, LSTMCell, SimpleRNNCell
from nndsl.layers.recurrence import Recurrent
from nndsl.layers.recurrent import GRU
from nndsl.layers.rnn import RNN
from tests.layers.masked import TOKENS, embedded, embedding
from tests.layers.masked import compare as compare_text
from tests.layers.sequences import compare, kind_of, random, refusal
from tests.layers.test_recurrent import fixed_dropout, fixed_dropout1d, masks

CELLS: dict[type[Cell], type[keras.layers.Layer]] = {
    LSTMCell: keras.layers.LSTMCell,
    GRUCell: keras.layers.GRUCell,
    SimpleRNNCell: keras.layers.SimpleRNNCell,
}
OF_LAYER: tuple[dict[str, Any], ...] = (
    {},
    {"return_sequences": True},
    {"return_state": True},
    {"return_sequences": True, "return_state": True, "go_backwards": True},
    {"go_backwards": True, "unroll": True},
)
OF_CELL: tuple[dict[str, Any], ...] = (
    {"use_bias": False},
    {"activation": "relu"},
    {"activation": None},
    {"recurrent_dropout": 0.3},
    {"dropout": 0.3},
)
CASES = [
    *((declared, {}, arguments) for declared in CELLS for arguments in OF_LAYER),
    *((declared, arguments, {"return_sequences": True}) for declared in CELLS for arguments in OF_CELL),
    (GRUCell, {"reset_after": False}, {}),
    (GRUCell, {"recurrent_activation": "hard_sigmoid"}, {}),
    (LSTMCell, {"recurrent_activation": "hard_sigmoid", "unit_forget_bias": False}, {}),
]


@pytest.mark.parametrize(("declared", "of_cell", "of_layer"), CASES)
def test_one_cell(declared: type[Cell], of_cell: dict[str, Any], of_layer: dict[str, Any]) -> None:
    twin = keras.layers.RNN(CELLS[declared](4, **of_cell), **of_layer)
    compare(RNN(declared(4, **of_cell), **of_layer), twin, random((3, 5, 6)))


@pytest.mark.parametrize("declared", CELLS)
def test_initial_state(declared: type[Cell]) -> None:
    states = random(*[(3, 4)] * declared.states, seed=5)
    twin = keras.layers.RNN(CELLS[declared](4), return_state=True)
    compare(RNN(declared(4), return_state=True), twin, random((3, 5, 6)), {"initial_state": states})


@pytest.mark.parametrize("declared", CELLS)
@pytest.mark.parametrize("merge_mode", ["concat", "sum"])
@pytest.mark.parametrize("of_layer", OF_LAYER[:3], ids=str)
def test_bidirectional(declared: type[Cell], merge_mode: str, of_layer: dict[str, Any]) -> None:
    twin = keras.layers.Bidirectional(keras.layers.RNN(CELLS[declared](4), **of_layer), merge_mode=merge_mode)
    compare(Bidirectional(RNN(declared(4), **of_layer), merge_mode), twin, random((3, 5, 6)))


@pytest.mark.parametrize("declared", CELLS)
@pytest.mark.parametrize(
    "arguments", [{"dropout": 0.3}, {"recurrent_dropout": 0.3}, {"dropout": 0.3, "recurrent_dropout": 0.3}], ids=str
)
def test_dropout(declared: type[Cell], arguments: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    fix_dropout(monkeypatch)
    twin = keras.layers.RNN(CELLS[declared](4, **arguments))
    compare(RNN(declared(4, **arguments)), twin, random((3, 5, 6)), training=True)


def fix_dropout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let both draw the masks of ``masks``, one a gate where there is more than one."""

    def keras_mask(self: Any, step: Tensor, rate: float) -> Any:
        if not rate:
            return None
        found = masks(3, step.shape[-1])
        if getattr(self, "dropout_mask_count", None) is None:
            return found[0]
        gates = next(declared for declared, twin in CELLS.items() if isinstance(self, twin)).gates
        return [found[gate] for gate in sorted(range(len(gates)), key=gates.__getitem__)]

    cell = keras.src.layers.rnn.dropout_rnn_cell.DropoutRNNCell
    monkeypatch.setattr(cell, "get_dropout_mask", lambda self, step: keras_mask(self, step, self.dropout))
    monkeypatch.setattr(
        cell, "get_recurrent_dropout_mask", lambda self, step: keras_mask(self, step, self.recurrent_dropout)
    )
    monkeypatch.setattr(torch.nn.functional, "dropout", fixed_dropout)
    monkeypatch.setattr(torch.nn.functional, "dropout1d", fixed_dropout1d)


def written(arguments: Mapping[str, Any], *before: str) -> str:
    """Return arguments as a file has them, behind those that are written already."""
    return ", ".join([*before, *(f"{name}={str(value).lower()}" for name, value in arguments.items())])


MASKED: tuple[dict[str, Any], ...] = (
    *OF_LAYER[:4],
    {"zero_output_for_mask": True},
    {"zero_output_for_mask": True, "return_sequences": True},
    {"zero_output_for_mask": True, "go_backwards": True, "return_state": True},
    {"zero_output_for_mask": True, "return_sequences": True, "return_state": True, "go_backwards": True},
)


@pytest.mark.parametrize("name", ["LSTMCell", "GRUCell", "SimpleRNNCell"])
@pytest.mark.parametrize(
    ("activation", "arguments"),
    [*(("tanh", arguments) for arguments in MASKED), *(("elu", arguments) for arguments in MASKED[3::2])],
    ids=str,
)
def test_masks(name: str, activation: str, arguments: dict[str, Any]) -> None:
    table, cell = embedding(), getattr(keras.layers, name)(4, activation=activation)
    layer = keras.layers.RNN(cell, **arguments)
    states = arguments.get("return_state", False) * (2 if name == "LSTMCell" else 1)
    targets = ", ".join(["y", "h", "c"][: 1 + states])
    cells = f'{name}(4, activation="{activation}")'
    made = f'RNN({written(arguments, cells)}, name="layer")'
    text = embedded(f"{targets} = {made}(x)", f"output {targets}")
    compare_text(text, {"embedding": table, "layer": layer}, lambda tokens: layer(table(tokens)), TOKENS)


@pytest.mark.parametrize("name", ["LSTM", "GRU", "SimpleRNN"])
@pytest.mark.parametrize("sequences", [False, True])
def test_zero_output_for_mask(name: str, sequences: bool) -> None:
    """Keras's own layers hand the argument on."""
    arguments = {"zero_output_for_mask": True, "return_sequences": sequences}
    table, layer = embedding(), getattr(keras.layers, name)(4, **arguments)
    text = embedded(f'x -> {name}({written(arguments, "4")}, name="layer")')
    compare_text(text, {"embedding": table, "layer": layer}, lambda tokens: layer(table(tokens)), TOKENS)


@pytest.mark.parametrize("cell", ["LSTM", "GRU", "SimpleRNN"])
def test_a_cell_is_its_layer(cell: str) -> None:
    """`RNN(LSTMCell(4))` has the keys, the initial weights and the source of `LSTM(4)`."""
    first, second = (
        nndsl.compile(f"model Net {{\n  input x: (5, 6)\n\n  y = x -> {made}\n  output y -> Dense(2) as z\n}}\n")
        for made in (f"{cell}(4)", f"RNN({cell}Cell(4))")
    )
    assert first.source == second.source
    assert list(first.module(seed=1).state_dict()) == list(second.module(seed=1).state_dict())


KEYS = """
block Reader(cell, units) {
  input x
  y = x -> RNN(cell, return_sequences=true)
  y -> RNN([GRUCell(units), LSTMCell(units)])
}

model Net {
  input x: (5, 4)

  cell = GRUCell(4)
  y = x -> RNN(cell, return_sequences=true) -> RNN(cell, return_sequences=true)
  for i in range(2) {
    y = y -> RNN([GRUCell(4), GRUCell(4)], return_sequences=true) as deep
  }
  v = y -> Reader(LSTMCell(3), 2)
  z = y -> Bidirectional(RNN(GRUCell(3)))
  w = TimeDistributed(RNN([GRUCell(2), SimpleRNNCell(3)]))(y -> Reshape((5, 4, 1)))
  output Reader(cell, 2)(y), v, w, z
}
"""


def test_keys() -> None:
    module = nndsl.compile(KEYS).module(seed=1)
    names = list(dict.fromkeys(key.rpartition(".")[0] for key in module.state_dict()))
    assert names == [
        "cell",
        *(f"deep_{cell}.{turn}" for cell in ("gru_cell", "gru_cell_1") for turn in (0, 1)),
        *("v.cell", "v.rnn_gru_cell", "v.rnn_lstm_cell"),
        "z",
        *("w_gru_cell", "w_simple_rnn_cell"),
        *("reader.rnn_gru_cell", "reader.rnn_lstm_cell"),
    ]
    assert all(each.isfinite().all() for each in module(torch.ones(2, 5, 4)))


def test_one_cell_in_two_layers() -> None:
    """It has one set of weights."""
    cell = keras.layers.GRUCell(6)
    first, second = keras.layers.RNN(cell, return_sequences=True), keras.layers.RNN(cell, go_backwards=True)
    text = (
        "model Net {\n  input x: (5, 6)\n\n  cell = GRUCell(6)\n"
        "  x -> RNN(cell, return_sequences=true)\n  RNN(cell, go_backwards=true)\n}\n"
    )
    compare_text(text, {"cell": cell}, lambda x: second(first(x)), *random((3, 5, 6)))


@pytest.mark.parametrize("made", ["RNN(GRUCell(4), trainable=false)", "RNN(GRUCell(4, trainable=false))"])
def test_trainable(made: str) -> None:
    module = nndsl.compile(f"model Net {{\n  input x: (5, 6)\n\n  x -> {made}\n  Dense(3)\n}}\n").module(seed=1)
    assert not any(each.requires_grad for each in module.rnn.parameters())
    assert all(each.requires_grad for each in module.dense.parameters())


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "float64"])
def test_policies(policy: str) -> None:
    text = f'set dtype_policy = "{policy}"\n' + embedded(
        'output x -> RNN([LSTMCell(4), GRUCell(3, activation="elu")]), x -> Bidirectional(RNN(GRUCell(4)))'
    )
    for found in nndsl.compile(text).module(seed=1)(torch.tensor(TOKENS)):
        assert found.dtype == (torch.float64 if policy == "float64" else torch.bfloat16)
        assert found.isfinite().all()


def test_any_number_of_steps() -> None:
    text = "model Net {\n  input x: (T, 6)\n\n  RNN([LSTMCell(4), GRUCell(3)], return_sequences=true)\n}\n"
    module = nndsl.compile(text).module(seed=1)
    for steps in (1, 2, 7):
        assert module(torch.ones(2, steps, 6)).shape == (2, steps, 3)


@pytest.mark.parametrize(
    ("made", "code", "message"),
    [
        ("LSTMCell(4)(x)", "E0329", "`LSTMCell` is one step of a recurrent layer"),
        ("LSTMCell(4)(x, x)", "E0329", "`LSTMCell` is one step of a recurrent layer"),
        ("StackedRNNCells([LSTMCell(4)])(x)", "E0329", "`StackedRNNCells` is one step of a recurrent layer"),
        ("TimeDistributed(GRUCell(4))(x)", "E0329", "`GRUCell` is one step of a recurrent layer"),
        ("RNN(LSTM(4))(x)", "E0302", "not `LSTM`, which goes over all steps itself"),
        ("RNN(Dense(4))(x)", "E0302", "not `Dense`"),
        ("RNN([])(x)", "E0302", "and is empty"),
        ("RNN([LSTMCell(4), LSTM(4)])(x)", "E0302", "and has `LSTM` among them"),
        ("RNN([StackedRNNCells([GRUCell(4)])])(x)", "E0302", "not of stacks"),
        ("StackedRNNCells(GRUCell(4))(x)", "E0302", "not `GRUCell`"),
        ("RNN(GRUCell(4), stateful=true)(x)", "E0307", "keeps no state"),
        ("Bidirectional(RNN([GRUCell(4), GRUCell(4)]))(x, initial_state=[h, h])", "E0411", "takes a list of 4"),
        ("Bidirectional(RNN([GRUCell(4), GRUCell(4)], go_backwards=true))(x)", "E0305", "goes forwards"),
        (
            "Bidirectional(RNN([GRUCell(4)]), backward_layer=RNN([LSTMCell(4)], go_backwards=true))(x)",
            "E0305",
            "of the same class as the layer: `GRUCell`",
        ),
        ("Bidirectional(GRUCell(4))(x)", "E0302", "must be a recurrent layer"),
        ('RNN(GRUCell(4, activation="glu"))(x)', "E0303", "`glu` halves it"),
        ('RNN(GRUCell(4, dtype="float64"))(x)', "E0305", "`RNN` is float32, and the cell in it float64"),
        ("RNN([GRUCell(4)])(x, initial_state=h)", "E0411", "takes a list of 1 as its `initial_state`"),
        ("RNN([GRUCell(4), GRUCell(4)])(x, initial_state=[h])", "E0411", "and is given 1"),
        ("RNN([LSTMCell(4)])(x, initial_state=[h])", "E0411", "`LSTMCell` takes a list of 2 states"),
        ("RNN([GRUCell(3)])(x, initial_state=[h])", "E0411", "a state of `GRUCell` is (N, 3)"),
        ("RNN([GRUCell(4)])(x, state=[h])", "E0205", "`RNN` is not applied with `state`"),
        ("RNN([GRUCell(4), GRUCell(3)])(h)", "E0401", "`RNN` takes (N, steps, features)"),
    ],
)
def test_refusals(made: str, code: str, message: str) -> None:
    (error,) = nndsl.check(f"model Net {{\n  input x: (5, 6)\n  input h: (4)\n\n  output {made}, other: h\n}}\n")
    assert error.code == code
    assert message in error.message


def test_cells_of_two_directions_that_are_made_elsewhere_are_refused() -> None:
    """`Bidirectional` has weights of its own, and these would need a place."""
    text = "model Net {\n  input x: (5, 6)\n\n  layer = RNN([GRUCell(4), GRUCell(4)])\n  x -> Bidirectional(layer)\n}\n"
    (error,) = nndsl.check(text)
    assert (error.code, "these cells are made elsewhere" in error.message) == ("E0305", True)


def test_a_cell_that_is_made_elsewhere_says_itself_that_it_is_not_trained() -> None:
    text = "model Net {\n  input x: (5, 6)\n\n  cell = GRUCell(4)\n  RNN(cell, trainable=false)\n}\n"
    (error,) = nndsl.check(text)
    assert (error.code, error.message) == ("E0305", "an `RNN` and its cell are trained or not together")


@pytest.mark.parametrize(
    ("layer", "other"),
    [(RNN(GRUCell(4)), GRU(4, go_backwards=True)), (RNN(GRUCell(4)), RNN(GRUCell(5), go_backwards=True))],
)
def test_directions_that_differ_are_refused(layer: Recurrent, other: Recurrent) -> None:
    found = refusal(Bidirectional(layer, backward_layer=other), [kind_of(*random((3, 5, 6)))])
    assert found.code == "E0305"
