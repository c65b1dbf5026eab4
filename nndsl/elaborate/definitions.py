"""The arguments of blocks, models and functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nndsl.arguments import describe
from nndsl.elaborate.values import LAYERS, UNKNOWN, Definition, Formula, Function
from nndsl.graph import Tensor
from nndsl.suggestions import suggest
from nndsl.syntax import nodes

if TYPE_CHECKING:
    from nndsl.elaborate.expressions import Evaluator
    from nndsl.elaborate.session import Session

CALL_STEPS = 25
"""What the call of a function of the file counts as, in steps of unfolding."""
COMMON = ("name", "trainable", "dtype")
"""The arguments that every layer, block and model has."""


def check_parameters(session: Session, parameters: Sequence[nodes.Parameter]) -> None:
    """Refuse parameters of a block, model or extern that stand twice, or that all of them have."""
    names: set[str] = set()
    for parameter in parameters:
        if parameter.name in names:
            session.report("E0204", f"the parameter `{parameter.name}` stands twice", parameter.span)
        elif parameter.name in COMMON:
            message = f"every layer, block and model has an argument `{parameter.name}` already"
            session.report("E0204", message, parameter.span, help="take another name")
        names.add(parameter.name)


def matched(
    evaluator: Evaluator, called: str, names: Sequence[str], call: nodes.Call, more: Sequence[str] = ()
) -> dict[str, nodes.Argument]:
    """Return the argument written for each parameter; mistakes are reported, and the arguments left out.

    ``more`` are parameters that are given by name alone.
    """
    session = evaluator.session
    found: dict[str, nodes.Argument] = {}
    for index, argument in enumerate(call.arguments):
        name = argument.name
        if name is None:
            if index >= len(names):
                count = {0: "no arguments", 1: "one argument"}.get(len(names), f"{len(names)} arguments")
                message = f"`{called}` takes {count} by position, and this is one more"
                help = "" if names else f"what it is applied to stands behind its brackets: `{called}()(…)`"
                session.report("E0205", message, argument.span, help=help)
                continue
            name = names[index]
        elif name not in names and name not in more:
            help = suggest(name, (*names, *more), "argument")
            session.report("E0205", f"`{called}` has no argument `{name}`", argument.span, help=help)
            continue
        if name in found:
            session.report("E0206", f"`{name}` of `{called}` is given twice", argument.span)
            continue
        found[name] = argument
    return found


def missing(
    evaluator: Evaluator, called: str, parameters: Sequence[nodes.Parameter], given: Sequence[str], call: nodes.Call
) -> bool:
    """Report the parameters that have neither an argument nor a default, and return whether there are any."""
    absent = [each.name for each in parameters if each.default is None and each.name not in given]
    if not absent:
        return False
    listed = " and ".join(f"`{name}`" for name in absent)
    example = ", ".join(f"{name}=…" for name in absent)
    evaluator.session.report("E0301", f"`{called}` needs {listed}", call.span, help=f"write `{called}({example})`")
    return True


def bind_parameters(evaluator: Evaluator, definition: Definition, call: nodes.Call) -> dict[str, Any]:
    """Return the values of the arguments that a call gives to the parameters of a block or model."""
    free = [each.name for each in definition.syntax.parameters if each.name not in definition.fixed]
    written = matched(evaluator, definition.name, free, call, [name for name in COMMON if name not in free])
    return {name: evaluator.attempt(argument.value) for name, argument in written.items()}


def call_formula(evaluator: Evaluator, formula: Formula, call: nodes.Call) -> Any:
    """Return the value of a function of the file. Raises Stop."""
    from nndsl.elaborate.expressions import Evaluator as Evaluate

    syntax, session = formula.syntax, evaluator.session
    name = syntax.name.name
    written = matched(evaluator, name, [each.name for each in syntax.parameters], call)
    values: dict[str, object] = {each: evaluator.attempt(argument.value) for each, argument in written.items()}
    if len(written) < len(call.arguments) or missing(evaluator, name, syntax.parameters, list(values), call):
        return UNKNOWN
    if any(value is UNKNOWN for value in values.values()):
        return UNKNOWN
    for each, value in values.items():
        _check_constant(evaluator, name, value, written[each])
    inner = Evaluate(session, formula.file, values, before=formula.number)
    for parameter in syntax.parameters:
        if parameter.name not in values and parameter.default is not None:
            default = Evaluate(session, formula.file, {}, before=formula.number)
            values[parameter.name] = default.value(parameter.default)
    session.step(call.span, CALL_STEPS)
    session.enter(f"`{name}`, called", call.span)
    try:
        return inner.value(syntax.value)
    finally:
        session.leave()


def _check_constant(evaluator: Evaluator, called: str, value: object, argument: nodes.Argument) -> None:
    """Refuse a tensor or a layer, alone or in a list, for a function of the file. Raises Stop."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, (Tensor, *LAYERS)):
            message = f"`{called}` is a function of constants, and this is {describe(item)}"
            help = "what takes tensors or layers is a block"
            evaluator.session.fail("E0315", message, argument.span, help=help)
        if isinstance(item, (list, tuple)):
            waiting += item
        elif isinstance(item, dict):
            waiting += item.values()


def call_function(evaluator: Evaluator, function: Function, call: nodes.Call) -> Any:
    """Return the value of a function of constants. Raises Stop."""
    from nndsl.elaborate.session import Fault
    from nndsl.elaborate.values import is_unknown

    values = []
    for argument in call.arguments:
        if argument.name is not None:
            message = f"`{function.name}` takes its arguments by position"
            evaluator.session.fail("E0205", message, argument.span, help="leave the name out")
        values.append(evaluator.value(argument.value))
    evaluator.session.step(call.span)
    if any(value is UNKNOWN for value in values) or (
        function.name in ("min", "max", "sum") and any(is_unknown(value) for value in values)
    ):
        return UNKNOWN
    try:
        return function.run(evaluator.session, tuple(values))
    except Fault as fault:
        evaluator.fail(fault, call)
