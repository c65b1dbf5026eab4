"""One call of a layer or an operation as an expression over those of its operands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from nndsl import ops
from nndsl.arguments import ArgumentError, is_required, kind_of, parameters
from nndsl.importing import tree
from nndsl.importing.constructors import Builder, declared
from nndsl.importing.recorded import CallRecord, Given, ImportRefused, LayerRecord, TensorRecord, Value
from nndsl.importing.values import described, tensors_in
from nndsl.layers.activations import TEMPLATES as ACTIVATIONS
from nndsl.ops.base import Op
from nndsl.syntax import nodes
from nndsl.syntax.nodes import Expression

_SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**"}
_MERGES = {"Add": "+", "Subtract": "-", "Multiply": "*"}
_SAME = ("identity", "convert_to_tensor")


@dataclass(frozen=True, slots=True)
class Context:
    """What an expression is made of: the operand of each tensor, where masks may be, and how a layer is reached.

    ``constructor`` returns the expression of a layer: its constructor, or the name that it is bound to.
    ``builder`` makes and notes others.
    """

    operand: Callable[[TensorRecord], Expression]
    masked: frozenset[TensorRecord]
    constructor: Callable[[LayerRecord, Mapping[str, Value]], Expression]
    builder: Builder


def apply(layer: LayerRecord, call: CallRecord, context: Context) -> Expression:
    """Return the expression of a call. Raises ImportRefused for what the language has not."""
    if layer.kind.startswith("ops."):
        return _operation(layer, call, context)
    special = _SPECIAL.get(layer.kind)
    if special is not None:
        return special(layer, call, context)
    positional, keywords = _application(layer, call, context)
    sign = _MERGES.get(layer.kind)
    if sign and not keywords and _is_sum(layer, call):
        first, second = tensors_in(call.positional)
        return tree.binary(context.operand(first), sign, context.operand(second))
    arguments = settled(layer, call)
    callee = context.constructor(layer, arguments)
    operands = [_operand(each, context) for each in positional]
    if len(operands) == 1 and not keywords:
        return tree.chain(operands[0], callee)
    return tree.call(callee, operands, **{name: _operand(each, context) for name, each in keywords.items()})


def _is_sum(layer: LayerRecord, call: CallRecord) -> bool:
    """Whether a merge of two tensors can be an operator: of equal ranks, and of the model's own dtype."""
    found = tensors_in(call.positional)
    ranks = {len(tensor.shape) for tensor in found if tensor.shape is not None}
    return len(found) == 2 and len(ranks) < 2 and "dtype" not in layer.arguments


def _application(layer: LayerRecord, call: CallRecord, context: Context) -> tuple[tuple[Given, ...], dict[str, Given]]:
    """Return what a layer is applied to: without masks that come by themselves, and without what is the default."""
    keywords = dict(call.keywords)
    positional = call.positional
    if layer.model is not None:
        keywords.pop("mask", None)
        return positional, keywords
    cls = declared(layer)
    if any(tensor in context.masked for tensor in tensors_in(positional)):
        keywords.pop("mask", None)
    elif keywords.get("mask") is not None and "mask" not in cls.call_keywords:
        message = f"{described(layer)} is given a mask that comes from elsewhere"
        raise ImportRefused(message, "let `Masking` make it")
    given = list(positional)
    for name in cls.input_names[len(given) :]:
        if not cls.takes_list and keywords.get(name) is not None:
            given.append(keywords.pop(name))
        else:
            break
    names = list(cls.call_keywords)
    for extra in given[cls.most_inputs if not cls.takes_list else 1 :]:
        # Keras takes some keywords by position: the states of a recurrent layer.
        if names:
            keywords[names.pop(0)] = extra
    given = given[: cls.most_inputs if not cls.takes_list else 1]
    kept: dict[str, Given] = {name: value for name, value in keywords.items() if value not in (None, False)}
    for name in kept:
        if name not in cls.call_keywords and name not in cls.input_names:
            raise ImportRefused(f"{described(layer)} is called with `{name}`, which the language has not")
    return tuple(given), kept


def needed(layer: LayerRecord, call: CallRecord, masked: frozenset[TensorRecord]) -> list[TensorRecord]:
    """Return the tensors that are written where a call is: masks that come by themselves are not."""
    found = tensors_in(call.positional)
    implied = layer.model is not None or any(tensor in masked for tensor in found)
    keywords = {name: value for name, value in call.keywords.items() if not (name == "mask" and implied)}
    return found + tensors_in(keywords)


def _operand(given: Given, context: Context) -> Expression:
    if isinstance(given, TensorRecord):
        return context.operand(given)
    if isinstance(given, tuple):
        return tree.constant([_operand(each, context) for each in given])
    return tree.constant(given)


def settled(layer: LayerRecord, call: CallRecord) -> Mapping[str, Value]:
    """Return a layer's arguments as a person gives them: a built layer has replaced some of its defaults."""
    arguments = dict(layer.arguments)
    shape = next((tensor.shape for tensor in tensors_in(call.positional)), None)
    axis = arguments.get("axis")
    if isinstance(axis, tuple) and len(axis) == 1:
        axis = axis[0]
    if shape is not None and axis == len(shape) - 1:
        axis = -1
    if "axis" in arguments and not (layer.kind == "Normalization" and axis is None):
        arguments["axis"] = axis
    if arguments.get("strides") == arguments.get("pool_size") and "pool_size" in arguments:
        arguments.pop("strides", None)
    if arguments.get("value_dim") == arguments.get("key_dim"):
        arguments.pop("value_dim", None)
    attended = arguments.get("attention_axes")
    if attended is not None and attended == tuple(range(1, (len(shape) if shape is not None else 3) - 1)):
        del arguments["attention_axes"]
    cell = arguments.get("cell")
    if isinstance(cell, LayerRecord) and cell.kind == "StackedRNNCells" and "cells" in cell.arguments:
        arguments["cell"] = cell.arguments["cells"]
    if layer.kind == "Bidirectional":
        arguments = _directions(arguments)
    return arguments


def _directions(arguments: Mapping[str, Value]) -> dict[str, Value]:
    """Leave out a second direction that is the first one reversed, which is what is meant without it."""
    # The wrapper itself sets what masked steps give.
    found = {
        name: replace(value, arguments={**value.arguments, "zero_output_for_mask": False})
        if isinstance(value, LayerRecord)
        else value
        for name, value in arguments.items()
    }
    first, second = found.get("layer"), found.get("backward_layer")
    if isinstance(first, LayerRecord) and isinstance(second, LayerRecord):
        reversed_first = {**first.arguments, "go_backwards": not first.arguments.get("go_backwards", False)}
        if first.kind == second.kind and reversed_first == {"go_backwards": False, **second.arguments}:
            del found["backward_layer"]
    return found


# ---------------------------------------------------------------- layers of keras.applications


def _given_tensors(layer: LayerRecord, call: CallRecord, count: int) -> list[TensorRecord]:
    found = tensors_in(call.positional)
    if len(found) != count:
        raise ImportRefused(f"{described(layer)} is called with {len(found)} tensors, and takes {count}")
    return found


def _layer_scale(layer: LayerRecord, call: CallRecord, context: Context) -> Expression:
    size, start = layer.arguments.get("projection_dim"), layer.arguments.get("init_values", 1e-6)
    trainable = {} if layer.arguments.get("trainable", True) else {"trainable": False}
    weight = tree.call("Weight", [(size,), tree.call("Constant", [start])], **trainable)
    (x,) = _given_tensors(layer, call, 1)
    return tree.binary(context.operand(x), "*", context.builder.note(weight, layer.key))


def _stochastic_depth(layer: LayerRecord, call: CallRecord, context: Context) -> Expression:
    (x,) = _given_tensors(layer, call, 1)
    rank = len(x.shape) if x.shape is not None else 4
    arguments: dict[str, Value] = {
        "rate": layer.arguments.get("drop_path_rate"),
        "noise_shape": (None, *(1 for _ in range(rank - 1))),
    }
    dropout = replace(layer, kind="Dropout", arguments=arguments)
    return tree.chain(context.operand(x), context.constructor(dropout, arguments))


def _custom_scale(layer: LayerRecord, call: CallRecord, context: Context) -> Expression:
    first, second = _given_tensors(layer, call, 2)
    scaled = tree.binary(layer.arguments.get("scale"), "*", context.operand(second))
    return tree.binary(context.operand(first), "+", scaled)


_SPECIAL: dict[str, Callable[[LayerRecord, CallRecord, Context], Expression]] = {
    "LayerScale": _layer_scale,
    "StochasticDepth": _stochastic_depth,
    "CustomScaleLayer": _custom_scale,
}

# ---------------------------------------------------------------- operations


def _operation(layer: LayerRecord, call: CallRecord, context: Context) -> Expression:
    called = layer.kind.removeprefix("ops.")
    operands = tensors_in((call.positional, tuple(call.keywords.values())))
    if not operands or not call.positional:
        raise ImportRefused(f"the operation `ops.{called}` is given no tensor")
    if called == "get_item":
        return _item(call, context)
    if called in _SAME:
        return context.operand(operands[0])
    if called == "reciprocal":
        return tree.binary(1, "/", context.operand(operands[0]))
    masked = any(tensor in context.masked for tensor in operands)
    ranks = {len(tensor.shape) for tensor in operands if tensor.shape is not None}
    if not masked and len(ranks) < 2:
        if called in _SIGNS and len(call.positional) == 2:
            left, right = (_operand(each, context) for each in call.positional)
            return tree.binary(left, _SIGNS[called], right)
        if called == "negative":
            return nodes.Unary("-", context.operand(operands[0]), span=tree.NOWHERE)
    cls = ops.find(called)
    if cls is None or any(value not in (None, 0.0) for value in call.keywords.values() if called == "relu"):
        found = _activation(called, call, context)
        if found is None:
            help = "`nndsl layers` lists those that there are"
            raise ImportRefused(f"the operation `ops.{called}` is none of the language", help)
        return found
    return _function(cls, called, call, context)


def _function(cls: type[Op], called: str, call: CallRecord, context: Context) -> Expression:
    """Return ``ops.name(…)``: tensors by position, and of the rest what is not the default."""
    fields = {field.name: field for field in parameters(cls) if field.name not in ("name", "trainable")}
    keywords = dict(call.keywords)
    given: list[Given] = list(call.positional)
    if cls.variadic:
        first = next(iter(fields))
        operands = [item for each in given for item in (each if isinstance(each, tuple) else (each,))]
        parts = [keywords[first], *operands] if first in keywords else operands
        return tree.operation(called, [_argument(each, context) for each in parts])
    names = list(fields)
    written: dict[str, Given] = dict(zip(names, given, strict=False)) | keywords
    positional: list[Expression] = []
    named: dict[str, Expression] = {}
    for name, value in written.items():
        if name not in fields and value not in (None, False, 0.0):
            raise ImportRefused(f"`ops.{called}` has `{name}`, which the language has not")
    by_position = True
    for name, field in fields.items():
        required = is_required(field)
        if name not in written or (not required and _is_default(kind_of(field), written[name], field.default)):
            by_position = False
            continue
        by_position = by_position and required
        argument = _argument(written[name], context)
        if by_position:
            positional.append(argument)
        else:
            named[name] = argument
    return tree.operation(called, positional, **named)


def _argument(given: Given, context: Context) -> Expression:
    """Return an argument of an operation: lists where tensors are in it, else tuples."""
    if isinstance(given, tuple) and tensors_in(given):
        return tree.constant([_argument(each, context) for each in given])
    if isinstance(given, TensorRecord):
        return context.operand(given)
    return tree.constant(given)


def _is_default(kind: Any, value: Given, default: object) -> bool:
    if isinstance(value, TensorRecord) or tensors_in(value):
        return False
    try:
        return bool(value == default or kind.read(value) == kind.read(default))
    except ArgumentError:
        return False


def _activation(called: str, call: CallRecord, context: Context) -> Expression | None:
    """Return an activation that is an operation in Keras, and a layer here; None if it is none."""
    (x, *others) = call.positional
    if not isinstance(x, TensorRecord) or others:
        return None
    usual = _USUAL.get(called, {})
    options = {name: value for name, value in call.keywords.items() if usual.get(name, None) != value}
    if options and called in _AS_LAYER and set(options) <= set(_AS_LAYER[called][1]):
        name, keywords = _AS_LAYER[called]
        arguments = {each: call.keywords[each] for each in keywords if each in call.keywords}
        record = LayerRecord(called, name, arguments)  # type: ignore[arg-type]
        return tree.chain(context.operand(x), context.builder.construct(record, record.arguments))
    if options or called not in ACTIVATIONS:
        return None
    return tree.chain(context.operand(x), tree.call("Activation", [called]))


_USUAL: Mapping[str, Mapping[str, object]] = {
    "celu": {"alpha": 1.0},
    "elu": {"alpha": 1.0},
    "glu": {"axis": -1},
    "hard_shrink": {"threshold": 0.5},
    "leaky_relu": {"negative_slope": 0.2},
    "relu": {"negative_slope": 0.0, "max_value": None, "threshold": 0.0},
    "soft_shrink": {"threshold": 0.5},
    "sparsemax": {"axis": -1},
    "squareplus": {"b": 4},
}
"""The defaults of the activations that have arguments."""
_AS_LAYER: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "elu": ("ELU", ("alpha",)),
    "leaky_relu": ("LeakyReLU", ("negative_slope",)),
    "relu": ("ReLU", ("max_value", "negative_slope", "threshold")),
}
"""The activations that are layers with arguments."""


def _item(call: CallRecord, context: Context) -> Expression:
    """Return ``x[…]``; where a mask would stay, it is dropped as Keras drops it."""
    x, key = call.positional[0], call.positional[1] if len(call.positional) > 1 else call.keywords["key"]
    if not isinstance(x, TensorRecord):
        raise ImportRefused("what is indexed is no tensor")
    keys = list(key) if isinstance(key, tuple) else [key]
    ellipsis = slice(None, Ellipsis)
    if ellipsis in keys:
        place = keys.index(ellipsis)
        if x.shape is None:
            raise ImportRefused("an index has `...`, which the language has not", "write an index for each axis")
        keys[place : place + 1] = [slice(None)] * (len(x.shape) - len(keys) + 1)
    while len(keys) > 1 and keys[-1] == slice(None):
        keys.pop()
    value = context.operand(x)
    if x in context.masked and all(isinstance(each, slice) for each in keys):
        value = tree.operation("multiply", [value, 1])
    return nodes.Index(value, tuple(map(_index, keys)), span=tree.NOWHERE)


def _index(key: Given) -> Expression | nodes.Slice:
    if isinstance(key, slice):
        parts = [None if each is None else tree.constant(each) for each in (key.start, key.stop, key.step)]
        return nodes.Slice(*parts, span=tree.NOWHERE)
    if isinstance(key, bool) or not isinstance(key, int):
        raise ImportRefused("a tensor is indexed with more than integers and slices")
    return tree.constant(key)
