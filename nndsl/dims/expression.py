"""Sizes: integers, and symbolic expressions of named sizes in a normal form.

A constant is always an ``int``, so a layer writes one formula for both kinds, ``(n - k) // s + 1``. Two sizes are
``==`` if they have the same normal form, which says nothing about values: ``same`` in ``decide`` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import gcd
from typing import NoReturn, TypeAlias

from nndsl.dims.atoms import (
    CONSTANT,
    Floor,
    Maximum,
    Monomial,
    Symbol,
    Terms,
    opaque,
    opaques_of,
    symbols_of,
    weigh,
)

TERM_LIMIT = 32
CHARACTER_LIMIT = 1000
POWER_LIMIT = 64


class SizeUnknown(TypeError):
    """A number was asked of a size that is known only at run time; ``size`` is that size."""

    def __init__(self, size: Dim) -> None:
        self.size = size
        super().__init__(size)

    def __str__(self) -> str:
        return f"`{self.size}` is known only at run time"


class Dim:
    """An integer that depends on symbols: an immutable sum of products of atoms, never a constant."""

    __slots__ = ("_hash", "terms")

    terms: Terms
    _hash: int

    def __init__(self, terms: Terms) -> None:
        self.terms = terms

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dim) and self.terms == other.terms

    def __hash__(self) -> int:
        try:
            return self._hash
        except AttributeError:
            self._hash = hash(frozenset(self.terms.items()))
            return self._hash

    def __repr__(self) -> str:
        from nndsl.dims.printing import text

        return text(self)

    def symbols(self) -> frozenset[str]:
        """Return the names of the symbols that the size depends on."""
        return symbols_of(self.terms.items())

    def __add__(self, other: Size) -> Size:
        if isinstance(other, int):
            terms = self.terms.copy()
            constant = terms.get(CONSTANT, 0) + int(other)
            if constant:
                terms[CONSTANT] = constant
            else:
                terms.pop(CONSTANT, None)
            return Dim(terms)
        if isinstance(other, Dim):
            return _finish(_added(self.terms, other.terms))
        return NotImplemented

    __radd__ = __add__

    def __sub__(self, other: Size) -> Size:
        return self + -other

    def __rsub__(self, other: Size) -> Size:
        return -self + other

    def __neg__(self) -> Dim:
        return Dim({monomial: -coefficient for monomial, coefficient in self.terms.items()})

    def __pos__(self) -> Dim:
        return self

    def __mul__(self, other: Size) -> Size:
        if isinstance(other, int):
            factor = int(other)
            if not factor:
                return 0
            return Dim({monomial: c * factor for monomial, c in self.terms.items()})
        if isinstance(other, Dim):
            return _finish(_multiplied(self.terms, other.terms))
        return NotImplemented

    __rmul__ = __mul__

    def __pow__(self, exponent: int) -> Size:
        if not isinstance(exponent, int):
            return NotImplemented
        if not 0 <= exponent <= POWER_LIMIT:
            raise ValueError(f"a symbolic size takes powers from 0 to {POWER_LIMIT}")
        result: Size = 1
        for _ in range(exponent):
            result = result * self
        return result

    def __rpow__(self, base: int) -> NoReturn:
        raise SizeUnknown(self)

    def __floordiv__(self, other: Size) -> Size:
        if isinstance(other, Dim):
            raise SizeUnknown(other)
        if not isinstance(other, int):
            return NotImplemented
        divisor = int(other)
        if divisor > 1:
            return _finish(_divided(self.terms, divisor))
        if divisor == 1:
            return self
        if divisor == 0:
            raise ZeroDivisionError("a size is divided by zero")
        return -self // -divisor

    def __rfloordiv__(self, other: int) -> NoReturn:
        raise SizeUnknown(self)

    def __mod__(self, other: Size) -> Size:
        return self - other * (self // other)

    __rmod__ = __rfloordiv__

    def _unknown(self, *_: object) -> NoReturn:
        raise SizeUnknown(self)

    __lt__ = __le__ = __gt__ = __ge__ = __int__ = __index__ = __float__ = __bool__ = _unknown


Size: TypeAlias = int | Dim


def symbol(name: str) -> Dim:
    """Return the free size of that name."""
    return Dim({(Symbol(0, name),): 1})


def ceil_div(size: Size, divisor: int) -> Size:
    """Return ``size / divisor`` rounded up; the divisor is a positive int."""
    return (size + (divisor - 1)) // divisor


def maximum0(size: Size) -> Size:
    """Return ``max(0, size)``."""
    if isinstance(size, int):
        return max(0, size)
    common = gcd(*size.terms.values())
    terms = {monomial: c // common for monomial, c in size.terms.items()}
    if len(terms) == 1:
        ((monomial, coefficient),) = terms.items()
        if coefficient > 0 and all(isinstance(atom, Maximum) for atom in monomial):
            return size
    items = tuple(sorted(terms.items()))
    return Dim({(Maximum(2, items, weigh(items) + 8),): common})


def exact_div(product: Sequence[Size], by: Sequence[Size]) -> Size | None:
    """Return the product of some factors divided by that of others, or None if no exact quotient is known.

    Equal factors cancel; what is left must be divided, term by term, by one monomial, or have a quotient of one term.
    The quotient times ``by`` is the product for every value of the symbols that leaves no factor zero. Shapes come in
    as their axes.
    """
    above, below = list(product), []
    for factor in by:
        if factor in above:
            above.remove(factor)
        else:
            below.append(factor)
    numerator, denominator = _product(above), _product(below)
    if isinstance(denominator, int):
        return _divided_by_term(numerator, CONSTANT, denominator) if denominator else None
    if len(denominator.terms) == 1:
        ((monomial, divisor),) = denominator.terms.items()
        return _divided_by_term(numerator, monomial, divisor)
    if isinstance(numerator, int):
        return None
    # A quotient of one term takes the first term below to some term above: each is tried, and multiplied back.
    monomial, divisor = next(iter(denominator.terms.items()))
    for term in numerator.terms.items():
        quotient = _divided_by_term(_finish(dict([term])), monomial, divisor)
        if quotient is not None and quotient * denominator == numerator:
            return quotient
    return None


def _divided_by_term(numerator: Size, monomial: Monomial, divisor: int) -> Size | None:
    """Return the quotient by ``divisor * monomial``, or None if it does not come out even, term by term."""
    if isinstance(numerator, int):
        return numerator // divisor if not monomial and numerator % divisor == 0 else None
    quotient: Terms = {}
    for dividend, coefficient in numerator.terms.items():
        rest = list(dividend)
        for atom in monomial:
            if atom not in rest:
                return None
            rest.remove(atom)
        if coefficient % divisor:
            return None
        quotient[tuple(rest)] = coefficient // divisor
    return _finish(quotient)


def difference(left: Size, right: Size) -> Size:
    """Return ``left - right`` in full, however long it is: to be looked at, not to be calculated with."""
    if isinstance(left, int) or isinstance(right, int):
        return left - right
    terms = _added(left.terms, (-right).terms)
    return Dim(terms) if any(terms) else terms.get(CONSTANT, 0)


def substitute(size: Size, values: Mapping[str, Size]) -> Size:
    """Return the size with sizes put in for some of its symbols, all at once."""
    if isinstance(size, int) or size.symbols().isdisjoint(values):
        return size
    known = dict(values)
    for atom in opaques_of(size.terms.items()):
        if not atom.definition.symbols.isdisjoint(values):
            known[atom.name] = _substituted(atom.definition.items, known)
    return _substituted(size.terms.items(), known)


def evaluate(size: Size, values: Mapping[str, int]) -> int:
    """Return the size for given values of its symbols; a symbol without one raises SizeUnknown."""
    if isinstance(size, int):
        return size
    known = dict(values)
    for atom in opaques_of(size.terms.items()):
        known[atom.name] = _evaluated(atom.definition.items, known)
    return _evaluated(size.terms.items(), known)


def definitions(sizes: Iterable[Size]) -> dict[str, Dim]:
    """Return what the opaque names in the text of some sizes stand for, each after those that it needs."""
    items = [item for size in sizes if isinstance(size, Dim) for item in size.terms.items()]
    return {atom.name: Dim(dict(atom.definition.items)) for atom in opaques_of(items)}


def _product(factors: Iterable[Size]) -> Size:
    result: Size = 1
    for factor in factors:
        result = result * factor
    return result


def _substituted(items: Iterable[tuple[Monomial, int]], values: Mapping[str, Size]) -> Size:
    total: Size = 0
    for monomial, coefficient in items:
        term: Size = coefficient
        for atom in monomial:
            if isinstance(atom, Floor):
                term = term * (_substituted(atom.items, values) // atom.divisor)
            elif isinstance(atom, Maximum):
                term = term * maximum0(_substituted(atom.items, values))
            else:
                term = term * values[atom.name] if atom.name in values else term * Dim({(atom,): 1})
        total = total + term
    return total


def _evaluated(items: Iterable[tuple[Monomial, int]], values: Mapping[str, int]) -> int:
    total = 0
    for monomial, coefficient in items:
        for atom in monomial:
            if isinstance(atom, Floor):
                coefficient *= _evaluated(atom.items, values) // atom.divisor
            elif isinstance(atom, Maximum):
                coefficient *= max(0, _evaluated(atom.items, values))
            elif atom.name in values:
                coefficient *= values[atom.name]
            else:
                raise SizeUnknown(Dim({(atom,): 1}))
        total += coefficient
    return total


def _added(left: Terms, right: Terms) -> Terms:
    terms = left.copy()
    for monomial, coefficient in right.items():
        total = terms.get(monomial, 0) + coefficient
        if total:
            terms[monomial] = total
        else:
            del terms[monomial]
    return terms


def _multiplied(left: Terms, right: Terms) -> Terms:
    terms: Terms = {}
    for one, first in left.items():
        for two, second in right.items():
            monomial = tuple(sorted(one + two))
            terms[monomial] = terms.get(monomial, 0) + first * second
    return {monomial: coefficient for monomial, coefficient in terms.items() if coefficient}


def _divided(terms: Terms, divisor: int) -> Terms:
    """Return ``terms // divisor`` in normal form, for a divisor of at least 2."""
    outside: Terms = {}
    inside: Terms = {}
    for monomial, coefficient in terms.items():
        quotient, remainder = divmod(coefficient, divisor)
        if quotient:
            outside[monomial] = quotient
        if remainder:
            inside[monomial] = remainder
    constant = inside.pop(CONSTANT, 0)
    if not inside:
        return outside
    common = gcd(divisor, *inside.values())
    if common > 1:
        divisor, constant = divisor // common, constant // common
        inside = {monomial: coefficient // common for monomial, coefficient in inside.items()}
    if constant:
        inside[CONSTANT] = constant
    nested = _innermost(inside)
    if nested is not None:
        # (x//a + r) // s = (x + a*r) // (a*s): a chain of strides stays one floor.
        del inside[(nested,)]
        scaled = {monomial: c * nested.divisor for monomial, c in inside.items()}
        inner = _added(dict(nested.items), scaled)
        return _added(outside, _divided(inner, nested.divisor * divisor))
    items = tuple(sorted(inside.items()))
    return _added(outside, {(Floor(1, items, divisor, weigh(items) + 6),): 1})


def _innermost(terms: Terms) -> Floor | None:
    """Return the first floor that stands in a sum with the coefficient 1."""
    found: Floor | None = None
    for monomial, coefficient in terms.items():
        if coefficient == 1 and len(monomial) == 1:
            atom = monomial[0]
            if isinstance(atom, Floor) and (found is None or atom < found):
                found = atom
    return found


def _finish(terms: Terms) -> Size:
    """Return a sum as a size: an int if it is constant, with an opaque size in it if it is too long."""
    if len(terms) < 2:
        if not terms:
            return 0
        if CONSTANT in terms:
            return terms[CONSTANT]
    if len(terms) > TERM_LIMIT or weigh(terms.items()) > CHARACTER_LIMIT:
        constant = terms.get(CONSTANT, 0)
        long = tuple(sorted(item for item in terms.items() if item[0]))
        terms = {(opaque(long),): 1}
        if constant:
            terms[CONSTANT] = constant
    return Dim(terms)
