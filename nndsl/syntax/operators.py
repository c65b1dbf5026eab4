"""A row of operands and operators, shaped into a tree by precedence, as in Python."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass

from nndsl.diagnostics import Diagnostic, Span
from nndsl.syntax.nodes import Binary, Expression, Unary

OR, AND, NOT, COMPARISON, SUM, PRODUCT, SIGN, POWER = range(1, 9)
PRECEDENCE = {
    "or": OR,
    "and": AND,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in"), COMPARISON),
    **dict.fromkeys("+-", SUM),
    **dict.fromkeys(("*", "/", "//", "%"), PRODUCT),
    "**": POWER,
}
PREFIXES = {"not": NOT, "-": SIGN}


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator in a row, with its place."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An operator whose right operand is not complete."""

    operator: Operator
    precedence: int
    prefix: bool


def shape(
    row: Sequence[Expression | Operator], bracketed: Container[tuple[int, int]], report: Callable[[Diagnostic], None]
) -> Expression:
    """Return the tree of a row that alternates between operands and binary operators.

    An operand may be a Unary that was read before what follows was known: unless its span is among the ``bracketed``
    ones, its operator takes its place by precedence too. What Python reads but nndsl refuses is reported.
    """
    operands: list[Expression] = []
    waiting: list[_Waiting] = []
    for item in row:
        if isinstance(item, Operator):
            _binary(item, operands, waiting, bracketed, report)
            continue
        operand = item
        while isinstance(operand, Unary) and (operand.span.start, operand.span.end) not in bracketed:
            precedence = PREFIXES[operand.operator]
            start = operand.span.start
            operator = Operator(operand.operator, Span(operand.span.source, start, start + len(operand.operator)))
            if precedence == NOT and waiting and waiting[-1].precedence > NOT and not waiting[-1].prefix:
                report(misplaced_not(waiting[-1].operator.text, operand))
            waiting.append(_Waiting(operator, precedence, prefix=True))
            operand = operand.operand
        operands.append(operand)
    while waiting:
        _apply(operands, waiting.pop())
    return operands[0]


def misplaced_not(operator: str, operand: Expression) -> Diagnostic:
    """Return the error that `not` stands behind an operator that binds more."""
    start = operand.span.start
    message = f"`not` binds less than the `{operator}` before it"
    span = Span(operand.span.source, start, start + len("not"))
    return Diagnostic("E0119", message, span, help=f"write `({operand.span.text})`")


def _binary(
    operator: Operator,
    operands: list[Expression],
    waiting: list[_Waiting],
    bracketed: Container[tuple[int, int]],
    report: Callable[[Diagnostic], None],
) -> None:
    precedence = PRECEDENCE[operator.text]
    while waiting and waiting[-1].precedence >= precedence:
        if waiting[-1].precedence == precedence == POWER:  # from right to left
            break
        _apply(operands, waiting.pop())
    left = operands[-1]
    if precedence == COMPARISON and _is_comparison(left) and (left.span.start, left.span.end) not in bracketed:
        assert isinstance(left, Binary)
        message = "comparisons are not chained"
        help_ = f"write `{left.span.text} and {left.right.span.text} {operator.text} …`"
        report(Diagnostic("E0114", message, operator.span, help=help_))
    waiting.append(_Waiting(operator, precedence, prefix=False))


def _is_comparison(value: Expression) -> bool:
    return isinstance(value, Binary) and PRECEDENCE[value.operator] == COMPARISON


def _apply(operands: list[Expression], waiting: _Waiting) -> None:
    right = operands.pop()
    operator = waiting.operator
    if waiting.prefix:
        operands.append(Unary(operator.text, right, span=operator.span.to(right.span)))
        return
    left = operands.pop()
    operands.append(Binary(operator.text, left, right, span=left.span.to(right.span)))
