"""The proposal after failed merges: which inputs would make the sizes on both sides equal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import lcm, prod
from typing import TypeAlias

from nndsl.dims.axes import InputAxes
from nndsl.dims.classes import VALUE_LIMIT, columns, profile, settle
from nndsl.dims.decide import Same, same
from nndsl.dims.expression import Dim, Size, difference, substitute, symbol
from nndsl.dims.scope import Conflict, Scope

# A model needs few changes of unlike kinds at once; what needs more is no proposal to make.
_CHANGES = 3

_Pairs: TypeAlias = Sequence[tuple[Size, Size]]


@dataclass(frozen=True, slots=True)
class Proposal:
    """Sizes to put in for symbols, and the new shapes of the inputs that change by it."""

    values: Mapping[str, Size]
    inputs: Mapping[str, tuple[Size, ...]]


def propose(failures: _Pairs, scope: Scope, inputs: InputAxes) -> Proposal | None:
    """Return a change of the declared inputs by which all failed pairs of sizes become equal, or None.

    For each symbol, the smallest multiple and remainder free of failing values, ``16 * H`` or ``4 * T + 3``; else one
    symbol in place of two; else the one value that fits. What is returned was verified for these pairs and for the
    conditions of the scope, but other parts of the model may still object: elaborate it anew with the values put in.
    """
    values = _search(failures, scope, _CHANGES)
    if values is None:
        return None
    changed = {name: tuple(substitute(size, values) for size in sizes) for name, sizes in inputs.declared.items()}
    return Proposal(values, {name: new for name, new in changed.items() if new != inputs.declared[name]})


def _search(failures: _Pairs, scope: Scope, depth: int) -> dict[str, Size] | None:
    """Return sizes to put in for symbols that make all pairs equal, by at most so many changes one on the other."""
    for change in _changes(failures, scope):
        try:
            changed = scope.substituted(change)
        except Conflict:
            continue
        replaced = ((substitute(left, change), substitute(right, change)) for left, right in failures)
        pending = [pair for pair in dict.fromkeys(replaced) if not isinstance(same(*pair, changed), Same)]
        if not pending:
            return change
        rest = _search(pending, changed, depth - 1) if depth > 1 else None
        if rest is not None:
            return {**rest, **{name: substitute(size, rest) for name, size in change.items()}}
    return None


def _changes(pairs: _Pairs, scope: Scope) -> Iterator[dict[str, Size]]:
    """Yield what may be put in, the best first; the pairs may need more after it."""
    gaps = [difference(left, right) for left, right in pairs]
    sums = [gap for gap in gaps if isinstance(gap, Dim)]
    if len(sums) < len(gaps):
        return
    multiples: dict[str, Size] = {}
    for name in _ordered(sums, scope):
        value = _multiple(name, [each for each in sums if name in each.symbols()], scope)
        if value is not None:
            multiples[name] = value
    if multiples:
        yield multiples
    names = _ordered(sums[:1], scope)
    for kept, given_up in combinations(names, 2):
        yield {given_up: symbol(kept)}
    for name in names:
        value = _root(name, [each for each in sums if name in each.symbols()], scope)
        if value is not None:
            yield {name: value}


def _ordered(sums: Sequence[Dim], scope: Scope) -> list[str]:
    names = {name for size in sums for name in size.symbols()}
    declared = [name for name in scope.order if name in names]
    return declared + sorted(names.difference(declared))


def _multiple(name: str, sums: Sequence[Dim], scope: Scope) -> Size | None:
    """Return ``k * symbol + o`` with the smallest k on which no sum fails, while the others are multiples too."""
    known = _known(name, sums, scope)
    if known is None:
        return None
    low, start, period, degree = known
    stop = start + period * (degree + 1)
    high = scope.upper(name)
    own = range(low, stop if high is None else min(stop, high + 1))
    failing: set[int] = set()
    for size in sums:
        others = {
            other: [m * (scope.lower(other) // m + step) for step in range(1, d + 2)]
            for other, (m, d) in profile(size.terms.items()).items()
            if other != name
        }
        count = len(own) * prod(map(len, others.values()))
        if count > VALUE_LIMIT:
            return None
        points = zip(*product(own, *others.values()), strict=True)
        axes = dict(zip((name, *others), points, strict=True))
        failing.update(value for value, e in zip(axes[name], columns(size, axes, count), strict=True) if e)
    if not failing:
        return None
    for scale in (divisor for divisor in range(1, period + 1) if period % divisor == 0):
        for offset in range(scale):
            values = [value for value in own[(offset - low) % scale :: scale] if value >= scale + offset]
            bad = [value for value in values if value in failing]
            if not bad and values:
                return symbol(name) * scale + offset
            if bad and bad[-1] < start and bad[-1] < values[-1]:
                # Only small values fail, before a maximum settles: begin after them.
                return symbol(name) * scale + bad[-1]
    return None


def _root(name: str, sums: Sequence[Dim], scope: Scope) -> int | None:
    """Return the smallest value of a symbol, the only one in the sums, that makes all of them zero."""
    if any(size.symbols() != {name} for size in sums):
        return None
    known = _known(name, sums[:1], scope)
    if known is None:
        return None
    low, start, period, degree = known
    count = start - low + period + 1
    *values, after = columns(sums[0], {name: range(low, low + count)}, count)
    roots = {low + index for index, value in enumerate(values) if value == 0}
    if degree == 1 and (growth := after - values[-period]):
        # Each class is a line from the start on, and may cross zero once.
        for index, value in enumerate(values[-period:]):
            roots.add(start + index + period * max(0, -value // growth))
    high = scope.upper(name)
    for root in sorted(roots):
        if (high is None or root <= high) and all(columns(size, {name: [root]}, 1) == [0] for size in sums):
            return root
    return None


def _known(name: str, sums: Sequence[Dim], scope: Scope) -> tuple[int, int, int, int] | None:
    """Return the least value, the value where maxima have settled, the period and the degree of some sums."""
    low = scope.lower(name)
    start, period, degree = low, 1, 1
    for size in sums:
        profiles = profile(size.terms.items())
        starts = settle(size.terms.items(), {each: scope.lower(each) for each in size.symbols()})
        if starts is None or profiles.keys() != size.symbols():
            return None
        start = max(start, starts[name])
        period, degree = lcm(period, profiles[name][0]), max(degree, profiles[name][1])
    if start - low + period * (degree + 1) > VALUE_LIMIT:
        return None
    return low, start, period, degree
