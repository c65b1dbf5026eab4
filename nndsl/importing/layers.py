"""One layer of a configuration as a record: its class, its arguments, and the name that a person gave it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from nndsl.importing.recorded import ImportRefused, LayerRecord, Value
from nndsl.importing.values import EXTERN, is_constant, is_keras, mapping, text, value_of
from nndsl.recipes.strings import snake_case

MODELS = ("Sequential", "Functional", "Model")
OWN_APPLICATIONS = {
    "LayerScale": "keras.src.applications.convnext",
    "StochasticDepth": "keras.src.applications.convnext",
    "CustomScaleLayer": "keras.src.applications.inception_resnet_v2",
}
"""The layers that models of ``keras.applications`` bring along, and their modules."""

_REFUSED = {
    "Lambda": EXTERN,
    "TextVectorization": "turn the texts into numbers before the model",
    "StringLookup": "turn the strings into numbers before the model",
    "IntegerLookup": "look the numbers up before the model",
    "Hashing": "hash the values before the model",
    "HashedCrossing": "cross the values before the model",
    "JaxLayer": "write it in PyTorch, and declare it with `extern`",
    "FlaxLayer": "write it in PyTorch, and declare it with `extern`",
    "TFSMLayer": "import the model that it was made from",
    "TorchModuleWrapper": "declare its module with `extern`",
}
_MADE_UP = {
    "InputLayer": ("input", "keras_tensor"),
    "GroupQueryAttention": ("grouped_query_attention",),
    "Functional": ("model",),
}
"""The names that Keras makes up, or once made up, beside the class in snake case."""
_LARGEST_SEED = 99_999
"""A larger one is of those that Keras makes up for a layer that was given none."""
_NO_ARGUMENTS = ("name", "trainable", "dtype", "batch_input_shape", "batch_shape", "input_length")


def layer_of(found: Mapping[str, Any], where: str = "the model") -> LayerRecord:
    """Return the record of a serialized layer, or of an operation that was recorded as one."""
    kind = text(found.get("class_name"), f"the class of a layer of {where}")
    config = mapping(found.get("config"), f"what a layer of {where} was made with")
    key = text(found.get("name", config.get("name", snake_case(kind))), f"the name of a layer of {where}")
    called = f"the layer `{key}` ({kind})"
    module = found.get("module")
    if isinstance(module, str) and module.startswith(("keras.src.ops.", "keras.src.activations")):
        return _operation(kind, key, config, called)
    if kind in MODELS and ("layers" in config or is_keras(found)):
        return _model(kind, key, found)
    if kind in OWN_APPLICATIONS and module in (None, OWN_APPLICATIONS[kind], "builtins"):
        return LayerRecord(key, kind, _arguments(config, called), given_name(key, kind))
    if kind in _REFUSED:
        raise ImportRefused(f"{called} cannot be part of a graph of tensors", _REFUSED[kind])
    if not is_keras(found):
        raise ImportRefused(f"{called} is a layer of your own, whose code is not in the file", EXTERN)
    return LayerRecord(key, kind, _arguments(config, called), given_name(key, kind))


def given_name(name: str, kind: str) -> str | None:
    """Return the name if a person gave it, or None if Keras made it up from the class: ``dense``, ``dense_3``."""
    made_up = {snake_case(kind), kind.lower(), *_MADE_UP.get(kind, ())}
    return None if re.sub(r"_\d+$", "", name) in made_up else name


def _arguments(config: Mapping[str, Any], called: str) -> dict[str, Value]:
    arguments = {
        name: value_of(value, called)
        for name, value in config.items()
        if name not in _NO_ARGUMENTS and not (name == "use_causal_mask" and value is False)
    }
    seed = arguments.get("seed")
    if isinstance(seed, int) and seed > _LARGEST_SEED:
        del arguments["seed"]
    dtype = value_of(config.get("dtype"), called)
    if dtype not in (None, "float32"):
        arguments["dtype"] = dtype
    if config.get("trainable") is False:
        arguments["trainable"] = False
    return arguments


def _operation(kind: str, key: str, config: Mapping[str, Any], called: str) -> LayerRecord:
    from nndsl.importing.operations import operation_name

    arguments = {name: value_of(value, called) for name, value in config.items() if name != "name"}
    if not is_constant(arguments):
        raise ImportRefused(f"{called} is given what is neither a tensor nor a constant")
    return LayerRecord(key, f"ops.{operation_name(kind)}", arguments)


def _model(kind: str, key: str, found: Mapping[str, Any]) -> LayerRecord:
    from nndsl.importing.config import read_config

    config = mapping(found["config"], f"the model `{key}`")
    arguments: dict[str, Value] = {"trainable": False} if config.get("trainable") is False else {}
    return LayerRecord(key, kind, arguments, given_name(key, kind), read_config(found))
