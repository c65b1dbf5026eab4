"""Sizes as polynomials on the classes of a period: what makes an equality decidable by a few values.

A floor repeats itself: ``(n + s) // s`` is ``n // s + 1``. So a size has for each symbol a period M and a degree d,
and on the values of one class modulo M it is a polynomial of that degree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from math import lcm

from nndsl.dims.atoms import Floor, Maximum, Monomial, Opaque, Symbol, opaques_of
from nndsl.dims.expression import Size

# How many points a sum is tried on at most, and how many times its characters: tens of milliseconds.
VALUE_LIMIT = 40_000
WORK_LIMIT = 100 * VALUE_LIMIT


def profile(items: Iterable[tuple[Monomial, int]]) -> dict[str, tuple[int, int]]:
    """Return the period and the degree of a sum in each symbol (an opaque size counts as one)."""
    whole: dict[str, tuple[int, int]] = {}
    for monomial, _ in items:
        product: dict[str, tuple[int, int]] = {}
        for atom in monomial:
            if isinstance(atom, (Floor, Maximum)):
                inner = profile(atom.items)
                if isinstance(atom, Floor):
                    inner = {name: (m * atom.divisor, d) for name, (m, d) in inner.items()}
            else:
                inner = {atom.name: (1, 1)}
            for name, (period, degree) in inner.items():
                known = product.get(name, (1, 0))
                product[name] = lcm(period, known[0]), degree + known[1]
        for name, (period, degree) in product.items():
            known = whole.get(name, (1, 0))
            whole[name] = lcm(period, known[0]), max(degree, known[1])
    return whole


def columns(size: Size, values: Mapping[str, Sequence[int]], count: int) -> list[int]:
    """Return the size at ``count`` points, of which ``values`` gives each symbol's values.

    A whole list goes through one operation at a time: five times as fast as a point at a time.
    """
    if isinstance(size, int):
        return [int(size)] * count
    known = dict(values)
    for atom in opaques_of(size.terms.items()):
        known[atom.name] = column(atom.definition.items, known, count)
    return column(size.terms.items(), known, count)


def column(items: Iterable[tuple[Monomial, int]], values: Mapping[str, Sequence[int]], count: int) -> list[int]:
    """Return a sum at ``count`` points, of which ``values`` gives the values of symbols and opaque sizes."""
    total = [0] * count
    for monomial, coefficient in items:
        term: Sequence[int] | None = None
        for atom in monomial:
            factor: Sequence[int]
            if isinstance(atom, (Symbol, Opaque)):
                factor = values[atom.name]
            else:
                inner = column(atom.items, values, count)
                if isinstance(atom, Floor):
                    divisor = atom.divisor
                    factor = [x // divisor for x in inner]
                else:
                    factor = [x if x > 0 else 0 for x in inner]
            term = factor if term is None else [x * y for x, y in zip(term, factor, strict=True)]
        if term is None:
            total = [x + coefficient for x in total]
        else:
            total = [x + coefficient * y for x, y in zip(total, term, strict=True)]
    return total


def maxima(items: Iterable[tuple[Monomial, int]]) -> Iterator[Maximum]:
    """Yield every maximum in a sum, those inside others too."""
    for monomial, _ in items:
        for atom in monomial:
            if isinstance(atom, Maximum):
                yield atom
            if isinstance(atom, (Floor, Maximum)):
                yield from maxima(atom.items)


def settle(items: Iterable[tuple[Monomial, int]], lowest: Mapping[str, int]) -> dict[str, int] | None:
    """Return for each symbol a value from which on no maximum in the sum changes its side.

    ``lowest`` has the least value of each symbol. None if no such value is found: for a maximum over several symbols,
    or beyond the limits.
    """
    starts = dict(lowest)
    for maximum in _maxima(items):
        known = profile(maximum.items)
        inner = settle(maximum.items, lowest)
        if len(known) != 1 or inner is None:
            return None
        ((name, (period, degree)),) = known.items()
        if name not in lowest:
            return None
        steps = 0
        while True:
            start = inner[name] + period * steps
            count = period * (degree + 1)
            if start - lowest[name] + count > min(VALUE_LIMIT, WORK_LIMIT // maximum.weight):
                return None
            values = column(maximum.items, {name: range(start, start + count)}, count)
            if all(_keeps_its_sign(values[index::period]) for index in range(period)):
                break
            steps = 2 * steps or 1
        starts[name] = max(starts[name], start)
    return starts


def _keeps_its_sign(values: Sequence[int]) -> bool:
    """Tell whether a polynomial, by as many of its values as its degree and one more, keeps its sign from there on.

    By Newton's forward formula it is a sum of its differences with growing weights that are not negative.
    """
    above = below = False
    while values:
        above, below = above or values[0] > 0, below or values[0] < 0
        values = [after - before for before, after in pairwise(values)]
    return not (above and below)


def _maxima(items: Iterable[tuple[Monomial, int]]) -> Iterator[Maximum]:
    """Yield the outermost maxima in a sum."""
    for monomial, _ in items:
        for atom in monomial:
            if isinstance(atom, Maximum):
                yield atom
            elif isinstance(atom, Floor):
                yield from _maxima(atom.items)
