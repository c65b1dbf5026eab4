"""How symbols follow from the axes that come in, and what is checked."""

from __future__ import annotations

import pytest

from nndsl.dims import (
    Binding,
    Check,
    Conflict,
    Different,
    Origin,
    Scope,
    Unsolvable,
    fresh,
    solve_axes,
    symbol,
)

H, W, T = symbol("H"), symbol("W"), symbol("T")
ORIGIN = Origin("a block")


def test_multiples_are_bound_and_checked() -> None:
    axes = solve_axes({"image": (16 * H, 16 * W, 3), "mask": (H, W + 2)})
    assert axes.bindings == (Binding("H", "mask", 0, 1, 0), Binding("W", "mask", 1, 1, 2))
    assert axes.checks == (Check("image", 0, 16 * H), Check("image", 1, 16 * W), Check("image", 2, 3))


def test_the_only_axis_of_a_multiple_is_checked() -> None:
    axes = solve_axes({"x": (4 * T + 3, 8)})
    assert axes.bindings == (Binding("T", "x", 0, 4, 3),)
    assert axes.checks == (Check("x", 0, 4 * T + 3), Check("x", 1, 8))


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (T, "x.shape[1]"),
        (16 * T, "x.shape[1] // 16"),
        (T + 3, "x.shape[1] - 3"),
        (4 * T - 3, "(x.shape[1] + 3) // 4"),
    ],
)
def test_text_of_a_binding(size: object, expected: str) -> None:
    (binding,) = solve_axes({"x": (size,)}).bindings  # type: ignore[dict-item]
    assert binding.text("x.shape[1]") == expected


def test_a_general_form_needs_axes_of_its_own() -> None:
    axes = solve_axes({"both": (H + W,), "one": (H, 2 * W)})
    assert axes.checks == (Check("both", 0, H + W), Check("one", 1, 2 * W))
    for size, missing in ((H + W, ("W",)), (W // 2, ("W",)), (W * W, ("W",)), (5 - W, ("W",)), (H * W, ("W",))):
        with pytest.raises(Unsolvable) as caught:
            solve_axes({"both": (3, size), "one": (H,)})
        assert (caught.value.input, caught.value.axis, caught.value.missing) == ("both", 1, missing)


def test_declare() -> None:
    scope = Scope()
    axes = solve_axes({"tokens": (T - 3,), "image": (2 * H, W)})
    axes.declare(scope, {"tokens": Origin("input tokens"), "image": Origin("input image")})
    assert scope.order == ("T", "H", "W")
    assert [condition.text() for condition in scope.learned()] == ["T >= 4"]


def test_bind_ints() -> None:
    values, mismatches = solve_axes({"x": (2 * H, W, 3)}).bind({"x": (8, 5, 3)}, Scope(), ORIGIN)
    assert values == {"H": 4, "W": 5}
    assert mismatches == ()
    values, mismatches = solve_axes({"x": (2 * H, H, 3)}).bind({"x": (8, 5, 4)}, Scope(), ORIGIN)
    assert values == {"H": 5}
    assert [(each.check.axis, each.expected, each.actual) for each in mismatches] == [(0, 10, 8), (2, 3, 4)]


def test_bind_symbols() -> None:
    scope = Scope()
    axes = solve_axes({"x": (2 * H + 1, W)})
    values, mismatches = axes.bind({"x": (4 * T + 1, T // 2)}, scope, ORIGIN)
    assert values == {"H": 2 * T, "W": T // 2}
    assert mismatches == ()
    assert [condition.text() for condition in scope.learned()] == ["T >= 2"]
    _, (mismatch,) = axes.bind({"x": (T, 5)}, scope, ORIGIN)
    assert isinstance(mismatch.verdict, Different)
    assert (mismatch.expected, mismatch.actual) == (2 * ((T - 1) // 2) + 1, T)


def test_a_bound_symbol_is_at_least_1() -> None:
    axes = solve_axes({"x": (2 * H + 3,)})
    assert axes.bind({"x": (5,)}, Scope(), ORIGIN)[0] == {"H": 1}
    with pytest.raises(Conflict, match="a block needs a size of at least 5, but it is 3"):
        axes.bind({"x": (3,)}, Scope(), ORIGIN)


def test_fresh() -> None:
    assert fresh(()) == "D1"
    assert fresh({"D1", "D3"}) == "D2"
