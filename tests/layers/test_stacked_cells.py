"""RNN of several cells against Keras: states, masks, both directions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import pytest
import torch
from torch import Tensor

import nndsl
from tests.layers.masked import TOKENS, embedded, embedding, mask_of
from tests.layers.masked import compare as compare_text
from tests.layers.sequences import random
from tests.layers.test_cells import MASKED, OF_LAYER, fix_dropout, written


def flat(found: Any) -> list[Tensor]:
    """Return an output and its states without their lists."""
    return [found] if isinstance(found, Tensor) else [item for each in found for item in flat(each)]


STACKS = {
    "LSTMCell(4), GRUCell(3)": ([("lstm_cell", "LSTMCell", 4), ("gru_cell", "GRUCell", 3)]),
    "GRUCell(4), SimpleRNNCell(3), GRUCell(2)": (
        [("gru_cell", "GRUCell", 4), ("simple_rnn_cell", "SimpleRNNCell", 3), ("gru_cell_1", "GRUCell", 2)]
    ),
}


@pytest.mark.parametrize("cells", STACKS)
@pytest.mark.parametrize(
    ("masked", "form", "arguments"),
    [
        *((False, "[{}]", arguments) for arguments in OF_LAYER[1:4]),
        *((True, "[{}]", arguments) for arguments in MASKED),
        *((True, form, OF_LAYER[0]) for form in ("StackedRNNCells([{}])", "({})")),
    ],
    ids=str,
)
def test_stacks(cells: str, masked: bool, form: str, arguments: dict[str, Any]) -> None:
    table, twins = keras.layers.Embedding(8, 5, mask_zero=masked), twins_of(cells)
    layer = keras.layers.RNN([twins[key] for key in twins], **arguments)
    made = f"RNN({written(arguments, form.format(cells))}, name={NAME})"
    text = embedded(*taken(made, cells, arguments)).replace("mask_zero=true", f"mask_zero={str(masked).lower()}")
    compiled = compare_text(text, {"embedding": table, **twins}, lambda tokens: flat(layer(table(tokens))), TOKENS)
    assert "Stepwise" not in compiled.source


NAME = '"layer"'


def twins_of(cells: str) -> dict[str, Any]:
    """Return Keras's cells by their keys."""
    return {f"layer_{key}": getattr(keras.layers, name)(units) for key, name, units in STACKS[cells]}


def taken(made: str, cells: str, arguments: Mapping[str, Any], given: str = "") -> list[str]:
    """Return the lines that apply a stack and put out all that it gives."""
    if not arguments.get("return_state"):
        return [f"output {made}(x{given})"]
    names = [f"s{number}" for number in range(len(STACKS[cells]))]
    lines = [f"y, {', '.join(names)} = {made}(x{given})"]
    outputs = ["y"]
    for name, (_, kind, _) in zip(names, STACKS[cells], strict=True):
        if kind == "LSTMCell":
            lines.append(f"{name}_h, {name}_c = {name}")
            outputs += [f"{name}_h", f"{name}_c"]
        else:
            outputs.append(name)
    return [*lines, f"output {', '.join(outputs)}"]


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("arguments", [OF_LAYER[1], OF_LAYER[3]], ids=str)
def test_initial_states_of_a_stack(masked: bool, arguments: dict[str, Any]) -> None:
    cells = "LSTMCell(4), GRUCell(3)"
    table, twins = keras.layers.Embedding(8, 5, mask_zero=masked), twins_of(cells)
    layer = keras.layers.RNN([twins[key] for key in twins], **arguments)
    made = f"RNN({written(arguments, f'[{cells}]')}, name={NAME})"
    text = embedded(
        *taken(made, cells, arguments, ", initial_state=[[h, c], g]"), inputs="tokens: int64(6); h: (4); c: (4); g: (3)"
    ).replace("mask_zero=true", f"mask_zero={str(masked).lower()}")

    def expected(tokens: Any, h: Any, c: Any, g: Any) -> Any:
        x = table(tokens)
        return flat(layer(x, initial_state=[[h, c], [g]], mask=mask_of(x)))

    states = [random((len(TOKENS), units), seed=units)[0] for units in (4, 4, 3)]
    compare_text(text, {"embedding": table, **twins}, expected, TOKENS, *states)


class Both:
    """The cells of one number in the two directions of Keras's layer, as if they were one layer."""

    def __init__(self, layer: keras.layers.Layer, number: int) -> None:
        self.layer = layer
        self.number = number

    @property
    def weights(self) -> list[Any]:
        """Those of the first direction, then those of the second."""
        both = self.layer.forward_layer.cell, self.layer.backward_layer.cell
        return [weight for cell in both for weight in cell.cells[self.number].weights]

    trainable_variables = weights


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    ("merge_mode", "options"),
    [
        ("concat", {"return_sequences": True}),
        ("sum", {}),
        ("mul", {"return_state": True}),
        (None, {"return_state": True, "return_sequences": True}),
    ],
)
@pytest.mark.parametrize("activation", ["tanh", "elu"])
def test_both_directions_of_a_stack(
    masked: bool, merge_mode: str | None, options: dict[str, Any], activation: str
) -> None:
    table, cells = keras.layers.Embedding(8, 5, mask_zero=masked), keras.layers
    rnn = keras.layers.RNN([cells.LSTMCell(4), cells.GRUCell(3, activation=activation), cells.GRUCell(2)], **options)
    layer = keras.layers.Bidirectional(rnn, merge_mode=merge_mode)
    stack = f'[LSTMCell(4), GRUCell(3, activation="{activation}"), GRUCell(2)]'
    mode = "none" if merge_mode is None else f'"{merge_mode}"'
    made = f"Bidirectional(RNN({written(options, stack)}), {mode}, name={NAME})"
    outputs = ["y"] if merge_mode else ["y", "z"]
    lines, states = [], []
    if "return_state" in options:
        states = [f"{name}{way}" for way in (0, 1) for name in "abc"]
        lines = [f"h{way}, c_{way} = a{way}" for way in (0, 1)]
    lines.insert(0, f"{', '.join([*outputs, *states])} = {made}(x)")
    given = [each for state in states for each in ([f"h{state[1]}", f"c_{state[1]}"] if state[0] == "a" else [state])]
    text = embedded(*lines, f"output {', '.join([*outputs, *given])}")
    text = text.replace("mask_zero=true", f"mask_zero={str(masked).lower()}")
    keys = ("layer_lstm_cell", "layer_gru_cell", "layer_gru_cell_1")
    twins = {key: Both(layer, number) for number, key in enumerate(keys)}
    compare_text(text, {"embedding": table, **twins}, lambda tokens: flat(layer(table(tokens))), TOKENS)


def test_both_directions_of_a_stack_of_one_cell() -> None:
    """The states of the cell are one item, as those of any stack."""
    layer = keras.layers.Bidirectional(keras.layers.RNN([keras.layers.LSTMCell(4)], return_state=True))
    text = (
        "model Net {\n  input x: (5, 6)\n\n"
        '  y, a, b = Bidirectional(RNN([LSTMCell(4)], return_state=true), name="layer")(x)\n'
        "  output y, a[0], a[1], b[0], b[1]\n}\n"
    )
    compare_text(text, {"layer": Both(layer, 0)}, lambda x: flat(layer(x)), *random((3, 5, 6)))


def test_initial_states_of_both_directions() -> None:
    rnn = keras.layers.RNN([keras.layers.LSTMCell(4), keras.layers.GRUCell(3)])
    table, layer = embedding(), keras.layers.Bidirectional(rnn)
    names = ["h", "c", "g", "h1", "c1", "g1"]
    text = embedded(
        f"y = Bidirectional(RNN([LSTMCell(4), GRUCell(3)]), name={NAME})",
        "output y(x, initial_state=[[h, c], g, [h1, c1], g1])",
        inputs="; ".join(["tokens: int64(6)", *(f"{name}: ({3 if name[0] == 'g' else 4})" for name in names)]),
    )

    def expected(tokens: Any, *states: Any) -> Any:
        x = table(tokens)
        h, c, g, h1, c1, g1 = states
        return layer(x, initial_state=[[h, c], [g], [h1, c1], [g1]], mask=mask_of(x))

    states = random(*[(len(TOKENS), 3 if name[0] == "g" else 4) for name in names])
    twins = {"layer_lstm_cell": Both(layer, 0), "layer_gru_cell": Both(layer, 1)}
    compare_text(text, {"embedding": table, **twins}, expected, TOKENS, *states)


def test_dropout_of_both_directions_of_a_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    """The directions lose other features: both are in one batch, of whose results half is taken."""
    fix_dropout(monkeypatch)
    first, second = keras.layers.LSTMCell(4, dropout=0.3), keras.layers.GRUCell(3, dropout=0.3)
    layer = keras.layers.Bidirectional(keras.layers.RNN([first, second]))
    text = (
        "model Net {\n  input x: (5, 6)\n\n"
        '  x -> Bidirectional(RNN([LSTMCell(4, dropout=0.3), GRUCell(3, dropout=0.3)]), name="layer")\n}\n'
    )
    twins = {"layer_lstm_cell": Both(layer, 0), "layer_gru_cell": Both(layer, 1)}
    compiled = compare_text(text, twins, lambda x: layer(x, training=True), *random((3, 5, 6)), training=True)
    assert "Stepwise" not in compiled.source


def test_directions_lose_other_features() -> None:
    text = (
        "model Net {\n  input x: (5, 6)\n\n"
        '  y, z = Bidirectional(SimpleRNN(6, dropout=0.5), merge_mode=none, name="layer")(x)\n  output y, z\n}\n'
    )
    module = nndsl.compile(text).module(seed=1)
    module.layer.weight_ih_l0_reverse.data.copy_(module.layer.weight_ih_l0.data)
    module.layer.weight_hh_l0_reverse.data.copy_(module.layer.weight_hh_l0.data)
    y, z = module(torch.ones(50, 5, 6))
    assert not torch.allclose(y, z)
    y, z = module.eval()(torch.ones(50, 5, 6))
    torch.testing.assert_close(y, z)


def test_dropout_of_a_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    fix_dropout(monkeypatch)
    first, second = keras.layers.LSTMCell(4, dropout=0.3), keras.layers.GRUCell(3, recurrent_dropout=0.3)
    layer = keras.layers.RNN([first, second])
    text = (
        "model Net {\n  input x: (5, 6)\n\n"
        '  x -> RNN([LSTMCell(4, dropout=0.3), GRUCell(3, recurrent_dropout=0.3)], name="layer")\n}\n'
    )
    twins = {"layer_lstm_cell": first, "layer_gru_cell": second}
    compare_text(text, twins, lambda x: layer(x, training=True), *random((3, 5, 6)), training=True)


def test_time_distributed() -> None:
    table, inner = embedding(), keras.layers.RNN([keras.layers.GRUCell(3), keras.layers.GRUCell(2)])
    wrapper = keras.layers.TimeDistributed(inner)
    text = embedded('x -> TimeDistributed(RNN([GRUCell(3), GRUCell(2)]), name="layer")', inputs="tokens: int64(2, 6)")
    twins = dict(zip(["layer_gru_cell", "layer_gru_cell_1"], inner.cell.cells, strict=True))
    words = np.stack([TOKENS, TOKENS[::-1]], 1)
    compare_text(text, {"embedding": table, **twins}, lambda tokens: wrapper(table(tokens)), words)
