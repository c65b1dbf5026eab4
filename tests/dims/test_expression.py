"""The normal form of sizes: the rules of floor division, and what collapses to an int."""

from __future__ import annotations

import operator
from collections.abc import Callable

import pytest

from nndsl.dims import (
    Dim,
    Size,
    SizeUnknown,
    ceil_div,
    definitions,
    evaluate,
    exact_div,
    maximum0,
    substitute,
    symbol,
    text,
)
from nndsl.traced import Traced

H, W, T = symbol("H"), symbol("W"), symbol("T")


@pytest.mark.parametrize(
    ("one", "two"),
    [
        # 1. Quotients of coefficients and constant leave the floor.
        ((16 * H) // 8, 2 * H),
        ((H - 3) // 2 + 1, (H + 1) // 2 - 1),
        ((10 - T) // 2, 5 - T + T // 2),
        # 2. A common factor of the divisor and the coefficients.
        ((6 * H + 5) // 4, (3 * H + 2) // 2),
        ((4 * H * W + 6) // 8, (2 * H * W + 3) // 4),
        # 3. A floor in a floor.
        (T // 2 // 3, T // 6),
        ((T // 3 + W) // 4, (T + 3 * W) // 12),
        (ceil_div(ceil_div(T, 2), 2), ceil_div(T, 4)),
        # 4. Quotient and remainder make the whole.
        ((T // 3) * 3 + T % 3, T),
        ((2 * T + 5) // 4 * 4 + (2 * T + 5) % 4, 2 * T + 5),
        # Divisors below zero round down too.
        (T // -3, (-T) // 3),
        (T % -3, -((-T) % 3)),
        # Sums and products.
        ((H + 1) * (W - 1), H * W - H + W - 1),
        (H * W, W * H),
        (H**2 - H * H, 0),
        (H**0, 1),
        (5 - (H + 1), 4 - H),
        (0 - (-H), H),
        (maximum0(6 * T - 4), 2 * maximum0(3 * T - 2)),
        (maximum0(2 * maximum0(T - 3)), 2 * maximum0(T - 3)),
    ],
)
def test_normal_form(one: Size, two: Size) -> None:
    assert one == two
    assert hash(one) == hash(two)


@pytest.mark.parametrize(("size", "value"), [(T - T, 0), (T * 0, 0), ((2 * T + 3) // 2 - T, 1), ((4 * T) % 4, 0)])
def test_constants_are_ints(size: Size, value: int) -> None:
    assert type(size) is int
    assert size == value


def test_equal_sums_of_floors_have_different_forms() -> None:
    """Equality is of the form; what is equal by value alone is for ``same`` to decide."""
    assert T // 2 + (T + 1) // 2 != T
    assert T != 3
    assert T != "T"


def test_a_chain_of_strides_stays_one_floor() -> None:
    size: Size = T
    for _ in range(50):
        size = (size - 3) // 2 + 1
    assert isinstance(size, Dim)
    assert len(size.terms) == 2


@pytest.mark.parametrize(
    "use",
    [
        bool,
        int,
        float,
        range,
        lambda size: size < 3,
        lambda size: size >= 3,
        lambda size: 7 // size,
        lambda size: 7 % size,
        lambda size: 2**size,
        lambda size: size // size,
        lambda size: "abc"[size],
    ],
)
def test_no_number_is_taken_from_a_size(use: Callable[[Dim], object]) -> None:
    with pytest.raises(SizeUnknown, match="known only at run time") as caught:
        use(T)
    assert caught.value.size == T


@pytest.mark.parametrize(
    "use",
    [operator.add, operator.sub, operator.mul, operator.floordiv, operator.mod, operator.pow, operator.truediv],
)
@pytest.mark.parametrize("other", [0.5, "a", None])
def test_no_other_operands(use: Callable[[object, object], object], other: object) -> None:
    for operands in ((T, other), (other, T)):
        with pytest.raises(TypeError):
            use(*operands)


def test_zero_and_powers_out_of_range() -> None:
    with pytest.raises(ZeroDivisionError):
        T // 0
    with pytest.raises(ZeroDivisionError):
        T % 0
    for exponent in (-1, 65, 10**9):
        with pytest.raises(ValueError, match="powers from 0 to 64"):
            T**exponent


def test_ints_stay_what_they_are() -> None:
    """Two ints take Python's own way, so that a subclass may keep its origin."""
    traced = Traced(12, T)
    halved = ceil_div(traced, 2)
    assert isinstance(halved, Traced)
    assert halved.origin == (T + 1) // 2
    assert ceil_div(7, 2) == 4
    assert maximum0(-3) == 0
    assert isinstance(maximum0(traced), Traced)


def test_a_traced_int_in_a_size_is_its_number() -> None:
    for size in (W + Traced(3, T), Traced(3, T) + W, Traced(3, T) - W + 2 * W):
        assert size == W + 3
        assert all(type(coefficient) is int for coefficient in size.terms.values())
    assert (W * Traced(3, T)) // Traced(3, T) == W


@pytest.mark.parametrize(
    ("product", "by", "quotient"),
    [
        ([12], [4], 3),
        ([12], [5], None),
        ([H, W, 64], [W], 64 * H),
        ([H + 1, W], [H + 1], W),
        ([(H + 1) * W], [W], H + 1),
        ([H * W * 6], [3, H], 2 * W),
        ([H // 2, 4], [8], None),
        ([4 * (H // 2)], [2, H // 2], 2),
        ([T], [4], None),
        ([4 * T], [4], T),
        ([H * W], [H + 1], None),
        ([H + 1], [H], None),
        ([6], [T], None),
        ([T], [0], None),
        ([T * W], [T, T], None),
        ([], [], 1),
        ([H + 1, W], [(H + 1) * W], 1),
        ([(6 * H + 6) * (W + 3) * T], [3 * (H + 1) * (W + 3)], 2 * T),
        ([(H + 1) * (W + 3)], [(H + 1) * (W + 2)], None),
    ],
)
def test_exact_div(product: list[Size], by: list[Size], quotient: Size | None) -> None:
    assert exact_div(product, by) == quotient


def test_substitute_is_simultaneous() -> None:
    size = H // 2 + W * 3
    assert substitute(size, {"H": W, "W": H}) == W // 2 + H * 3
    assert substitute(size, {"H": 16 * H}) == 8 * H + W * 3
    assert substitute(size, {"H": 5, "W": 1}) == 5
    assert substitute(maximum0(T - 3), {"T": T + 3}) == maximum0(T)
    assert substitute(7, {"T": 1}) == 7
    assert substitute(size, {"T": 1}) is size


def test_evaluate() -> None:
    size = maximum0(3 - T) + T * (H // 2)
    assert evaluate(size, {"T": 2, "H": 5}) == 5
    assert evaluate(4, {}) == 4
    with pytest.raises(SizeUnknown, match="`H`"):
        evaluate(size, {"T": 2})


def test_symbols() -> None:
    size = maximum0(3 - T) + T * (H // 2)
    assert isinstance(size, Dim)
    assert size.symbols() == {"T", "H"}


def grown(turns: int) -> Size:
    """A size whose text would double with each turn."""
    size: Size = T
    for _ in range(turns):
        size = size // 2 + size // 3 + 2
    return size


def plain(turns: int, value: int) -> int:
    for _ in range(turns):
        value = value // 2 + value // 3 + 2
    return value


@pytest.mark.parametrize("turns", [3, 14, 60])
def test_a_size_is_capped(turns: int) -> None:
    size = grown(turns)
    assert len(text(size)) < 2_000
    assert grown(turns) == size
    assert evaluate(size, {"T": 1000}) == plain(turns, 1000)
    assert evaluate(substitute(size, {"T": W + 7}), {"W": 993}) == plain(turns, 1000)
    assert substitute(size, {"T": 1000}) == plain(turns, 1000)
    assert isinstance(size, Dim)
    assert size.symbols() == {"T"}


def test_opaque_sizes_can_lie_thousands_deep() -> None:
    turns = 6_000
    assert evaluate(grown(turns), {"T": 9}) == plain(turns, 9)


def test_definitions_explain_opaque_names() -> None:
    size = grown(30)
    values: dict[str, object] = {"T": 77, "max": max}
    for name, definition in definitions([size, 3]).items():
        values[name] = eval(text(definition), values)
    assert eval(text(size), values) == plain(30, 77)
    assert definitions([T, T // 2, 5]) == {}


def test_many_terms_are_capped() -> None:
    names = [f"A{index}" for index in range(40)]
    size: Size = 0
    for name in names:
        size = size + symbol(name)
    assert isinstance(size, Dim)
    assert len(size.terms) <= 32
    assert evaluate(size, dict.fromkeys(names, 2)) == 80
    power: Size = (H + W + T + 1) ** 8
    assert isinstance(power, Dim)
    assert len(text(power)) < 2_000
    assert evaluate(power, {"H": 1, "W": 2, "T": 3}) == 7**8
