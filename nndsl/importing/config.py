"""Models of Keras 3 from their configurations: what ``config.json``, ``to_json`` and ``get_config`` hold.

A configuration may come from anywhere. Its form is checked as it is read, and nothing in it is run or imported.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nndsl import layers
from nndsl.importing.compiling import by_outputs, compile_settings
from nndsl.importing.functional import named, read_functional
from nndsl.importing.layers import given_name, layer_of
from nndsl.importing.recorded import CallRecord, ImportRefused, InputRecord, LayerRecord, ModelRecord, TensorRecord
from nndsl.importing.results import results_of
from nndsl.importing.shapes import input_of, shape_of
from nndsl.importing.values import mapping, sequence, text

_DEEPEST = 200
_LARGEST = 4_000_000
"""The values that a configuration may hold; that of the largest model of ``keras.applications`` has some 200,000."""


def read_json(given: str | bytes) -> ModelRecord:
    """Return the model of a ``config.json``, or of what ``model.to_json()`` gives. Raises ImportRefused."""
    try:
        found = json.loads(given)
    except (ValueError, RecursionError) as error:
        reason = "its brackets lie too deep in each other" if isinstance(error, RecursionError) else str(error)
        raise ImportRefused(f"this is not JSON: {reason}") from error
    return read(found)


def read(config: object) -> ModelRecord:
    """Return the model of a configuration: a serialized model, or what ``get_config`` gives. Raises ImportRefused."""
    _measure(config)
    _refuse_shared(config)
    return read_config(mapping(config, "the model"))


def read_config(found: Mapping[str, Any]) -> ModelRecord:
    """Return the model of a configuration whose size has been looked at."""
    config = found
    kind = "Functional" if "input_layers" in found else "Sequential"
    if "class_name" in found:
        kind = text(found["class_name"], "the class of the model")
        config = mapping(found.get("config"), "the model")
    if "layers" not in config:
        raise ImportRefused(
            f"the model is of a class of its own, `{kind}`, whose code is not in the file",
            "import the models that it is made of, or write it by hand",
        )
    record = read_functional(config) if "input_layers" in config else _sequential(config, found)
    name = given_name(text(config.get("name", ""), "the name of the model"), kind) or ""
    settings, remarks = compile_settings(found.get("compile_config"))
    settings = by_outputs(settings, _output_names(config), [name for name, _ in record.outputs])
    return replace(record, name=name, settings=settings, remarks=remarks)


def _output_names(config: Mapping[str, Any]) -> list[str]:
    """Return the names that Keras has for the outputs of a model."""
    if "output_layers" not in config:
        return [str(config["layers"][-1].get("config", {}).get("name"))] if config["layers"] else []
    return [name or key for name, (key, _, _) in named(config["output_layers"])]


def _sequential(config: Mapping[str, Any], found: Mapping[str, Any]) -> ModelRecord:
    found_layers: list[LayerRecord] = []
    entry: InputRecord | None = None
    for each in sequence(config["layers"], "the layers of the model"):
        written = mapping(each, "a layer of the model")
        if written.get("class_name") == "InputLayer":
            entry = input_of(mapping(written.get("config"), "an input"))
            continue
        if entry is None:
            entry = _first_shape(mapping(written.get("config"), "a layer of the model"))
        found_layers.append(layer_of(written))
    if entry is None:
        built = mapping(found.get("build_config") or {}, "what the model was built with")
        shape = config.get("build_input_shape", built.get("input_shape"))
        if shape is None:
            help = "build it, or begin it with `keras.Input`"
            raise ImportRefused("the model does not know the shape of its input", help)
        entry = InputRecord(shape_of(shape))
    calls: list[CallRecord] = []
    tensor = TensorRecord(None, 0)
    for layer in found_layers:
        calls.append(CallRecord(layer.key, (tensor,), outputs=results_of(layer, (tensor,), {})))
        tensor = TensorRecord(len(calls) - 1)
    return ModelRecord("", (entry,), tuple(found_layers), tuple(calls), ((None, tensor),))


def _first_shape(config: Mapping[str, Any]) -> InputRecord | None:
    """Return the input that the first layer of an older model declares itself."""
    shape = config.get("batch_shape", config.get("batch_input_shape"))
    return None if shape is None else InputRecord(shape_of(shape))


def _refuse_shared(config: object) -> None:
    """Refuse a layer that stands in two models: each of them would have weights of its own."""
    waiting = [config]
    while waiting:
        value = waiting.pop()
        if isinstance(value, (list, tuple)):
            waiting += value
        if not isinstance(value, Mapping):
            continue
        waiting += value.values()
        # Keras gives a number to what it serializes a second time.
        again = "shared_object_id" in value and "inbound_nodes" in value
        if again and value.get("class_name") != "InputLayer" and _weighs(value.get("class_name")):
            help = "give each model a layer of its own, or make one model of both"
            raise ImportRefused(f"the layer `{value.get('name')}` is shared by a model and one inside of it", help)


def _weighs(kind: object) -> bool:
    found = layers.find(kind) if isinstance(kind, str) else None
    return found is None or found.can_hold_weights


def _measure(config: object) -> None:
    """Refuse what is deeper or larger than any model."""
    waiting: list[tuple[object, int]] = [(config, 0)]
    count = 0
    while waiting:
        value, depth = waiting.pop()
        count += 1
        if depth > _DEEPEST or count > _LARGEST:
            raise ImportRefused("the configuration is larger or deeper than that of any model")
        if isinstance(value, Mapping):
            waiting += [(item, depth + 1) for item in value.values()]
        elif isinstance(value, (list, tuple)):
            waiting += [(item, depth + 1) for item in value]
