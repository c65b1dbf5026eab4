"""Bounds with their origins: solved exactly, kept as checks, or in conflict."""

from __future__ import annotations

import pytest

from nndsl.diagnostics import Source, Span
from nndsl.dims import Conflict, Origin, Scope, Size, maximum0, symbol

H, W, T = symbol("H"), symbol("W"), symbol("T")
ORIGIN = Origin("a test")


def held(scope: Scope) -> list[str]:
    return [condition.text() for condition in scope.learned()]


@pytest.mark.parametrize(
    ("size", "least", "expected"),
    [
        ((T - 3) + 1, 1, ["T >= 3"]),
        ((T - 3) // 2 + 1, 1, ["T >= 3"]),
        (((T - 3) // 2 - 2) // 2 + 1, 1, ["T >= 7"]),
        (T // 8, 2, ["T >= 16"]),
        (3 * (T // 8) - 1, 3, ["T >= 16"]),
        (5 - T // 2, 1, ["T <= 9"]),
        (10 - T, 1, ["T <= 9"]),
        (maximum0(T - 4), 1, ["T >= 5"]),
        (maximum0(T - 4), 0, []),
        (4 - maximum0(T - 4), 1, ["T <= 7"]),
        (T, 1, []),
        (T + 5, 1, []),
        # Several floors, without and with holes.
        (T // 2 + T // 3, 4, ["T >= 6"]),
        (12 - T // 2 - T // 3, 9, ["T <= 5"]),
        (T - T // 2, 3, ["T >= 5"]),
        (T + maximum0(9 - T), 9, []),
        (T + maximum0(9 - 2 * T), 6, ["T + max(0, 9 - 2 * T) >= 6"]),
        (T % 4, 1, ["T % 4 >= 1"]),
        (T // 2 - T // 3, 1, ["T // 2 - T // 3 >= 1"]),
        # More than one symbol.
        (H * W, 1, []),
        (H + W, 2, []),
        (H + W, 5, ["H + W >= 5"]),
        (197 - (H * W + 1), 0, ["196 - H * W >= 0"]),
        (T * T, 16, ["T ** 2 >= 16"]),
    ],
)
def test_require(size: Size, least: int, expected: list[str]) -> None:
    scope = Scope()
    scope.require(size, least, ORIGIN)
    assert held(scope) == expected


def test_at_most() -> None:
    scope = Scope()
    scope.at_most(T, 512, ORIGIN)
    scope.at_most(T // 4, 100, ORIGIN)
    scope.at_most(H * W + 1, 197, ORIGIN)
    assert held(scope) == ["T <= 403", "H * W + 1 <= 197"]
    assert scope.upper("T") == 403
    assert scope.lower("T") == 1
    assert scope.upper("H") is None


def test_only_the_strongest_is_kept_with_its_origin() -> None:
    scope = Scope()
    for least in (3, 7, 5):
        scope.require(T, least, Origin(f"least {least}"))
        scope.at_most(T, 100 - least, Origin(f"most {100 - least}"))
        scope.require(H * W, least, Origin(f"product {least}"))
    assert [str(condition.origin) for condition in scope.learned()] == ["least 7", "most 93", "product 7"]


def test_bounds_have_every_symbol_in_order() -> None:
    scope = Scope()
    scope.declare("W", Origin("input image"))
    scope.declare("T", Origin("input tokens"))
    scope.declare("W", Origin("input other"))
    scope.require(T, 3, ORIGIN)
    scope.at_most(H, 9, ORIGIN)
    assert scope.order == ("W", "T")
    assert [condition.text() for condition in scope.bounds()] == ["W >= 1", "T >= 3", "H >= 1", "H <= 9"]
    assert str(scope.bounds()[0].origin) == "input image"
    assert held(scope) == ["T >= 3", "H <= 9"]


def test_a_check_goes_when_the_bounds_imply_it() -> None:
    scope = Scope()
    scope.require(H * W, 6, ORIGIN)
    assert len(scope.checks()) == 1
    scope.require(H, 6, ORIGIN)
    assert scope.checks() == ()


def test_a_conflict_names_both_origins() -> None:
    source = Source("model.nn", "model M {\n  input x: (T, 3)\n  PositionEmbedding(512)\n\n  Conv1D(8, 600)\n}\n")

    def origin(description: str) -> Origin:
        start = source.text.index(description)
        return Origin(description, Span(source, start, start + len(description)))

    scope = Scope()
    scope.at_most(T, 512, origin("PositionEmbedding(512)"))
    with pytest.raises(Conflict) as caught:
        scope.require(T - 599, 1, origin("Conv1D(8, 600)"))
    assert str(caught.value) == (
        "no T is left: T >= 600 (Conv1D(8, 600), line 5), but T <= 512 (PositionEmbedding(512), line 3)"
    )
    assert caught.value.symbol == "T"
    # What failed changed nothing.
    assert held(scope) == ["T <= 512"]
    scope.require(T, 512, ORIGIN)


@pytest.mark.parametrize(
    ("size", "least", "message"),
    [
        (2, 3, "a test needs a size of at least 3, but it is 2"),
        (T % 4, 4, "no T is left: T % 4 >= 4 (a test)"),
        (-T, 0, "no T is left: T >= 1 (a size), but T <= 0 (a test)"),
        (-maximum0(T - 3), 1, "no T is left: -max(0, T - 3) >= 1 (a test)"),
        (1 - H * W, 1, "no size is left: 1 - H * W >= 1 (a test)"),
        (8 - 2 * (T // 2) - T // 3, 5, "no T is left: 8 - 2 * (T // 2) - T // 3 >= 5 (a test), but T >= 9 (first)"),
    ],
)
def test_conflicts(size: Size, least: int, message: str) -> None:
    scope = Scope()
    if "first" in message:
        scope.require(T, 9, Origin("first"))
    with pytest.raises(Conflict) as caught:
        scope.require(size, least, ORIGIN)
    assert str(caught.value) == message


def test_a_conflict_over_two_symbols_names_their_bounds() -> None:
    scope = Scope()
    scope.at_most(H, 10, Origin("first"))
    scope.at_most(W, 10, Origin("second"))
    scope.at_most(T, 10, Origin("third"))
    with pytest.raises(Conflict) as caught:
        scope.require(H * W, 101, ORIGIN)
    assert str(caught.value) == "no size is left: H * W >= 101 (a test), but H <= 10 (first) and W <= 10 (second)"
    scope.require(H * W, 100, ORIGIN)


def test_substituted() -> None:
    scope = Scope()
    scope.declare("H", Origin("input image"))
    scope.declare("T", Origin("input tokens"))
    scope.require(H, 40, ORIGIN)
    scope.require(H * T, 900, ORIGIN)
    changed = scope.substituted({"H": 16 * W})
    assert held(changed) == ["W >= 3", "16 * T * W >= 900"]
    assert changed.order == ("T", "W")
    assert held(scope) == ["H >= 40", "H * T >= 900"]
    with pytest.raises(Conflict):
        scope.substituted({"H": 16})
