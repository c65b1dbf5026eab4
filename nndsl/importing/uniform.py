"""What all layers of a model have in common, and so a file says once: a dtype policy, the place of the channels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

from nndsl.importing.recorded import LayerRecord, ModelRecord, Value

Change = Callable[[LayerRecord], LayerRecord]


def uniform(record: ModelRecord) -> tuple[ModelRecord, dict[str, str]]:
    """Return a model without what the settings of a file say, and those settings."""
    record = _changed(record, _frozen_inside)
    settings: dict[str, str] = {}
    own = [layer for layer in _layers(record) if layer.model is None and not layer.kind.startswith("ops.")]
    policies = Counter(str(layer.arguments.get("dtype", "float32")) for layer in own)
    policy = policies.most_common(1)[0][0] if policies else "float32"
    if policy != "float32":
        settings["dtype_policy"] = policy
        record = _changed(record, lambda layer: _with_policy(layer, policy))
    formats = [layer.arguments["data_format"] for layer in own if "data_format" in layer.arguments]
    if formats and all(each == "channels_first" for each in formats):
        settings["data_format"] = "channels_first"
        record = _changed(record, lambda layer: _without(layer, "data_format"))
    return record, settings


def _layers(record: ModelRecord) -> Iterator[LayerRecord]:
    """Yield all layers of a model: those in wrappers, and in models inside of it, too."""
    for layer in record.layers:
        yield from _inside(layer)


def _inside(layer: LayerRecord) -> Iterator[LayerRecord]:
    yield layer
    if layer.model is not None:
        yield from _layers(layer.model)
    waiting: list[Value] = list(layer.arguments.values())
    while waiting:
        value = waiting.pop()
        if isinstance(value, LayerRecord):
            yield from _inside(value)
        elif isinstance(value, tuple):
            waiting += value


def _changed(record: ModelRecord, change: Change) -> ModelRecord:
    return replace(record, layers=tuple(_changed_layer(layer, change) for layer in record.layers))


def _changed_layer(layer: LayerRecord, change: Change) -> LayerRecord:
    arguments = {name: _changed_value(value, change) for name, value in layer.arguments.items()}
    model = _changed(layer.model, change) if layer.model is not None else None
    return change(replace(layer, arguments=arguments, model=model))


def _changed_value(value: Value, change: Change) -> Value:
    if isinstance(value, LayerRecord):
        return _changed_layer(value, change)
    return tuple(_changed_value(item, change) for item in value) if isinstance(value, tuple) else value


def _without(layer: LayerRecord, name: str) -> LayerRecord:
    return replace(layer, arguments={key: value for key, value in layer.arguments.items() if key != name})


def _with_policy(layer: LayerRecord, policy: str) -> LayerRecord:
    """Leave out a layer's dtype if it is the policy, and write it out if it is not."""
    if layer.model is not None or layer.kind.startswith("ops."):
        return layer
    dtype = layer.arguments.get("dtype", "float32")
    bare = _without(layer, "dtype")
    return bare if dtype == policy else replace(bare, arguments={**bare.arguments, "dtype": dtype})


def _frozen_inside(layer: LayerRecord) -> LayerRecord:
    """Say that a model is frozen once, where it is used."""
    if layer.model is None or layer.arguments.get("trainable", True):
        return layer
    return replace(layer, model=_changed(layer.model, lambda each: _without(each, "trainable")))
