"""The text of a size: as a person would write it, and valid in the language and in Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from nndsl.dims.atoms import CONSTANT, Floor, Items, Maximum, Monomial, Terms, symbols_of, weigh
from nndsl.dims.expression import Size

# How tightly a text holds together. A factor may not be a quotient, what is divided may not be a sum.
_SUM, _QUOTIENT, _PRODUCT, _TIGHT = range(4)
_Ranks: TypeAlias = Mapping[str, int]
_Term: TypeAlias = tuple[int, str, int]  # coefficient, text of the rest, how tight the rest is


def text(size: Size, order: Sequence[str] = ()) -> str:
    """Return the text of a size, folded: ``(H - 1) // 2``, ``5 * H // 2``, ``T % 4``.

    Symbols come in the given order, those that are not in it after them, sorted. A size that was too long stands
    there as a name that ``definitions`` explains.
    """
    if isinstance(size, int):
        return str(int(size))
    return _sum(dict(size.terms), {name: index for index, name in enumerate(order)})[0]


def _sum(terms: Terms, ranks: _Ranks) -> tuple[str, int]:
    parts = _folded(terms, ranks)
    rest = sorted((item for item in terms.items() if item[0]), key=lambda item: _place(item[0], ranks))
    parts += [_monomial(monomial, coefficient, ranks) for monomial, coefficient in rest]
    if terms.get(CONSTANT):
        parts.append((terms[CONSTANT], "", _TIGHT))
    if not parts:
        return "0", _TIGHT
    first = next((index for index, part in enumerate(parts) if part[0] > 0), 0)
    parts.insert(0, parts.pop(first))
    written, tightness = _signed(*parts[0])
    for coefficient, rest_text, tight in parts[1:]:
        written += " + " if coefficient > 0 else " - "
        written += _scaled(abs(coefficient), rest_text, tight)[0]
        tightness = _SUM
    return written, tightness


def _folded(terms: Terms, ranks: _Ranks) -> list[_Term]:
    """Take out of the terms those that read better as one quotient or remainder."""
    floors = [
        (monomial, monomial[0])
        for monomial in sorted(terms, key=lambda monomial: _place(monomial, ranks))
        if len(monomial) == 1 and isinstance(monomial[0], Floor)
    ]
    parts: list[_Term] = []
    for monomial, floor in floors:
        coefficient = terms.get(monomial)
        if coefficient is None:  # an earlier one took it
            continue
        times, rest = divmod(-coefficient, floor.divisor)
        if rest == 0 and all(terms.get(inner) == c * times for inner, c in floor.items if inner):
            # times * (n - s * (n // s)) is times * (n % s)
            _take(terms, floor.items, times)
            del terms[monomial]
            parts.append((times, *_quotient(dict(floor.items), "%", floor.divisor, ranks)))
        elif coefficient > 0:
            numerator = dict(floor.items)
            for inner in list(numerator):
                _absorb(terms, inner, coefficient, floor.divisor, numerator)
            if numerator.get(CONSTANT, 0) or any(c < 0 for c in numerator.values()):
                _absorb(terms, CONSTANT, coefficient, floor.divisor, numerator)
            if numerator != dict(floor.items):
                del terms[monomial]
                parts.append((coefficient, *_quotient(numerator, "//", floor.divisor, ranks)))
    return parts


def _take(terms: Terms, items: Items, times: int) -> None:
    for monomial, coefficient in items:
        rest = terms.get(monomial, 0) - coefficient * times
        if rest:
            terms[monomial] = rest
        else:
            terms.pop(monomial, None)


def _absorb(terms: Terms, inner: Monomial, times: int, divisor: int, numerator: Terms) -> None:
    """Move a term into a numerator: ``times * (n // s) + times * m`` is ``times * ((n + s*m) // s)``."""
    outer = terms.get(inner, 0)
    if outer and outer % times == 0:
        del terms[inner]
        total = numerator.get(inner, 0) + outer // times * divisor
        if total:
            numerator[inner] = total
        else:
            numerator.pop(inner, None)


def _quotient(numerator: Terms, operator: str, divisor: int, ranks: _Ranks) -> tuple[str, int]:
    written, tightness = _sum(numerator, ranks)
    if tightness < _QUOTIENT:
        written = f"({written})"
    return f"{written} {operator} {divisor}", _QUOTIENT


def _monomial(monomial: Monomial, coefficient: int, ranks: _Ranks) -> _Term:
    factors: list[tuple[str, int]] = []
    for atom in sorted(set(monomial), key=lambda atom: _place((atom,), ranks)):
        if isinstance(atom, Floor):
            factor, tightness = _quotient(dict(atom.items), "//", atom.divisor, ranks)
        elif isinstance(atom, Maximum):
            factor, tightness = f"max(0, {_sum(dict(atom.items), ranks)[0]})", _TIGHT
        else:
            factor, tightness = atom.name, _TIGHT
        power = monomial.count(atom)
        if power > 1:
            factor = f"({factor})" if tightness < _TIGHT else factor
            factor, tightness = f"{factor} ** {power}", _TIGHT
        factors.append((factor, tightness))
    if len(factors) == 1:
        return coefficient, *factors[0]
    whole = " * ".join(f"({f})" if tight < _PRODUCT else f for f, tight in factors)
    return coefficient, whole, _PRODUCT


def _scaled(coefficient: int, rest: str, tightness: int) -> tuple[str, int]:
    if not rest:
        return str(coefficient), _TIGHT
    if coefficient == 1:
        return rest, tightness
    return (
        f"{coefficient} * ({rest})" if tightness < _PRODUCT else f"{coefficient} * {rest}",
        _PRODUCT,
    )


def _signed(coefficient: int, rest: str, tightness: int) -> tuple[str, int]:
    written, tight = _scaled(abs(coefficient), rest, tightness)
    if coefficient > 0:
        return written, tight
    return f"-({written})" if tight < _PRODUCT else f"-{written}", _PRODUCT


def _place(monomial: Monomial, ranks: _Ranks) -> tuple[int, list[tuple[int, str]], int, Monomial]:
    """Return where a monomial stands: high degrees first, then by its symbols, then short ones first."""
    names = sorted((ranks.get(name, len(ranks)), name) for name in symbols_of(((monomial, 1),)))
    return -len(monomial), names, weigh(((monomial, 1),)), monomial
