"""Bounds of a size that follow from the bounds of its symbols, and conditions on one symbol solved for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from nndsl.dims.atoms import Floor, Maximum, Monomial, Symbol
from nndsl.dims.classes import VALUE_LIMIT, columns, profile, settle
from nndsl.dims.expression import Dim, Size


def interval(
    size: Size, lower: Callable[[str], int], upper: Callable[[str], int | None]
) -> tuple[int | None, int | None]:
    """Return a number that a size never falls below, and one that it never exceeds; None where there is none.

    They need not be reached: what cancels between two terms is not seen.
    """
    if isinstance(size, int):
        return size, size
    return _sum(size.terms.items(), lower, upper)


def _sum(
    items: Iterable[tuple[Monomial, int]],
    lower: Callable[[str], int],
    upper: Callable[[str], int | None],
) -> tuple[int | None, int | None]:
    low: int | None = 0
    high: int | None = 0
    for monomial, coefficient in items:
        least, most = _product(monomial, lower, upper)
        if coefficient < 0:
            least, most = most, least
        low = None if low is None or least is None else low + coefficient * least
        high = None if high is None or most is None else high + coefficient * most
    return low, high


def _product(
    monomial: Monomial, lower: Callable[[str], int], upper: Callable[[str], int | None]
) -> tuple[int | None, int | None]:
    # No atom is negative, but for opaque sizes: inside a floor, all coefficients are positive.
    low = 1
    high: int | None = 1
    for atom in monomial:
        least: int | None
        most: int | None
        if isinstance(atom, Symbol):
            least, most = lower(atom.name), upper(atom.name)
        elif isinstance(atom, (Floor, Maximum)):
            least, most = _sum(atom.items, lower, upper)
            if isinstance(atom, Maximum):
                least = max(0, least or 0)
                most = None if most is None else max(0, most)
            else:
                least = None if least is None else least // atom.divisor
                most = None if most is None else most // atom.divisor
        else:
            return None, None
        if len(monomial) == 1:
            return least, most
        if least is None:
            return None, None
        low *= least
        high = None if high is None or most is None else high * most
    return low, high


def solve(size: Dim, name: str, upward: bool, limit: int, lowest: int) -> tuple[bool, int] | bool | None:
    """Solve ``size >= limit`` (upward) or ``size <= limit`` for the only symbol of the size, from ``lowest`` on.

    Returns the bound of the symbol that means the same, as whether it is a lower one and its value; True or False if
    the condition always or never holds; None if its solution has holes, or is not known.
    """
    items = size.terms.items()
    known = profile(items)
    starts = settle(items, {name: lowest})
    if set(known) != {name} or starts is None:
        return None
    period, degree = known[name]
    start = starts[name]
    count = start - lowest + period + 1
    if degree != 1 or count > VALUE_LIMIT:
        return None
    values = columns(size, {name: range(lowest, lowest + count)}, count)
    slack = [value - limit if upward else limit - value for value in values]
    head, turn = slack[: start - lowest], slack[start - lowest : -1]
    growth = slack[-1] - turn[0]
    # Each class of the period changes once, from the start on: after so many periods.
    if growth > 0:
        changes = [max(0, -(value // growth)) for value in turn]
    elif growth < 0:
        changes = [max(0, value // -growth + 1) for value in turn]
    elif min(turn) >= 0 or max(turn) < 0:
        changes = [0] * period
    else:
        return None
    turns = [start + index + period * change for index, change in enumerate(changes)]
    finally_true = growth > 0 or (growth == 0 and turn[0] >= 0)
    turning = min(turns)
    if max(turns) >= turning + period:
        return None
    differs = [(value >= 0) != finally_true for value in head]
    if turning == start:
        turning = lowest + sum(differs)
    if not all(differs[: turning - lowest]):
        return None
    if turning == lowest:
        return finally_true
    return (True, turning) if finally_true else (False, turning - 1)
