"""The functions of constants: ``range``, ``len``, ``min``, … as in Python, within the budgets."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from nndsl.arguments import describe
from nndsl.dims import Dim
from nndsl.elaborate.operators import binary, checked, measured, range_length, unknown_size
from nndsl.elaborate.session import Fault, Session
from nndsl.elaborate.values import Function
from nndsl.graph import Tensor

_FURTHEST = 2**62


def items_of(session: Session, value: object, what: str) -> Iterable[object]:
    """Return what a list, tuple, dict, string or range holds. Raises Fault."""
    if isinstance(value, range):
        if range_length(value) > session.limits.steps:
            raise Fault("E0711", f"`range` has more than {session.limits.steps:,} numbers")
        return value
    if isinstance(value, (list, tuple, dict, str)):
        return value
    if isinstance(value, Dim):
        raise unknown_size(value)
    help = ""
    if isinstance(value, int) and not isinstance(value, bool):
        help = f"write `range({value})`"
    raise Fault("E0318", f"{what} a list, a tuple, a dict or a range, not {describe(value)}", help)


def _integers(name: str, values: tuple[object, ...]) -> tuple[int, ...]:
    found = []
    for value in values:
        if isinstance(value, Dim):
            raise unknown_size(value)
        if isinstance(value, bool) or not isinstance(value, int):
            whole = isinstance(value, float) and math.isfinite(value) and value == int(value)
            help = f"write {int(value)}" if whole else ""  # type: ignore[call-overload]
            raise Fault("E0315", f"`{name}` takes integers, not {describe(value)}", help)
        found.append(value)
    return tuple(found)


def _range(session: Session, arguments: tuple[object, ...]) -> object:
    numbers = _integers("range", arguments)
    if any(abs(number) > _FURTHEST for number in numbers):
        raise Fault("E0711", "the numbers of `range` are too large")
    if len(numbers) == 3 and numbers[2] == 0:
        raise Fault("E0315", "the step of `range` must not be zero")
    return range(*(int(number) for number in numbers))


def _len(session: Session, arguments: tuple[object, ...]) -> object:
    (value,) = arguments
    if isinstance(value, range):
        return range_length(value)
    if isinstance(value, (list, tuple, dict, str)):
        return len(value)
    help = "`shape(t)` has the sizes of a tensor" if isinstance(value, Tensor) else ""
    raise Fault("E0315", f"`len` takes a list, a tuple, a dict or a string, not {describe(value)}", help)


def _extreme(name: str, choose: Callable[[Any], Any]) -> Callable[[Session, tuple[object, ...]], object]:
    def run(session: Session, arguments: tuple[object, ...]) -> object:
        items = list(items_of(session, arguments[0], f"`{name}` takes")) if len(arguments) == 1 else list(arguments)
        if not items:
            raise Fault("E0315", f"`{name}` of nothing")
        if all(isinstance(item, (int, float)) for item in items):
            return _plain(choose(items))
        for item in items:
            if isinstance(item, Dim):
                if all(item == other for other in items):
                    return item
                raise unknown_size(item)
            if not isinstance(item, str):
                raise Fault("E0315", f"`{name}` takes numbers, not {describe(item)}")
        if not all(isinstance(item, str) for item in items):
            raise Fault("E0315", f"`{name}` takes numbers, or strings, not both")
        return choose(items)

    return run


def _plain(value: Any) -> Any:
    """Return an int without its origin: which of several numbers was chosen depends on their values."""
    return value if isinstance(value, (bool, float)) else int(value)


def _sum(session: Session, arguments: tuple[object, ...]) -> object:
    total: object = arguments[1] if len(arguments) == 2 else 0
    for item in items_of(session, arguments[0], "`sum` takes"):
        total = binary(session, "+", total, item)
    return total


def _numeric(name: str, compute: Callable[[Any], Any]) -> Callable[[Session, tuple[object, ...]], object]:
    def run(session: Session, arguments: tuple[object, ...]) -> object:
        (value,) = arguments
        if isinstance(value, Dim):
            if name in ("int", "round", "ceil", "floor"):
                return value
            raise unknown_size(value)
        if isinstance(value, str) and name == "int":
            raise Fault("E0315", f"`int` takes a number, not {describe(value)}", "write the number without quotes")
        if not isinstance(value, (int, float)):
            raise Fault("E0315", f"`{name}` takes a number, not {describe(value)}")
        try:
            return checked(compute(value))
        except (ValueError, OverflowError):
            raise Fault("E0312", f"`{name}` has no value for {describe(value)}") from None

    return run


def _round(session: Session, arguments: tuple[object, ...]) -> object:
    if len(arguments) == 1:
        return _numeric("round", round)(session, arguments)
    (digits,) = _integers("round", arguments[1:])
    return _numeric("round", lambda value: round(value, max(-400, min(400, int(digits)))))(session, arguments[:1])


def _enumerate(session: Session, arguments: tuple[object, ...]) -> object:
    (start,) = _integers("enumerate", arguments[1:]) if len(arguments) == 2 else (0,)
    items = items_of(session, arguments[0], "`enumerate` takes")
    return measured(session, [(int(start) + index, item) for index, item in enumerate(items)])


def _zip(session: Session, arguments: tuple[object, ...]) -> object:
    lists = [list(items_of(session, argument, "`zip` takes")) for argument in arguments]
    if len({len(items) for items in lists}) > 1:
        lengths = " and ".join(str(len(items)) for items in lists)
        raise Fault("E0315", f"`zip` takes lists of one length, and these have {lengths} items")
    return measured(session, list(zip(*lists, strict=True)))


def _reversed(session: Session, arguments: tuple[object, ...]) -> object:
    (value,) = arguments
    if isinstance(value, range):
        return value[::-1]
    if isinstance(value, dict):
        raise Fault("E0315", "`reversed` takes a list, a tuple or a range, not a dict")
    return measured(session, list(items_of(session, value, "`reversed` takes"))[::-1])


def _str(session: Session, arguments: tuple[object, ...]) -> object:
    (value,) = arguments
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    raise Fault("E0315", f"`str` takes a number, not {describe(value)}")


def _shape(session: Session, arguments: tuple[object, ...]) -> object:
    (value,) = arguments
    if not isinstance(value, Tensor):
        raise Fault("E0315", f"`shape` takes a tensor, not {describe(value)}")
    return value.type.shape[1:] if value.type.batched else value.type.shape


_Run = Callable[[Session, tuple[object, ...]], object]
_TABLE: dict[str, tuple[_Run, int, int]] = {
    "range": (_range, 1, 3),
    "len": (_len, 1, 1),
    "min": (_extreme("min", min), 1, 256),
    "max": (_extreme("max", max), 1, 256),
    "sum": (_sum, 1, 2),
    "int": (_numeric("int", int), 1, 1),
    "round": (_round, 1, 2),
    "ceil": (_numeric("ceil", math.ceil), 1, 1),
    "floor": (_numeric("floor", math.floor), 1, 1),
    "abs": (_numeric("abs", abs), 1, 1),
    "sqrt": (_numeric("sqrt", math.sqrt), 1, 1),
    "log": (_numeric("log", math.log), 1, 1),
    "exp": (_numeric("exp", math.exp), 1, 1),
    "enumerate": (_enumerate, 1, 2),
    "zip": (_zip, 1, 256),
    "reversed": (_reversed, 1, 1),
    "str": (_str, 1, 1),
    "shape": (_shape, 1, 1),
}


def _counted(name: str, run: _Run, least: int, most: int) -> _Run:
    def count(session: Session, arguments: tuple[object, ...]) -> object:
        if not least <= len(arguments) <= most:
            wanted = "one value" if most == 1 else f"{least} to {most} values"
            raise Fault("E0315", f"`{name}` takes {wanted}, and here are {len(arguments)}")
        return run(session, arguments)

    return count


FUNCTIONS = {name: Function(name, _counted(name, *entry)) for name, entry in _TABLE.items()}
"""The functions by their names."""
CONSTANTS = {"pi": math.pi}
