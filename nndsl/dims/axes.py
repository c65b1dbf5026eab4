"""Input axes: how the symbols follow from the sizes that come in, and what must be checked of these."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from nndsl.dims.atoms import CONSTANT, Symbol
from nndsl.dims.decide import Different, Undecided, same
from nndsl.dims.expression import Dim, Size, substitute
from nndsl.dims.scope import Origin, Scope


@dataclass(frozen=True, slots=True)
class Binding:
    """A symbol that is computed from an axis of ``scale * symbol + offset``, as ``(actual - offset) // scale``."""

    symbol: str
    input: str
    axis: int
    scale: int
    offset: int

    def size(self, actual: Size) -> Size:
        """Return the symbol, from the actual size of the axis."""
        return (actual - self.offset) // self.scale

    def text(self, actual: str) -> str:
        """Return the expression of the symbol, from that of the actual size: ``(x.shape[1] - 3) // 4``."""
        if self.offset:
            actual = f"{actual} {'-' if self.offset > 0 else '+'} {abs(self.offset)}"
            return actual if self.scale == 1 else f"({actual}) // {self.scale}"
        return actual if self.scale == 1 else f"{actual} // {self.scale}"


@dataclass(frozen=True, slots=True)
class Check:
    """An axis whose actual size must be equal to a declared one; no binding makes it so by itself."""

    input: str
    axis: int
    size: Size


@dataclass(frozen=True, slots=True)
class Mismatch:
    """An axis that is not as declared: ``expected`` is the declared size with the symbols put in."""

    check: Check
    expected: Size
    actual: Size
    verdict: Different | Undecided


class Unsolvable(Exception):
    """An axis of a general form, ``H + W``, of which ``missing`` symbols have no axis of their own."""

    def __init__(self, input: str, axis: int, size: Dim, missing: Sequence[str]) -> None:
        self.input = input
        self.axis = axis
        self.size = size
        self.missing = tuple(missing)
        super().__init__(input, axis, size, self.missing)


@dataclass(frozen=True, slots=True)
class InputAxes:
    """The declared axes of some inputs, solved for their symbols (in the order of declaration)."""

    declared: Mapping[str, tuple[Size, ...]]
    bindings: tuple[Binding, ...]
    checks: tuple[Check, ...]

    def declare(self, scope: Scope, origins: Mapping[str, Origin]) -> None:
        """Make the symbols known to a scope, and ask each declared axis to be at least 1."""
        for binding in self.bindings:
            scope.declare(binding.symbol, origins[binding.input])
        for name, sizes in self.declared.items():
            for size in sizes:
                scope.require(size, 1, origins[name])

    def bind(
        self, actual: Mapping[str, Sequence[Size]], scope: Scope, origin: Origin
    ) -> tuple[dict[str, Size], tuple[Mismatch, ...]]:
        """Return the values of the symbols for sizes that come in (of the declared ranks), and what does not fit.

        The values are required to be at least 1, which may raise Conflict.
        """
        values: dict[str, Size] = {}
        for binding in self.bindings:
            size = actual[binding.input][binding.axis]
            scope.require(size, binding.scale + binding.offset, origin)
            values[binding.symbol] = binding.size(size)
        mismatches: list[Mismatch] = []
        for name, sizes in self.declared.items():
            for axis, size in enumerate(sizes):
                expected, given = substitute(size, values), actual[name][axis]
                verdict = same(expected, given, scope)
                if isinstance(verdict, (Different, Undecided)):
                    mismatches.append(Mismatch(Check(name, axis, size), expected, given, verdict))
        return values, tuple(mismatches)


def solve_axes(declared: Mapping[str, Sequence[Size]]) -> InputAxes:
    """Return how the symbols of declared inputs are computed; raises Unsolvable where one cannot be.

    A symbol is taken from the axis with the smallest scale, and of these from the first.
    """
    best: dict[str, Binding] = {}
    for name, sizes in declared.items():
        for axis, size in enumerate(sizes):
            found = _binding(name, axis, size)
            if found is not None and (found.symbol not in best or found.scale < best[found.symbol].scale):
                best[found.symbol] = found
    taken = {(binding.input, binding.axis): binding for binding in best.values()}
    checks: list[Check] = []
    for name, sizes in declared.items():
        for axis, size in enumerate(sizes):
            if isinstance(size, Dim) and (missing := sorted(size.symbols() - best.keys())):
                raise Unsolvable(name, axis, size, missing)
            if (name, axis) not in taken or taken[name, axis].scale > 1:
                checks.append(Check(name, axis, size))
    return InputAxes(
        {name: tuple(sizes) for name, sizes in declared.items()},
        tuple(best.values()),
        tuple(checks),
    )


def fresh(taken: Container[str]) -> str:
    """Return the name of a new symbol, for an axis that is declared as ``_``: ``D1``, ``D2``, …"""
    return next(name for index in count(1) if (name := f"D{index}") not in taken)


def _binding(name: str, axis: int, size: Size) -> Binding | None:
    if isinstance(size, int) or len(size.terms) > 2:
        return None
    (*_, (monomial, scale)) = sorted(size.terms.items(), key=lambda item: len(item[0]))
    offset = size.terms.get(CONSTANT, 0)
    if (len(size.terms) == 2 and not offset) or len(monomial) != 1 or scale < 1:
        return None
    atom = monomial[0]
    return Binding(atom.name, name, axis, scale, offset) if isinstance(atom, Symbol) else None
