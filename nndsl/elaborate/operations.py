"""Calls of ``ops.name(…)``: each is a hidden layer."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from nndsl import ops
from nndsl.arguments import parameters
from nndsl.binding import BindingError
from nndsl.diagnostics import Span
from nndsl.elaborate.applying import add, infer
from nndsl.elaborate.constructing import bind_known, blamed, refuse_arguments
from nndsl.elaborate.naming import foreign_attribute
from nndsl.elaborate.values import UNKNOWN, is_unknown
from nndsl.graph import Tensor
from nndsl.ops.base import Creation, Input, Op, Operation
from nndsl.syntax import nodes

if TYPE_CHECKING:
    from nndsl.elaborate.expressions import Evaluator


def operation(evaluator: Evaluator, call: nodes.Call, attribute: nodes.Attribute) -> Any:
    """Return the tensor, or the tuple of tensors, that an operation gives. Raises Stop."""
    name = _name(evaluator, attribute)
    declared = ops.find(name)
    values = [evaluator.attempt(argument.value) for argument in call.arguments]
    if declared is None:
        _unknown(evaluator, name, attribute)
    if evaluator.body is None or evaluator.places is None:
        message = f"`ops.{name}` gives a tensor, and tensors are made in the statements of a model or block"
        evaluator.session.fail("E0302", message, call.span)
    tensors: list[Tensor] = []
    written = [(each.name, _numbered(value, tensors)) for each, value in zip(call.arguments, values, strict=True)]
    gathered = _gathered(declared, written)
    try:
        op = bind_known(declared, gathered, declared.called())
    except BindingError as error:
        refuse_arguments(evaluator, gathered, error, partial(_blamed, call, declared))
    if op is None or is_unknown(values) or evaluator.body.checking:
        return UNKNOWN
    layer = Operation(op)
    if not tensors:
        tensors, layer = [_anchor(evaluator, op, call)], Creation(op)
    inputs = tuple(tensors)
    result = add(evaluator, layer, inputs, infer(evaluator, layer, inputs, {}, call, call), call)
    return (result,) if op.gives_list and isinstance(result, Tensor) else result


def _name(evaluator: Evaluator, attribute: nodes.Attribute) -> str:
    """Return what stands behind ``ops.``. Raises Stop for any other dot."""
    value = attribute.value
    if isinstance(value, nodes.Attribute):
        if isinstance(value.value, nodes.Name) and value.value.name == "ops":
            return f"{value.name}.{attribute.name}"
        if value.name == "ops":
            message = f"nothing is called `.{value.name}.{attribute.name}` here"
            evaluator.session.fail("E0210", message, attribute.span, help=f"write `ops.{attribute.name}(…)`")
    if not isinstance(value, nodes.Name) or value.name != "ops":
        foreign_attribute(evaluator, attribute)
    return attribute.name


def _unknown(evaluator: Evaluator, name: str, attribute: nodes.Attribute) -> NoReturn:
    from nndsl.ops.elsewhere import suggested

    evaluator.session.fail("E0210", f"there is no `ops.{name}`", attribute.span, help=suggested(name))


def _numbered(value: Any, tensors: list[Tensor]) -> Any:
    """Return a value with the numbers of its tensors in their place; ``tensors`` holds each of these once."""
    if isinstance(value, Tensor):
        if value not in tensors:
            tensors.append(value)
        return Input(tensors.index(value))
    if isinstance(value, (list, tuple)):
        return type(value)([_numbered(item, tensors) for item in value])
    return value


def _gathered(declared: type[Op], written: list[tuple[str | None, Any]]) -> list[tuple[str | None, Any]]:
    """Return the arguments with those that the last one takes together as its list."""
    last = _last(declared)
    if last is None or any(name is not None for name, _ in written) or len(written) <= last:
        return written
    return [*written[:last], (None, [value for _, value in written[last:]])]


def _last(declared: type[Op]) -> int | None:
    return len(parameters(declared)) - 1 if declared.variadic else None


def _blamed(call: nodes.Call, declared: type[Op], path: tuple[int, ...]) -> Span:
    """Return the span that a path of a BindingError leads to, in the call as it is written."""
    if path and path[0] == _last(declared):
        return call.span
    return blamed(call, path)


def _anchor(evaluator: Evaluator, op: Op, call: nodes.Call) -> Tensor:
    """Return the tensor where a new one is made. Raises Stop for an operation that needs one of its own."""
    assert evaluator.body is not None
    if not op.creates:
        message = f"`{op.called()}` takes tensors, and here are numbers alone"
        help = "of constants there are `+`, `max(…)`, `sqrt(…)`, … without `ops`"
        evaluator.session.fail("E0302", message, call.span, help=help)
    if not evaluator.body.inputs:
        evaluator.session.fail("E0501", f"`{op.called()}` stands before the inputs", call.span)
    return evaluator.body.inputs[0].output()
