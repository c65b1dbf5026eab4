"""``value[…]``: items and slices of lists, tuples, dicts and strings, and of tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from nndsl.arguments import describe
from nndsl.dims import Dim
from nndsl.elaborate.applying import hidden
from nndsl.elaborate.operators import measured, range_length, unknown_size
from nndsl.elaborate.session import Fault
from nndsl.elaborate.values import UNKNOWN
from nndsl.graph import Tensor
from nndsl.suggestions import suggest
from nndsl.syntax import nodes

if TYPE_CHECKING:
    from nndsl.elaborate.expressions import Evaluator


def item_of(evaluator: Evaluator, expression: nodes.Index) -> Any:
    """Return an item or a slice. Raises Stop."""
    value = evaluator.value(expression.value)
    indices = [_index(evaluator, index) for index in expression.indices]
    if value is UNKNOWN or any(index is UNKNOWN for index in indices):
        return UNKNOWN
    if isinstance(value, Tensor):
        return _tensor_item(evaluator, expression, value, indices)
    if len(indices) != 1:
        message = f"{describe(value)} takes one index, and here are {len(indices)}"
        evaluator.session.fail("E0316", message, expression.span, help="write `x[0][1]` for lists of lists")
    try:
        return _item(evaluator, expression, value, indices[0])
    except Fault as fault:
        evaluator.fail(fault, expression)


def _index(evaluator: Evaluator, index: nodes.Expression | nodes.Slice) -> Any:
    """Return an index, or the start, stop and step of a slice as a slice."""
    if not isinstance(index, nodes.Slice):
        return evaluator.value(index)
    parts = [None if part is None else evaluator.value(part) for part in (index.start, index.stop, index.step)]
    if any(part is UNKNOWN for part in parts):
        return UNKNOWN
    for part in parts:
        if part is not None and (isinstance(part, bool) or not isinstance(part, (int, Dim))):
            evaluator.session.fail("E0316", f"a slice takes integers, not {describe(part)}", index.span)
    return slice(*parts)


def _item(evaluator: Evaluator, expression: nodes.Index, value: Any, index: Any) -> Any:
    if isinstance(value, dict):
        return _entry(value, index)
    if not isinstance(value, (list, tuple, str, range)):
        raise Fault("E0316", f"{describe(value)} has no items")
    if isinstance(index, slice):
        for part in (index.start, index.stop, index.step):
            if isinstance(part, Dim):
                raise unknown_size(part)
        if index.step == 0:
            raise Fault("E0316", "the step of a slice must not be zero")
        return value[index] if isinstance(value, (str, range)) else measured(evaluator.session, value[index])
    if isinstance(index, Dim):
        raise unknown_size(index)
    if isinstance(index, bool) or not isinstance(index, int):
        raise Fault("E0316", f"an index is an integer, not {describe(index)}")
    length = range_length(value) if isinstance(value, range) else len(value)
    if not -length <= index < length:
        what = {str: "characters", range: "numbers"}.get(type(value), "items")
        raise Fault("E0316", f"the index {index} is beyond the {length} {what}", "indices count from 0")
    return value[index]


def _entry(value: dict[Any, Any], key: Any) -> Any:
    if isinstance(key, (str, int, float)) or key is None:
        if key in value:
            return value[key]
        keys = ", ".join(describe(each).strip("`") for each in list(value)[:10])
        near = suggest(key, [each for each in value if isinstance(each, str)], "value") if isinstance(key, str) else ""
        raise Fault("E0316", f"the dict has no key {describe(key)}", near or f"its keys are {keys}")
    raise Fault("E0316", f"the key of a dict is a string or a number, not {describe(key)}")


def _tensor_item(evaluator: Evaluator, expression: nodes.Index, tensor: Tensor, indices: list[Any]) -> Any:
    from nndsl.layers.arithmetic import Slice

    found: list[Any] = []
    for index, written in zip(indices, expression.indices, strict=True):
        if isinstance(index, slice):
            found.append((index.start, index.stop, index.step))
        elif isinstance(index, bool) or not isinstance(index, (int, Dim)):
            _refuse(evaluator, index, written)
        else:
            found.append(index)
    return hidden(evaluator, Slice(tuple(found)), (tensor,), expression)


def _refuse(evaluator: Evaluator, index: object, written: nodes.Node) -> NoReturn:
    message = f"a tensor is indexed with integers and slices, not with {describe(index)}"
    evaluator.session.fail("E0316", message, written.span)
