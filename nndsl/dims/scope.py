"""What must hold of the symbols of one model, and which layer says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from nndsl.diagnostics import Span
from nndsl.dims.atoms import CONSTANT, Floor, Opaque, Symbol
from nndsl.dims.expression import Dim, Size, substitute, symbol
from nndsl.dims.interval import interval, solve
from nndsl.dims.printing import text


@dataclass(frozen=True, slots=True)
class Origin:
    """Who asks for something: a description such as ``Conv1D(8, 600)``, and where it stands."""

    description: str
    span: Span | None = None

    def __str__(self) -> str:
        if self.span is None:
            return self.description
        return f"{self.description}, line {self.span.source.line_and_column(self.span.start)[0]}"


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold of a size: at least (``">="``), or at most (``"<="``), a limit, because of its origin."""

    size: Size
    sign: Literal[">=", "<="]
    limit: int
    origin: Origin

    def holds(self, value: int) -> bool:
        """Tell whether a value of the size fulfils the condition."""
        return value >= self.limit if self.sign == ">=" else value <= self.limit

    def text(self, order: Sequence[str] = ()) -> str:
        """Return the condition as an expression, ``T >= 3``, valid in the language and in Python."""
        return f"{text(self.size, order)} {self.sign} {self.limit}"


class Conflict(Exception):
    """No value is left: ``conditions`` exclude each other, the cause of the latest call among them.

    ``symbol`` is the symbol that has no value left, None if there is not just one. ``str`` gives the message.
    """

    def __init__(self, *conditions: Condition) -> None:
        self.conditions = conditions
        names = {name for condition in conditions for name in _symbols(condition.size)}
        self.symbol = names.pop() if len(names) == 1 else None
        super().__init__(*conditions)

    def __str__(self) -> str:
        condition = self.conditions[0]
        if isinstance(condition.size, int):
            bound = "at least" if condition.sign == ">=" else "at most"
            return f"{condition.origin} needs a size of {bound} {condition.limit}, but it is {condition.size}"
        first, *others = (f"{each.text()} ({each.origin})" for each in self.conditions)
        message = f"no {self.symbol or 'size'} is left: {first}"
        return f"{message}, but {' and '.join(others)}" if others else message


class Scope:
    """The bounds and checks on the symbols of one model; grows while the model is elaborated.

    A symbol is at least 1. Only the strongest bound of each side is kept, and a failed call changes nothing.
    """

    def __init__(self) -> None:
        self._declared: dict[str, Origin] = {}
        self._lower: dict[str, Condition] = {}
        self._upper: dict[str, Condition] = {}
        self._checks: dict[tuple[Size, str], Condition] = {}

    @property
    def order(self) -> tuple[str, ...]:
        """The declared symbols, in the order of their declaration."""
        return tuple(self._declared)

    def declare(self, name: str, origin: Origin) -> None:
        """Say where a symbol comes from; the first declaration counts."""
        self._declared.setdefault(name, origin)

    def lower(self, name: str) -> int:
        """Return the least value of a symbol."""
        return self._lower[name].limit if name in self._lower else 1

    def upper(self, name: str) -> int | None:
        """Return the greatest value of a symbol, None if it has none."""
        return self._upper[name].limit if name in self._upper else None

    def usual(self, name: str) -> int:
        """Return a value of a symbol to show in an example: above 1, where that is allowed."""
        high = self.upper(name)
        value = max(2, self.lower(name))
        return value if high is None else min(value, high)

    def bounds(self) -> tuple[Condition, ...]:
        """Return the bounds of all symbols, declared ones in order first; a plain ``>= 1`` is among them."""
        names = dict.fromkeys((*self._declared, *sorted({*self._lower, *self._upper})))
        found: list[Condition] = []
        for name in names:
            found.append(self._lower_bound(name))
            if name in self._upper:
                found.append(self._upper[name])
        return tuple(found)

    def learned(self) -> tuple[Condition, ...]:
        """Return what the layers ask of the symbols: the bounds beyond ``>= 1``, and the checks."""
        told = {*self._lower.values(), *self._upper.values()}
        return (*(bound for bound in self.bounds() if bound in told), *self.checks())

    def checks(self) -> tuple[Condition, ...]:
        """Return the conditions that are no bound of one symbol, and do not follow from the bounds."""
        return tuple(check for check in self._checks.values() if not self._follows(check))

    def require(self, size: Size, least: int, origin: Origin) -> None:
        """Ask for ``size >= least``. Raises Conflict if that cannot be."""
        self._ask(Condition(size, ">=", int(least), origin))

    def at_most(self, size: Size, most: int, origin: Origin) -> None:
        """Ask for ``size <= most``. Raises Conflict if that cannot be."""
        self._ask(Condition(size, "<=", int(most), origin))

    def substituted(self, values: Mapping[str, Size]) -> Scope:
        """Return a new scope with the same conditions, where sizes are put in for some symbols.

        Raises Conflict if they cannot hold then.
        """
        changed = Scope()
        changed._declared = {name: origin for name, origin in self._declared.items() if name not in values} | {
            other: self._declared[name]
            for name, size in values.items()
            if name in self._declared
            for other in sorted(_symbols(size))
        }
        for condition in self.learned():
            size = substitute(condition.size, values)
            changed._ask(Condition(size, condition.sign, condition.limit, condition.origin))
        return changed

    def _ask(self, asked: Condition) -> None:
        """Undo one operation after the other, until a bound of a symbol is left or the sum has several terms."""
        if isinstance(asked.size, int):
            if not asked.holds(asked.size):
                raise Conflict(asked)
            return
        terms, limit, upward = asked.size.terms, asked.limit, asked.sign == ">="
        while True:
            constant = terms.get(CONSTANT, 0)
            if len(terms) != (2 if constant else 1):
                break
            ((monomial, coefficient),) = (item for item in terms.items() if item[0])
            if len(monomial) > 1 or isinstance(monomial[0], Opaque):
                break
            atom = monomial[0]
            limit -= constant
            upward = upward == (coefficient > 0)
            limit = -(limit // -coefficient) if upward else limit // coefficient
            if isinstance(atom, Symbol):
                self._bound(atom.name, upward, limit, asked.origin)
                return
            if isinstance(atom, Floor):
                limit = limit * atom.divisor if upward else limit * atom.divisor + atom.divisor - 1
            elif limit <= 0 and upward:
                return
            elif limit < 0:
                raise Conflict(asked)
            terms = dict(atom.items)
        self._solve(Dim(terms), upward, limit, asked)

    def _solve(self, size: Dim, upward: bool, limit: int, asked: Condition) -> None:
        names = size.symbols()
        known = [bound for bound in self.learned() if _symbols(bound.size) <= names]
        if len(names) == 1:
            (name,) = names
            solution = solve(size, name, upward, limit, self.lower(name))
            if solution is True:
                return
            if solution is False:
                raise Conflict(asked, *(each for each in known if each.sign == ">="))
            if solution is not None:
                self._bound(name, *solution, asked.origin)
                return
        low, high = interval(asked.size, self.lower, self.upper)
        best = high if asked.sign == ">=" else low
        if best is not None and not asked.holds(best):
            raise Conflict(asked, *known)
        key = asked.size, asked.sign
        if not self._follows(asked) and (key not in self._checks or not asked.holds(self._checks[key].limit)):
            self._checks[key] = asked

    def _bound(self, name: str, upward: bool, limit: int, origin: Origin) -> None:
        low, high = self.lower(name), self.upper(name)
        if upward and limit > low:
            new = Condition(symbol(name), ">=", limit, origin)
            if high is not None and limit > high:
                raise Conflict(new, self._upper[name])
            self._lower[name] = new
        elif not upward and (high is None or limit < high):
            new = Condition(symbol(name), "<=", limit, origin)
            if limit < low:
                raise Conflict(self._lower_bound(name), new)
            self._upper[name] = new

    def _lower_bound(self, name: str) -> Condition:
        origin = self._declared.get(name, Origin("a size"))
        return self._lower.get(name) or Condition(symbol(name), ">=", 1, origin)

    def _follows(self, condition: Condition) -> bool:
        low, high = interval(condition.size, self.lower, self.upper)
        worst = low if condition.sign == ">=" else high
        return worst is not None and condition.holds(worst)


def _symbols(size: Size) -> frozenset[str]:
    return frozenset() if isinstance(size, int) else size.symbols()
