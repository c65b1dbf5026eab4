"""Deciding whether two sizes are equal for every value of their symbols, and the counterexample if not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

from nndsl.dims.atoms import weigh
from nndsl.dims.classes import VALUE_LIMIT, WORK_LIMIT, column, columns, profile, settle
from nndsl.dims.expression import Dim, Size, difference, evaluate
from nndsl.dims.scope import Scope

# Points at which counterexamples are compared with each other, to show the one that is read most easily.
_CANDIDATES = 500
_LADDER = (*range(1, 40), *(2**i + near for i in range(6, 17) for near in (-1, 0, 1)), 1000, 3600)
# Ways through the ladders of several symbols: how much faster each goes than the one before, and how far ahead.
_WAYS = ((1, 0), (1, 1), (5, 0), (7, 0), (11, 0), (19, 0), (29, 0))


@dataclass(frozen=True, slots=True)
class Same:
    """The two sizes are equal for every value of their symbols."""


@dataclass(frozen=True, slots=True)
class Different:
    """The two sizes differ, for example at ``values`` (of all their symbols), where they are ``left`` and ``right``."""

    values: Mapping[str, int]
    left: int
    right: int


@dataclass(frozen=True, slots=True)
class Undecided:
    """No counterexample was found, and no proof: to be checked at run time."""


Verdict: TypeAlias = Same | Different | Undecided
_SAME = Same()


def same(left: Size, right: Size, scope: Scope) -> Verdict:
    """Decide whether two sizes are equal for all values that the bounds of the scope allow.

    On one class modulo a symbol's period M the difference is a polynomial of its degree d, so it is zero everywhere
    if it is zero on M * (d + 1) consecutive values of each symbol: exact as long as these points are not too many.
    Beyond that, samples look for a counterexample.
    """
    if left == right:
        return _SAME
    gap = difference(left, right)
    if isinstance(gap, int):
        return _counterexample(left, right, {}, (0,), scope) or Undecided()
    found: Different | None = None
    box = _box(gap, scope)
    if box is not None:
        points = tuple(product(*box.values()))
        axes = dict(zip(box, zip(*points, strict=True), strict=True))
        failing = _nonzero(column(gap.terms.items(), axes, len(points)))
        if not failing:
            return _SAME
        if gap.symbols() == box.keys():
            found = _counterexample(left, right, axes, failing, scope)
    if found is None or min(found.left, found.right) <= 1:
        samples = _samples(sorted(gap.symbols()), scope)
        count = len(next(iter(samples.values())))
        failing = _nonzero(columns(gap, samples, count))
        other = _counterexample(left, right, samples, failing, scope)
        if found is None or (other is not None and min(other.left, other.right) > 1):
            found = other
    return found or Undecided()


def _box(gap: Dim, scope: Scope) -> dict[str, range] | None:
    """Return the values of each symbol on which a difference must be zero to be zero everywhere.

    None if they are too many, or if a maximum never settles. An opaque size counts as a symbol: zero for all of its
    values is more than is needed, so what is not zero proves nothing then.
    """
    items = gap.terms.items()
    known = profile(items)
    own = gap.symbols()
    lowest = {name: scope.lower(name) for name in known if name in own}
    starts = settle(items, lowest)
    box: dict[str, range] = {}
    points, most = 1, min(VALUE_LIMIT, WORK_LIMIT // weigh(items))
    for name, (period, degree) in known.items():
        stops = [] if starts is None else [starts.get(name, 0) + period * (degree + 1)]
        highest = scope.upper(name)
        if highest is not None:
            stops.append(highest + 1)
        if not stops:
            return None
        box[name] = range(lowest.get(name, 0), min(stops))
        points *= max(0, min(stops) - lowest.get(name, 0))
        if points > most:
            return None
    return box


def _samples(names: Sequence[str], scope: Scope) -> dict[str, Sequence[int]]:
    """Return points all over the allowed values: small ones, powers of two and their neighbours."""
    ladders = []
    for name in names:
        low, high = scope.lower(name), scope.upper(name)
        steps = {step for step in _LADDER if step >= low} | {low + step - 1 for step in _LADDER}
        ladders.append(sorted(step for step in steps if high is None or step <= high))
    count = max(map(len, ladders))
    return {
        name: [
            ladder[(index * pace**position + ahead * position) % len(ladder)]
            for pace, ahead in _WAYS
            for index in range(count)
        ]
        for position, (name, ladder) in enumerate(zip(names, ladders, strict=True))
    }


def _nonzero(values: Sequence[int]) -> list[int]:
    return [index for index, value in enumerate(values) if value]


def _counterexample(
    left: Size,
    right: Size,
    axes: Mapping[str, Sequence[int]],
    failing: Sequence[int],
    scope: Scope,
) -> Different | None:
    """Return the best of the failing points that the checks of the scope allow.

    The best has sizes above 1, since PyTorch would broadcast a size of 1, and then small symbols.
    """
    checks = scope.checks()
    names = _symbols((left, right, *(check.size for check in checks)))
    picked = failing[:: len(failing) // _CANDIDATES + 1]
    values: dict[str, Sequence[int]] = {
        name: [axes[name][i] for i in picked] if name in axes else [scope.usual(name)] * len(picked) for name in names
    }
    points = list(zip(*values.values(), strict=True)) if names else [()] * len(picked)
    sides = list(zip(*(columns(size, values, len(picked)) for size in (left, right)), strict=True))
    ranks = [
        (min(both) <= 1, min(both) <= 0, min(point, default=2) <= 1, sum(point))
        for both, point in zip(sides, points, strict=True)
    ]
    own = _symbols((left, right))
    for index in sorted(range(len(picked)), key=ranks.__getitem__):
        point = dict(zip(names, points[index], strict=True))
        if all(check.holds(evaluate(check.size, point)) for check in checks):
            return Different({name: point[name] for name in own}, *sides[index])
    return None


def _symbols(sizes: Iterable[Size]) -> list[str]:
    return sorted({name for size in sizes if isinstance(size, Dim) for name in size.symbols()})
