"""How many tensors a layer gives: a configuration does not say."""

from __future__ import annotations

from collections.abc import Mapping

from nndsl.importing.recorded import Given, LayerRecord, Value

_STATES = {"LSTM": 2, "GRU": 1, "SimpleRNN": 1, "ConvLSTM1D": 2, "ConvLSTM2D": 2, "ConvLSTM3D": 2}
_STATES |= {"LSTMCell": 2, "GRUCell": 1, "SimpleRNNCell": 1}


def results_of(layer: LayerRecord, positional: tuple[Given, ...], keywords: Mapping[str, Given]) -> int:
    """Return the number of tensors that a call of a layer gives."""
    if layer.model is not None:
        return len(layer.model.outputs)
    if layer.kind == "ops.split":
        return _parts(layer, positional, keywords)
    if layer.kind == "ops.top_k":
        return 2
    if keywords.get("return_attention_scores") is True:
        return 2
    if layer.kind == "Bidirectional":
        inner = layer.arguments.get("layer")
        outputs = 2 if layer.arguments.get("merge_mode", "concat") is None else 1
        return outputs + (2 * _states(inner) if isinstance(inner, LayerRecord) else 0)
    return 1 + _states(layer)


def _states(layer: LayerRecord) -> int:
    if not layer.arguments.get("return_state"):
        return 0
    return _of_cell(layer.arguments["cell"]) if layer.kind == "RNN" else _STATES.get(layer.kind, 0)


def _of_cell(cell: Value) -> int:
    if not isinstance(cell, LayerRecord):
        return 0
    cells = cell.arguments.get("cells")
    return sum(map(_of_cell, cells)) if isinstance(cells, tuple) else _STATES.get(cell.kind, 1)


def _parts(layer: LayerRecord, positional: tuple[Given, ...], keywords: Mapping[str, Given]) -> int:
    name = "indices_or_sections"
    sections = layer.arguments.get(name, keywords.get(name, positional[1] if len(positional) > 1 else 1))
    return len(sections) + 1 if isinstance(sections, tuple) else sections if isinstance(sections, int) else 1
