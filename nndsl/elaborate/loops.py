"""The number of turns of nested loops, before anything is unfolded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from nndsl.elaborate.functions import items_of
from nndsl.elaborate.operators import range_length
from nndsl.elaborate.session import Fault, Stop
from nndsl.elaborate.values import UNKNOWN, Formula, Function
from nndsl.syntax import nodes

if TYPE_CHECKING:
    from nndsl.elaborate.expressions import Evaluator


def check_turns(evaluator: Evaluator, loop: nodes.For, items: Iterable[object]) -> None:
    """Refuse a loop that would take more steps than are left, with those inside it. Raises Exhausted."""
    turns = _length(items) * max(1, _inner_turns(evaluator, loop))
    if evaluator.session.steps + turns > evaluator.session.limits.steps:
        evaluator.session.exhaust(
            "E0711",
            f"the loop has {turns:,} turns, those inside it counted, and at most {evaluator.session.limits.steps:,} "
            "steps are unfolded",
            loop.iterable.span,
            "make the loops shorter, or let the caller raise the limit on steps",
        )


def _length(items: Any) -> int:
    return range_length(items) if isinstance(items, range) else len(items)


def _inner_turns(evaluator: Evaluator, loop: nodes.For) -> int:
    """Return how many turns the loops in the body of a loop have, for one turn of it."""
    total = 0
    hidden = {target.name for target in loop.targets}
    waiting: list[tuple[nodes.Statement, int]] = [(statement, 1) for statement in loop.body]
    while waiting:
        statement, around = waiting.pop()
        if isinstance(statement, nodes.If):
            waiting += [(each, around) for each in (*statement.body, *statement.otherwise)]
        elif isinstance(statement, nodes.For):
            hidden.update(target.name for target in statement.targets)
            turns = around * max(1, _known_length(evaluator, statement.iterable, hidden))
            total += turns
            waiting += [(each, turns) for each in statement.body]
    return total


def _known_length(evaluator: Evaluator, iterable: nodes.Expression, hidden: set[str]) -> int:
    """Return the length of what a loop goes over, 1 if that depends on other loops, or on more than constants."""
    if not isinstance(iterable, nodes.Call) or not isinstance(iterable.callee, nodes.Name):
        return 1
    function = evaluator.file.find(iterable.callee.name)
    if not isinstance(function, (Function, Formula)) or iterable.callee.name in evaluator.names:
        return 1
    values = []
    for argument in iterable.arguments:
        value = _number(evaluator, argument.value, hidden)
        if value is UNKNOWN:
            return 1
        values.append(value)
    if not isinstance(function, Function):
        return 1
    try:
        return _length(items_of(evaluator.session, function.run(evaluator.session, tuple(values)), ""))
    except Fault:
        return 1


def _number(evaluator: Evaluator, expression: nodes.Expression, hidden: set[str]) -> Any:
    """Return a number, or a name for one, that no loop changes, else UNKNOWN."""
    if isinstance(expression, nodes.Number):
        return expression.value
    if isinstance(expression, nodes.Name) and expression.name not in hidden:
        try:
            value = evaluator.resolve(expression) if expression.name in evaluator.names else UNKNOWN
        except Stop:
            return UNKNOWN
        if value is UNKNOWN:
            value = evaluator.file.names.get(expression.name, UNKNOWN)
        return value if isinstance(value, (int, list, tuple, range)) else UNKNOWN
    return UNKNOWN
