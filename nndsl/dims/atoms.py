"""The parts of a symbolic size: symbols, floors, maxima and opaque sizes, as plain comparable tuples.

Every atom begins with the number of its kind, so that any two of them can be sorted. ``items`` is a sum in sorted
order: pairs of a monomial (a sorted tuple of atoms) and its coefficient; the empty monomial is the constant.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, TypeAlias


class Symbol(NamedTuple):
    """A free size, by its name."""

    kind: int
    name: str


class Floor(NamedTuple):
    """``items // divisor``, the divisor at least 2."""

    kind: int
    items: Items
    divisor: int
    weight: int


class Maximum(NamedTuple):
    """``max(0, items)``."""

    kind: int
    items: Items
    weight: int


class Opaque(NamedTuple):
    """A name in the place of a sum that has grown too large; the name is a digest of its definition."""

    kind: int
    name: str
    definition: Definition


class Definition:
    """What an opaque size stands for; compares as equal to any other, since the name before it decides."""

    __slots__ = ("items", "symbols")

    def __init__(self, items: Items, symbols: frozenset[str]) -> None:
        self.items = items
        self.symbols = symbols

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Definition)

    def __lt__(self, other: Definition) -> bool:
        return False

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return ""


Atom: TypeAlias = Symbol | Floor | Maximum | Opaque
Monomial: TypeAlias = tuple[Atom, ...]
Items: TypeAlias = tuple[tuple[Monomial, int], ...]
Terms: TypeAlias = dict[Monomial, int]

CONSTANT: Monomial = ()


def weigh(items: Iterable[tuple[Monomial, int]]) -> int:
    """Return about the number of characters that a sum takes when it is written out."""
    total = 0
    for monomial, coefficient in items:
        total += coefficient.bit_length() // 3 + 4
        for atom in monomial:
            total += (atom.weight if isinstance(atom, (Floor, Maximum)) else len(atom.name)) + 3
    return total


def symbols_of(items: Iterable[tuple[Monomial, int]]) -> frozenset[str]:
    """Return the names of the free sizes in a sum, those inside opaque sizes included."""
    names: set[str] = set()
    for monomial, _ in items:
        for atom in monomial:
            if isinstance(atom, Symbol):
                names.add(atom.name)
            elif isinstance(atom, Opaque):
                names |= atom.definition.symbols
            else:
                names |= symbols_of(atom.items)
    return frozenset(names)


def opaque(items: Items) -> Opaque:
    """Return the opaque size that stands for a sum."""
    from hashlib import blake2b  # only models with very long sizes pay for the import

    digest = blake2b(repr(items).encode(), digest_size=8).hexdigest()
    return Opaque(3, f"size_{digest}", Definition(items, symbols_of(items)))


def _direct_opaques(items: Iterable[tuple[Monomial, int]]) -> list[Opaque]:
    found: list[Opaque] = []
    for monomial, _ in items:
        for atom in monomial:
            if isinstance(atom, Opaque):
                found.append(atom)
            elif not isinstance(atom, Symbol):
                found.extend(_direct_opaques(atom.items))
    return found


def opaques_of(items: Iterable[tuple[Monomial, int]]) -> tuple[Opaque, ...]:
    """Return the opaque sizes that a sum is made of, each after those in its own definition.

    Opaque sizes can lie in each other thousands deep, so this does not recurse into them.
    """
    done: dict[str, Opaque] = {}
    waiting = [(atom, False) for atom in _direct_opaques(items)]
    while waiting:
        atom, ready = waiting.pop()
        if ready:
            done[atom.name] = atom
        elif atom.name not in done:
            waiting.append((atom, True))
            waiting += [(inner, False) for inner in _direct_opaques(atom.definition.items)]
    return tuple(done.values())
