"""The application of layers, models and operations of a script to tensors."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from nndsl.importing.recorded import LayerRecord, Value
from nndsl.importing.script.arguments import recorded
from nndsl.importing.script.state import State
from nndsl.importing.script.values import Applied, Layer, Model, Script, Sequential, Tensor, refuse

Keywords = Mapping[str, Script]
_STATES = {"LSTM": 2, "ConvLSTM2D": 2, "LSTMCell": 2}
"""The states of a recurrent layer; the others have one."""


def apply(
    state: State,
    layer: Layer | Model | Sequential,
    positional: tuple[Script, ...],
    keywords: Keywords,
    node: ast.expr,
) -> Script:
    """Return the tensors that a layer or model gives for others."""
    if isinstance(layer, Sequential):
        if layer.input is None and len(positional) == 1:
            # Without a shape of its own it is its layers, one after the other.
            layer.taken_apart = True
            value = positional[0]
            for part in layer.layers:
                value = apply(state, part, (value,), {}, node)
            return value
        layer = as_model(state, layer)
    for given in (*positional, *keywords.values()):
        _need_known(state, given, node)
    keywords = {name: value for name, value in keywords.items() if not _is_usual(name, value)}
    if "training" in keywords:
        message = "a layer that is always in training, or never, cannot be written"
        help = "leave `training=` out; `trainable = False` freezes a layer"
        raise refuse("E0904", message, state.span(node), help=help)
    count = output_count(layer, keywords)
    applied = Applied(state.next_application(), layer, positional, keywords, count, state.span(node))
    outputs: list[Script] = [Tensor(applied, output) for output in range(count)]
    return outputs[0] if count == 1 else outputs


def _is_usual(name: str, value: Script) -> bool:
    return name == "name" or (name in ("training", "mask") and value is None)


def apply_operation(
    state: State, name: str, positional: tuple[Script, ...], keywords: Keywords, node: ast.expr
) -> Script:
    """Return the tensor of an operation of ``keras.ops``, or of an operator."""
    span = state.span(node)
    for given in (*positional, *keywords.values()):
        _need_known(state, given, node)
    layer = Layer(LayerRecord(f"ops.{name}:{state.applications}", f"ops.{name}"), span)
    applied = Applied(state.next_application(), layer, positional, keywords, 1, span)
    return Tensor(applied)


def _need_known(state: State, given: Script, node: ast.expr) -> None:
    if isinstance(given, (list, tuple)):
        for item in given:
            _need_known(state, item, node)
    elif not isinstance(given, (Tensor, slice)):
        recorded(state, given, state.span(node))


def output_count(layer: Layer | Model, keywords: Keywords) -> int:
    """Return how many tensors an application gives."""
    if isinstance(layer, Model):
        return len(layer.outputs)
    if keywords.get("return_attention_scores") is True:
        return 2
    arguments = layer.record.arguments
    inner = arguments.get("layer")
    if isinstance(inner, LayerRecord) and layer.record.kind == "Bidirectional":
        return 1 + 2 * _states(inner)
    return 1 + _states(layer.record)


def _states(record: LayerRecord) -> int:
    if record.arguments.get("return_state") is not True:
        return 0
    cell: Value = record.arguments.get("cell")
    cells = cell if isinstance(cell, tuple) else (cell,)
    if any(isinstance(each, LayerRecord) for each in cells):
        return sum(_STATES.get(each.kind, 1) for each in cells if isinstance(each, LayerRecord))
    return _STATES.get(record.kind, 1)


def as_model(state: State, sequential: Sequential) -> Model:
    """Return the functional model that a sequential one is. Raises NNDSLError E0903 without a shape of its input."""
    if sequential.whole is None:
        if sequential.input is None:
            message = "the shape of the model's input is not known"
            raise refuse("E0903", message, sequential.span, help="put `keras.Input(shape=(…))` first in the model")
        first = Tensor(sequential.input)
        last: Script = first
        node = ast.Name("model", ast.Load(), lineno=1, col_offset=0)
        for layer in sequential.layers:
            last = apply(state, layer, (last,), {}, node)
        outputs = last if isinstance(last, list) else [last]
        sequential.whole = Model(
            sequential.name,
            sequential.span,
            (first,),
            tuple((None, output) for output in outputs if isinstance(output, Tensor)),
            sequential.settings,
            sequential.trainable,
            sequential.hint,
        )
    return sequential.whole


def layers_of(model: Sequential | Model) -> list[Script]:
    """Return the layers of a model in the order of their applications."""
    if isinstance(model, Sequential):
        return list(model.layers)
    return list(dict.fromkeys(applied.layer for applied in applications(model)))


def applications(model: Model) -> list[Applied]:
    """Return the applications that the outputs of a model need, in the order of the script."""
    stops = {tensor.source for tensor in model.inputs}
    found: dict[Applied, None] = {}
    waiting: list[Script] = [tensor for _, tensor in model.outputs]
    while waiting:
        value = waiting.pop()
        if isinstance(value, (list, tuple)):
            waiting += value
            continue
        source = value.source if isinstance(value, Tensor) else None
        if isinstance(source, Applied) and source not in stops and source not in found:
            found[source] = None
            waiting += [*source.positional, *source.keywords.values()]
    return sorted(found, key=lambda applied: applied.number)
