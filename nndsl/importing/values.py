"""What a configuration of Keras holds, as values of a record; whatever it says, nothing of it is run or imported."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from nndsl.importing.recorded import ImportRefused, LayerRecord, Recorded, TensorRecord, Value

EXTERN = "write the layer as an `nn.Module`, and declare it with `extern`"
_RECIPES = ("initializers", "regularizers", "constraints", "optimizers", "losses", "metrics", "schedules")
_OWN = re.compile(r"keras(_|\.src\.|\.)?.*|builtins")


def mapping(value: object, what: str) -> Mapping[str, Any]:
    """Return a dict whose keys are strings, or refuse: ``what`` says what it should be."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise ImportRefused(f"{what} is not a dict, so this is no configuration of Keras 3")
    return value


def sequence(value: object, what: str) -> Sequence[Any]:
    """Return a list, or refuse."""
    if not isinstance(value, (list, tuple)):
        raise ImportRefused(f"{what} is not a list, so this is no configuration of Keras 3")
    return value


def text(value: object, what: str) -> str:
    """Return a string, or refuse."""
    if not isinstance(value, str):
        raise ImportRefused(f"{what} is not a string, so this is no configuration of Keras 3")
    return value


def is_keras(config: Mapping[str, Any]) -> bool:
    """Return whether a serialized object is of a class of Keras itself, by what it says of itself."""
    module = config.get("module")
    registered = config.get("registered_name")
    own = module is None or module == "keras" or (isinstance(module, str) and module.startswith("keras."))
    return own and not (isinstance(registered, str) and ">" in registered)


def value_of(given: object, where: str) -> Value:
    """Return a value of a configuration: constants, recipes and wrapped layers. Refuses what is code."""
    if isinstance(given, (bool, int, str)) or given is None:
        return given
    if isinstance(given, float):
        if given != given or given in (float("inf"), float("-inf")):
            raise ImportRefused(f"{where} has the number {given}, which no file can hold")
        return given
    if isinstance(given, (list, tuple)):
        return tuple(value_of(item, where) for item in given)
    found = mapping(given, where)
    if "class_name" not in found:
        return {key: value_of(item, where) for key, item in found.items()}
    return _object(found, where)


def _object(found: Mapping[str, Any], where: str) -> Value:
    name = text(found["class_name"], f"the class of {where}")
    config = found.get("config")
    if name in ("function", "__lambda__", "Lambda"):
        called = f"`{config}`" if isinstance(config, str) else "code"
        raise ImportRefused(f"{where} has a function of its own, {called}", EXTERN)
    if name in ("__numpy__", "__tensor__"):
        held = value_of(mapping(config, where).get("value"), where)
        if isinstance(held, tuple):
            raise ImportRefused(f"{where} holds a constant tensor", "write it as a `Weight` with `trainable=false`")
        return held
    if name in ("DTypePolicy", "FloatDTypePolicy"):
        return text(mapping(config, where).get("name"), f"the dtype of {where}")
    if name.startswith("__") or name.endswith("DTypePolicy"):
        raise ImportRefused(f"{where} has a `{name}`, which the language has not")
    if not is_keras(found):
        raise ImportRefused(f"{where} has a class of its own, `{name}`", "use one of Keras's in its place")
    arguments = mapping(config if config is not None else {}, where)
    module = found.get("module")
    if isinstance(module, str) and not any(part in module for part in _RECIPES):
        from nndsl.importing.layers import layer_of

        return layer_of(found, where)
    return Recorded(name, {key: value_of(item, where) for key, item in arguments.items()})


def is_constant(value: Value) -> bool:
    """Return whether a value holds neither recipes nor layers."""
    if isinstance(value, (Recorded, LayerRecord)):
        return False
    items = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else ()
    return all(map(is_constant, items))


def tensors_in(given: object) -> list[TensorRecord]:
    """Return the tensors among what a call is given, in order."""
    if isinstance(given, TensorRecord):
        return [given]
    if isinstance(given, Mapping):
        return [tensor for item in given.values() for tensor in tensors_in(item)]
    return [tensor for item in given for tensor in tensors_in(item)] if isinstance(given, tuple) else []


def described(record: LayerRecord) -> str:
    """Return what messages call a layer."""
    return f"the layer `{record.key}` ({record.kind})"


def layers_in(given: object) -> list[LayerRecord]:
    """Return the layers among arguments, in order, without those inside of them."""
    if isinstance(given, LayerRecord):
        return [given]
    items = given.values() if isinstance(given, Mapping) else given if isinstance(given, tuple) else ()
    return [layer for item in items for layer in layers_in(item)]
