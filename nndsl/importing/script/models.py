"""The models of a script: how they are made, and the record of one."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from nndsl.importing.recorded import CallRecord, Given, InputRecord, LayerRecord, ModelRecord, TensorRecord
from nndsl.importing.script.applying import applications
from nndsl.importing.script.arguments import recorded, shape_of
from nndsl.importing.script.state import State
from nndsl.importing.script.values import Applied, Input, Layer, Model, Script, Sequential, Tensor, refuse

Keywords = Mapping[str, Script]
_INPUT = ("shape", "batch_size", "dtype", "sparse", "ragged", "batch_shape", "name", "tensor", "optional")
_USUAL = frozenset({"input", "inputs", "x", "input_layer", "input_tensor", "visible", "inp", "model", "net", "network"})
"""What scripts call any input or model: it says nothing, and is left out."""


def made_input(state: State, positional: tuple[Script, ...], keywords: Keywords, node: ast.Call) -> Tensor:
    """Return the tensor of an input; E0905 without a shape."""
    given = {**dict(zip(_INPUT, positional, strict=False)), **keywords}
    span = state.span(node)
    if "batch_shape" in given or "batch_input_shape" in given:
        shape = shape_of(state, given.get("batch_shape", given.get("batch_input_shape")), span)[1:]
    elif "shape" in given or "input_shape" in given:
        shape = shape_of(state, given.get("shape", given.get("input_shape")), span)
    else:
        raise refuse("E0905", "an input needs its shape", span, help="write `shape=(…)`, without the batch")
    dtype = recorded(state, given.get("dtype"), span)
    name = given.get("name")
    return Tensor(Input(shape, dtype if isinstance(dtype, str) else "float32", name if isinstance(name, str) else None))


def made_sequential(state: State, positional: tuple[Script, ...], keywords: Keywords, node: ast.Call) -> Sequential:
    """Return a sequential model of a list of layers, or an empty one."""
    given = {**dict(zip(("layers", "trainable", "name"), positional, strict=False)), **keywords}
    name = given.get("name")
    model = Sequential(name if isinstance(name, str) else None, state.span(node))
    layers = given.get("layers") or []
    if not isinstance(layers, (list, tuple)):
        recorded(state, layers, state.span(node))
        raise refuse("E0905", "this is not a list of layers", state.span(node))
    for layer in layers:
        add(state, model, layer, node)
    state.models.append(model)
    return model


def add(state: State, model: Sequential, layer: Script, node: ast.expr) -> None:
    """Add a layer to a sequential model; an input gives it its shape."""
    if isinstance(layer, Tensor) and isinstance(layer.source, Input):
        model.input = layer.source
        return
    if not isinstance(layer, (Layer, Model, Sequential)):
        recorded(state, layer, state.span(node))
        raise refuse("E0905", "this is not a layer", state.span(node))
    if model.input is None and not model.layers:
        if isinstance(layer, Layer) and layer.input_shape is not None:
            dtype = "int64" if layer.record.kind == "Embedding" else "float32"
            model.input = Input(layer.input_shape, dtype, None)
        elif isinstance(layer, Sequential) and layer.input is not None:
            model.input = layer.input
        elif isinstance(layer, Model) and len(layer.inputs) == 1 and isinstance(layer.inputs[0].source, Input):
            model.input = layer.inputs[0].source
    model.layers.append(layer)


def made_model(state: State, positional: tuple[Script, ...], keywords: Keywords, node: ast.Call) -> Model:
    """Return a functional model; E0905 without inputs and outputs."""
    given = {**dict(zip(("inputs", "outputs", "name"), positional, strict=False)), **keywords}
    given.setdefault("inputs", given.get("input"))
    given.setdefault("outputs", given.get("output"))
    inputs = tuple(tensor for _, tensor in _named(state, given["inputs"], node))
    name = given.get("name")
    model = Model(
        name if isinstance(name, str) else None, state.span(node), inputs, _named(state, given["outputs"], node)
    )
    state.models.append(model)
    return model


def _named(state: State, value: Script, node: ast.Call) -> tuple[tuple[str | None, Tensor], ...]:
    """Return tensors with the names of a dict, or none."""
    if isinstance(value, dict):
        pairs: list[tuple[str | None, Script]] = list(value.items())
    else:
        pairs = [(None, item) for item in (value if isinstance(value, (list, tuple)) else [value])]
    found = []
    for name, item in pairs:
        if not isinstance(item, Tensor):
            recorded(state, item, state.span(node))
            raise refuse("E0905", "a model is made of the tensors of its inputs and outputs", state.span(node))
        found.append((name, item))
    return tuple(found)


def model_name(model: Model | Sequential) -> str:
    """Return what a person called a model, or nothing."""
    return model.name or _meaning(model.hint) or ""


def _meaning(hint: str) -> str | None:
    """Return the name of a variable, or None for one that says nothing."""
    return None if not hint or hint in _USUAL else hint


def record_of(state: State, model: Model) -> ModelRecord:
    """Return the record of a model. Raises NNDSLError E0903 for an input that it is not given."""
    inputs = [tensor.source for tensor in model.inputs]
    calls = applications(model)
    places = {applied: place for place, applied in enumerate(calls)}

    def given(value: Script, span_of: Applied) -> Given:
        if isinstance(value, Tensor):
            return tensor(value)
        if isinstance(value, (list, tuple)):
            return tuple(given(item, span_of) for item in value)
        return value if isinstance(value, slice) else recorded(state, value, span_of.span)

    def tensor(value: Tensor) -> TensorRecord:
        if value.source in inputs:
            return TensorRecord(None, inputs.index(value.source))
        if isinstance(value.source, Input):
            raise refuse("E0903", "the model needs an input that it is not given", model.span)
        return TensorRecord(places[value.source], value.output)

    layers = {applied.layer: _layer_record(state, applied.layer) for applied in calls}
    return ModelRecord(
        model_name(model),
        tuple(_input_record(source) for source in inputs if isinstance(source, Input)),
        tuple(layers.values()),
        tuple(
            CallRecord(
                layers[applied.layer].key,
                tuple(given(value, applied) for value in applied.positional),
                {name: given(value, applied) for name, value in applied.keywords.items()},
                applied.outputs,
                applied.hint,
            )
            for applied in calls
        ),
        tuple((name, tensor(value)) for name, value in model.outputs),
        model.settings,
    )


def _input_record(source: Input) -> InputRecord:
    return InputRecord(source.shape, source.dtype, source.name or _meaning(source.hint))


def _layer_record(state: State, layer: Layer | Model) -> LayerRecord:
    if isinstance(layer, Layer):
        return layer.record
    name = model_name(layer)
    layer.key = layer.key or f"{name or 'model'}:{state.next_application()}"
    arguments = {} if layer.trainable else {"trainable": False}
    return LayerRecord(layer.key, "Functional", arguments, name or None, record_of(state, layer))
