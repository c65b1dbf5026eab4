"""Whether two sizes are equal for every value: proofs, counterexamples, and what stays open."""

from __future__ import annotations

import pytest

from nndsl.dims import Different, Dim, Origin, Same, Scope, Size, Undecided, maximum0, same, symbol

H, W, T, N = symbol("H"), symbol("W"), symbol("T"), symbol("N")
ORIGIN = Origin("a test")


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (3, 3),
        (T // 2 + (T + 1) // 2, T),
        ((T // 2) * (T // 2 + 1) // 2 * 2, (T // 2) ** 2 + T // 2),
        (H // 2 * (W // 3) * 6, (2 * (H // 2)) * (W - W % 3)),
        (N * (H // 2 + (H + 1) // 2), N * H),
        (maximum0(T - 5) - maximum0(5 - T), T - 5),
        (maximum0(T), T),
        (maximum0(maximum0(T - 2) - 3), maximum0(T - 5)),
        (maximum0(3 - T % 3), 3 - T % 3),
        ((H * W // 4 * 4 + H * W % 4), H * W),
    ],
)
def test_same(one: Size, two: Size) -> None:
    assert same(one, two, Scope()) == Same()


@pytest.mark.parametrize(
    ("one", "two", "values", "left", "right"),
    [
        (3, 4, {}, 3, 4),
        (H // 8, 2 * (H // 16), {"H": 24}, 3, 2),
        (T, 17, {"T": 2}, 2, 17),
        (H, W, {"H": 2, "W": 3}, 2, 3),
        # Symbols that cancel are part of the example.
        (H * W + T, H * W + 2 * T, {"H": 2, "T": 2, "W": 2}, 6, 8),
        # The only difference is at small values, where the maximum has not settled.
        (maximum0(T - 5) + 5, T, {"T": 2}, 5, 2),
        (T // 100, (T + 99) // 100 - 1, {"T": 1000}, 10, 9),
        # No sizes above 1 to be had.
        (T - T // 2 * 2, 0, {"T": 3}, 1, 0),
    ],
)
def test_different(one: Size, two: Size, values: dict[str, int], left: int, right: int) -> None:
    assert same(one, two, Scope()) == Different(values, left, right)


def test_bounds_cut_the_box() -> None:
    scope = Scope()
    assert isinstance(same(maximum0(T - 5), T - 5, scope), Different)
    scope.require(T, 5, ORIGIN)
    assert same(maximum0(T - 5), T - 5, scope) == Same()
    scope.at_most(T, 7, ORIGIN)
    assert same((T - 5) * (T - 6) * (T - 7), 0, scope) == Same()
    assert same(T // 8, 0, scope) == Same()


def test_a_counterexample_respects_what_is_known() -> None:
    scope = Scope()
    scope.require(H, 40, ORIGIN)
    verdict = same(H // 8, 2 * (H // 16), scope)
    assert isinstance(verdict, Different)
    assert verdict.values["H"] >= 40
    scope = Scope()
    scope.require(H * W, 12, ORIGIN)
    verdict = same(H, W, scope)
    assert isinstance(verdict, Different)
    assert verdict.values["H"] * verdict.values["W"] >= 12


def test_no_counterexample_that_the_checks_allow_is_undecided() -> None:
    scope = Scope()
    scope.require(3 - H * W, 1, ORIGIN)  # H * W <= 2
    assert same(H // 3 + W // 3, 0, scope) == Undecided()


def test_undecided_beyond_the_limit() -> None:
    """A period of 50,000 is not tried out; a difference is still found by samples."""
    wide = T // 50_000 + (T + 25_000) // 50_000
    assert same(wide, T // 25_000, Scope()) == Undecided()
    assert isinstance(same(wide, T // 25_000 + 1, Scope()), Different)


def test_a_maximum_over_two_symbols_is_not_proven() -> None:
    size = maximum0(H - W) + W
    assert same(size, maximum0(W - H) + H, Scope()) == Undecided()
    assert isinstance(same(size, W, Scope()), Different)


def test_opaque_sizes() -> None:
    size: Size = 0
    for index in range(33):
        size = size + symbol(f"A{index}")
    assert isinstance(size, Dim)
    assert len(size.terms) == 1
    assert same(size // 2 + (size + 1) // 2, size, Scope()) == Same()
    # Not so for every integer in their places, but opaque sizes are not free to be every integer.
    assert same(maximum0(size), size, Scope()) == Undecided()
    assert same(maximum0(-size), 0, Scope()) == Undecided()
    assert isinstance(same(size, size + size // 2, Scope()), Different)
