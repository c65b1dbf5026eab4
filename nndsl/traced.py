"""Numbers that remember what they were computed from, so that equal blocks can share one class."""

from __future__ import annotations

from nndsl.dims import Dim, Size


class Traced(int):
    """An int with its ``origin``: the same number as a size over a block's parameters and bound dimensions.

    Arithmetic with ints keeps the origin up to date; whatever has none gives a plain int. Comparisons, hashes and text
    are those of the int, so nothing else has to know.
    """

    origin: Dim

    def __new__(cls, value: int, origin: Dim) -> Traced:
        """Pair a value with its origin."""
        self = super().__new__(cls, value)
        self.origin = origin
        return self

    def __add__(self, other: int) -> int:
        return _combined(int.__add__(self, other), self, other, "+")

    def __radd__(self, other: int) -> int:
        return _combined(int.__add__(other, self), other, self, "+")

    def __sub__(self, other: int) -> int:
        return _combined(int.__sub__(self, other), self, other, "-")

    def __rsub__(self, other: int) -> int:
        return _combined(int.__sub__(other, self), other, self, "-")

    def __mul__(self, other: int) -> int:
        return _combined(int.__mul__(self, other), self, other, "*")

    def __rmul__(self, other: int) -> int:
        return _combined(int.__mul__(other, self), other, self, "*")

    def __floordiv__(self, other: int) -> int:
        return _combined(int.__floordiv__(self, other), self, other, "//")

    def __neg__(self) -> int:
        return _traced(int.__neg__(self), -self.origin)


class Named(float):
    """A float with the name of the block's parameter that it is; arithmetic gives plain floats."""

    name: str

    def __new__(cls, value: float, name: str) -> Named:
        """Pair a value with its name."""
        self = super().__new__(cls, value)
        self.name = name
        return self


def origin_of(size: Size) -> Size:
    """Return the size over the block's names where there is one, else the size itself."""
    return size.origin if isinstance(size, Traced) else size


def _combined(value: int, left: int, right: int, operator: str) -> int:
    """Return the value with the origin that follows from those of the operands."""
    if value is NotImplemented:  # the other operand is no int: a float, or a symbolic size
        return value  # type: ignore[no-any-return]
    first, second = origin_of(left), origin_of(right)
    if operator == "+":
        return _traced(value, first + second)
    if operator == "-":
        return _traced(value, first - second)
    if operator == "*":
        return _traced(value, first * second)
    if isinstance(second, Dim) or second <= 0:
        return value
    return _traced(value, first // second)


def _traced(value: int, origin: Size) -> int:
    return Traced(value, origin) if isinstance(origin, Dim) else value
