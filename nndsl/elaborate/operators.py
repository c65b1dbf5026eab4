"""The operators on constants: numbers, sizes, strings, lists and tuples, as in Python, within the budgets."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from nndsl.arguments import describe
from nndsl.dims import Dim, Same, SizeUnknown, same
from nndsl.elaborate.session import Fault, Session
from nndsl.elaborate.values import parts_of
from nndsl.recipes.base import PendingRecipe

_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}
_ORDER: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
NUMBERS = (int, float)
_CONSTANTS = (int, float, str, type(None), tuple, list, dict, range, Dim)
_LEAVES = (int, float, str, Dim, type(None))
_DEEPEST = 64
_LONGEST_POWER = 4096
"""The bits of a power that is still computed before its length is looked at."""


def binary(session: Session, sign: str, left: object, right: object) -> object:
    """Return ``left sign right`` of two constants. Raises Fault."""
    if sign in _ARITHMETIC:
        return _arithmetic(session, sign, left, right)
    if sign == "==":
        return equal(session, left, right)
    if sign == "!=":
        return not equal(session, left, right)
    if sign == "in":
        return _contains(session, left, right)
    return _ordered(sign, left, right)


def unary(sign: str, operand: object) -> object:
    """Return ``-x`` or ``not x`` of a constant. Raises Fault."""
    if sign == "not":
        return not truth(operand)
    if isinstance(operand, (int, float, Dim)):
        return checked(-operand)
    raise Fault("E0310", f"`-` takes a number, not {describe(operand)}")


def truth(value: object) -> bool:
    """Return whether a condition holds: as in Python for numbers, strings, lists and none. Raises Fault."""
    if isinstance(value, Dim):
        raise unknown_size(value)
    if not isinstance(value, _CONSTANTS):
        raise Fault(
            "E0311",
            f"a condition is a constant, and this is {describe(value)}",
            "conditions are decided while the file is compiled, before there is any data",
        )
    return bool(value)


def unknown_size(size: Dim) -> Fault:
    """Return the fault of a number that is known only at run time."""
    names = sorted(size.symbols())
    listed = " and ".join(f"`{name}`" for name in names)
    are = "is" if len(names) == 1 else "are"
    return Fault(
        "E0313",
        f"a number must be known here, and `{size}` is known only at run time",
        f"{listed} {are} free: write a number for it in the `input` that declares it",
    )


def checked(value: Any) -> Any:
    """Return the result of arithmetic, if it is finite and not too long. Raises Fault."""
    if isinstance(value, int):
        if value.bit_length() > 66 and abs(value) >= 10**20:
            raise Fault("E0713", "the result is an integer of more than 20 digits")
        return value
    if isinstance(value, float) and not math.isfinite(value):
        raise Fault("E0312", "the result is not a finite number")
    if isinstance(value, complex):
        raise Fault("E0312", "the result is not a real number")
    return value


def measured(session: Session, value: Any) -> Any:
    """Return a list, recipe or layer, after its size with all that it is made of has been counted. Raises Fault.

    Each use of what is shared counts, since whatever goes through the value later meets it each time.
    """
    total = 0
    waiting: list[tuple[object, int]] = [(value, 1)]
    while waiting:
        item, depth = waiting.pop()
        parts = parts_of(item)
        if not parts:
            continue
        if depth > _DEEPEST:
            raise Fault("E0713", f"{_kind(value)} lie more than {_DEEPEST} deep in each other")
        total += len(parts)
        if session.steps + total > session.limits.steps:
            raise Fault("E0713", f"{_kind(value)} grow too large", "let the caller raise the limit on steps")
        waiting += [(part, depth + 1) for part in parts if not isinstance(part, _LEAVES)]
    session.steps += total
    return value


def _kind(value: object) -> str:
    return "lists" if isinstance(value, (list, tuple, dict)) else "layers or recipes"


def equal(session: Session, left: object, right: object) -> bool:
    """Return ``left == right`` of two constants. Raises Fault."""
    for value in (left, right):
        if not isinstance(value, (*_CONSTANTS, PendingRecipe)):
            raise Fault("E0310", f"`==` compares constants, and this is {describe(value)}")
    if isinstance(left, Dim) or isinstance(right, Dim):
        if not isinstance(left, (int, Dim)) or not isinstance(right, (int, Dim)):
            return False
        if isinstance(same(left, right, session.scope), Same):
            return True
        difference = left - right
        if isinstance(difference, int):
            return difference == 0
        raise unknown_size(difference)
    return left == right


def _contains(session: Session, item: object, container: object) -> bool:
    if isinstance(container, str):
        if not isinstance(item, str):
            raise Fault("E0310", f"`in` looks for a string in a string, not for {describe(item)}")
        return item in container
    if isinstance(container, range):
        return isinstance(item, int) and item in container
    if isinstance(container, (list, tuple, dict)):
        return any(equal(session, item, other) for other in container)
    raise Fault("E0310", f"`in` takes a list, a tuple, a dict or a string, not {describe(container)}")


def _ordered(sign: str, left: object, right: object) -> bool:
    if isinstance(left, (int, Dim)) and isinstance(right, (int, Dim)):
        difference = left - right
        if isinstance(difference, Dim):
            raise unknown_size(difference)
        return bool(_ORDER[sign](difference, 0))
    both = (left, right)
    for kind in (NUMBERS, str, tuple, list):
        if all(isinstance(value, kind) for value in both):
            try:
                return bool(_ORDER[sign](left, right))
            except TypeError:
                break
    raise _refused(sign, left, right)


def _arithmetic(session: Session, sign: str, left: object, right: object) -> object:
    sizes = isinstance(left, Dim) or isinstance(right, Dim)
    if isinstance(left, (int, float, Dim)) and isinstance(right, (int, float, Dim)):
        if sizes and (sign == "/" or isinstance(left, float) or isinstance(right, float)):
            help = "write `//`, the division of integers" if sign == "/" else "sizes are integers"
            raise Fault("E0310", f"`{sign}` of a symbolic size is not an integer", help)
        return _number(sign, left, right)
    if isinstance(left, str) and isinstance(right, str) and sign == "+":
        if len(left) + len(right) > session.limits.string:
            raise Fault("E0713", f"the string is longer than {session.limits.string:,} characters")
        return left + right
    left, right = _as_list(session, left, sign), _as_list(session, right, sign)
    if sign == "+":
        if isinstance(left, list) and isinstance(right, list):
            return measured(session, left + right)
        if isinstance(left, tuple) and isinstance(right, tuple):
            return measured(session, left + right)
    elif sign == "*":
        for items, count in ((left, right), (right, left)):
            if isinstance(items, (list, tuple)) and isinstance(count, int):
                if len(items) * count > session.limits.steps:
                    raise Fault("E0713", "the list grows too large", "let the caller raise the limit on steps")
                return measured(session, items * count)
    raise _refused(sign, left, right)


def _as_list(session: Session, value: object, sign: str) -> object:
    if not isinstance(value, range) or sign not in ("+", "*"):
        return value
    if range_length(value) > session.limits.steps:
        raise Fault("E0713", "the list grows too large", "let the caller raise the limit on steps")
    return list(value)


def range_length(value: range) -> int:
    """Return the length of a range, also where ``len`` would overflow."""
    step = value.step
    span = value.stop - value.start if step > 0 else value.start - value.stop
    return max(0, -(-span // abs(step)))


def _number(sign: str, left: Any, right: Any) -> object:
    if sign == "**":
        _check_power(left, right)
    try:
        return checked(_ARITHMETIC[sign](left, right))
    except ZeroDivisionError:
        raise Fault("E0312", "a division by zero") from None
    except OverflowError:
        raise Fault("E0312", "the result is not a finite number") from None
    except SizeUnknown as error:
        raise unknown_size(error.size) from None
    except ValueError as error:
        raise Fault("E0310", str(error)) from None


def _check_power(left: Any, right: Any) -> None:
    whole = isinstance(left, int) and isinstance(right, int)
    if whole and right > 0 and abs(left) > 1 and left.bit_length() * right > _LONGEST_POWER:
        raise Fault("E0713", "the result is an integer of more than 20 digits")


def _refused(sign: str, left: object, right: object) -> Fault:
    return Fault("E0310", f"`{sign}` does not take {describe(left)} and {describe(right)}")
