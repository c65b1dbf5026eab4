"""Functional models: layers and the calls between them, which a configuration has as nodes with histories."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from nndsl.importing.layers import layer_of
from nndsl.importing.recorded import (
    CallRecord,
    Given,
    ImportRefused,
    InputRecord,
    LayerRecord,
    ModelRecord,
    TensorRecord,
)
from nndsl.importing.results import results_of
from nndsl.importing.shapes import input_of, whole_shape
from nndsl.importing.values import is_constant, mapping, sequence, tensors_in, text, value_of

History: TypeAlias = tuple[str, int, int]
"""The layer that a tensor comes from, the number of its call, and that of the output."""
Node: TypeAlias = tuple[str, int]
_TRAINING = ("Random", "Resizing", "CenterCrop")
"""The layers that Keras records as called with ``training=True``: it is their default, and the model's word counts."""


def read_functional(config: Mapping[str, Any]) -> ModelRecord:
    """Return the model of a configuration with ``layers``, ``input_layers`` and ``output_layers``."""
    return _Reader(config).model()


class _Reader:
    """One model: its layers by name, and what is known of its calls."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config
        self._inputs: dict[str, InputRecord] = {}
        self._layers: dict[str, LayerRecord] = {}
        self._nodes: dict[str, list[Any]] = {}
        for each in sequence(config["layers"], "the layers of the model"):
            self._add(mapping(each, "a layer of the model"))
        self._places = {key: place for place, key in enumerate(self._input_keys())}
        self._calls: list[CallRecord] = []
        self._numbers: dict[Node, int] = {}

    def _add(self, written: Mapping[str, Any]) -> None:
        config = mapping(written.get("config"), "a layer of the model")
        key = text(written.get("name", config.get("name")), "the name of a layer")
        if key in self._layers or key in self._inputs:
            raise ImportRefused(f"two layers of the model are called `{key}`")
        if written.get("class_name") == "InputLayer":
            self._inputs[key] = input_of(config)
            return
        self._layers[key] = layer_of({**written, "name": key})
        self._nodes[key] = list(sequence(written.get("inbound_nodes", ()), f"the calls of `{key}`"))

    def _input_keys(self) -> list[str]:
        keys = [key for _, (key, _, _) in named(self._config["input_layers"])]
        for key in keys:
            if key not in self._inputs:
                raise ImportRefused(f"the input `{key}` of the model is no input layer", "import the whole model")
        return keys

    def model(self) -> ModelRecord:
        """Return the record, its calls in the order in which the outputs need them."""
        outputs = [(name, self._as_call(each)) for name, each in named(self._config.get("output_layers"))]
        if not outputs or not self._places:
            raise ImportRefused("the model has no inputs, or no outputs")
        for _, (key, number, _) in outputs:
            self._visit((key, number))
        found = tuple((name, self._tensor(history)) for name, history in self._with_names(outputs))
        used = {call.layer for call in self._calls}
        layers = tuple(_bare(layer) for key, layer in self._layers.items() if key in used)
        inputs = tuple(self._inputs[key] for key in self._places)
        return ModelRecord("", inputs, layers, tuple(self._calls), found)

    def _with_names(self, outputs: list[tuple[str | None, History]]) -> list[tuple[str | None, History]]:
        """Return outputs with their names: of several that are no dict, those of the layers that give them."""
        keys = Counter(key for _, (key, _, _) in outputs)
        if len(outputs) == 1:
            return outputs
        return [
            (name or (self._layers[key].name if key in self._layers and keys[key] == 1 else None), (key, call, output))
            for name, (key, call, output) in outputs
        ]

    def _as_call(self, history: History) -> History:
        """Count calls from 0: of a functional model, a list of outputs counts that which made it as the first."""
        key, number, output = history
        layer = self._layers.get(key)
        starts_at_one = layer is not None and layer.kind != "Sequential" and layer.model is not None
        return (key, number - 1, output) if starts_at_one and number > 0 else history

    def _visit(self, target: Node) -> None:
        """Add a call after all that it needs."""
        waiting: list[tuple[Node, bool]] = [(target, False)]
        open_nodes: set[Node] = set()
        while waiting:
            node, ready = waiting.pop()
            if node in self._numbers or node[0] in self._inputs:
                continue
            if ready:
                open_nodes.discard(node)
                self._number(node)
                continue
            if node in open_nodes:
                raise ImportRefused(f"the layer `{node[0]}` needs its own result")
            open_nodes.add(node)
            waiting.append((node, True))
            waiting += [(need, False) for need in reversed(_needs(self._written(node)))]

    def _written(self, node: Node) -> Any:
        key, number = node
        nodes = self._nodes.get(key)
        if nodes is None or not 0 <= number < len(nodes):
            raise ImportRefused(f"a call of the layer `{key}` is not in the configuration")
        return nodes[number]

    def _number(self, node: Node) -> None:
        layer = self._layers[node[0]]
        positional, keywords = self._given(self._written(node), layer)
        if layer.model is not None:
            positional, keywords = _in_order(layer, positional, keywords)
        if keywords.get("training") is True and not layer.kind.startswith(_TRAINING):
            help = "in the language a layer trains when the model does"
            raise ImportRefused(f"the layer `{layer.key}` is called with `training=True`", help)
        keywords = {name: value for name, value in keywords.items() if name != "training" and value is not None}
        if layer.kind.startswith("ops."):
            keywords = {**layer.arguments, **keywords}
        count = results_of(layer, positional, keywords)
        self._numbers[node] = len(self._calls)
        self._calls.append(CallRecord(layer.key, positional, keywords, count))

    def _given(self, written: Any, layer: LayerRecord) -> tuple[tuple[Given, ...], dict[str, Given]]:
        called = f"a call of the layer `{layer.key}`"
        if isinstance(written, list):  # as Keras 2 wrote it
            entries = [sequence(each, called) for each in written]
            tensors = tuple(self._tensor(_history(each[:3])) for each in entries)
            last = mapping(entries[-1][3] if entries and len(entries[-1]) > 3 else {}, called)
            keywords = {name: self._value(value, called) for name, value in last.items()}
            return (tensors if len(tensors) == 1 else (tensors,)), keywords
        call = mapping(written, called)
        positional = tuple(self._value(each, called) for each in sequence(call.get("args", ()), called))
        keywords = {name: self._value(each, called) for name, each in mapping(call.get("kwargs") or {}, called).items()}
        return positional, keywords

    def _value(self, given: Any, where: str) -> Given:
        if isinstance(given, (list, tuple)):
            return tuple(self._value(each, where) for each in given)
        if isinstance(given, Mapping):
            config = given.get("config")
            if given.get("class_name") == "__keras_tensor__":
                found = mapping(config, where)
                tensor = self._tensor(_history(found.get("keras_history")))
                shape = found.get("shape")
                return replace(tensor, shape=whole_shape(shape)) if shape is not None else tensor
            if given.get("class_name") == "__slice__":
                bounds = mapping(config, where)
                return slice(*(self._bound(bounds.get(name), where) for name in ("start", "stop", "step")))
            if given.get("class_name") == "__ellipsis__":
                return slice(None, Ellipsis)
            if "class_name" not in given:
                return {name: self._value(each, where) for name, each in given.items()}
        value = value_of(given, where)
        if not is_constant(value):
            raise ImportRefused(f"{where} is given what is neither a tensor nor a constant")
        return value

    def _bound(self, given: Any, where: str) -> Given:
        return self._value(given, where)

    def _tensor(self, history: History) -> TensorRecord:
        key, number, output = history
        if key in self._places:
            return TensorRecord(None, self._places[key])
        if (key, number) not in self._numbers:
            raise ImportRefused(f"a tensor comes from the layer `{key}`, which is not in the configuration")
        call = self._numbers[key, number]
        if not 0 <= output < self._calls[call].outputs:
            raise ImportRefused(f"the layer `{key}` has no output {output}")
        return TensorRecord(call, output)


def _bare(layer: LayerRecord) -> LayerRecord:
    return replace(layer, arguments={}) if layer.kind.startswith("ops.") else layer


def _history(given: Any) -> History:
    found = sequence(given, "where a tensor comes from")
    if len(found) != 3 or not isinstance(found[0], str) or not all(type(each) is int for each in found[1:]):
        raise ImportRefused("it is not said where a tensor comes from")
    return found[0], found[1], found[2]


def _needs(written: Any) -> list[Node]:
    """Return the calls whose results a call takes, in the order of its arguments."""
    found: list[Node] = []
    waiting = [written]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Mapping):
            if each.get("class_name") == "__keras_tensor__":
                key, number, _ = _history(mapping(each.get("config"), "a tensor").get("keras_history"))
                found.append((key, number))
            else:
                waiting += reversed(list(each.values()))
        elif isinstance(each, (list, tuple)):
            if len(each) in (3, 4) and isinstance(each[0], str) and all(type(item) is int for item in each[1:3]):
                found.append((each[0], each[1]))
            else:
                waiting += reversed(each)
    return found


def named(given: Any) -> list[tuple[str | None, History]]:
    """Return the tensors of a structure of inputs or outputs, with their keys where it is a dict."""
    if isinstance(given, Mapping):
        # Keras flattens a dict in the order of its keys, by which the outputs of a model are numbered.
        return [(str(name), history) for name in sorted(given) for _, history in named(given[name])]
    found = sequence(given, "the inputs or outputs of the model")
    if len(found) == 3 and isinstance(found[0], str):
        return [(None, _history(found))]
    return [history for each in found for history in named(each)]


def _in_order(
    layer: LayerRecord, positional: tuple[Given, ...], keywords: dict[str, Given]
) -> tuple[tuple[Given, ...], dict[str, Given]]:
    """Return what a model is given in the order of its inputs, which a dict has by name."""
    assert layer.model is not None
    if len(positional) == 1 and isinstance(positional[0], dict):
        given = positional[0]
        names = [each.name for each in layer.model.inputs]
        if set(names) != set(given):
            raise ImportRefused(f"the model `{layer.key}` is called with a dict that does not name its inputs")
        return tuple(given[name] for name in names if name is not None), keywords
    if len(positional) == 1 and isinstance(positional[0], tuple):
        return tuple(tensors_in(positional[0])), keywords
    return positional, keywords
