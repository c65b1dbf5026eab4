"""Which inputs would make failed merges right."""

from __future__ import annotations

import pytest

from nndsl.dims import Origin, Proposal, Scope, Size, ceil_div, maximum0, propose, solve_axes, symbol

H, W, T, S = symbol("H"), symbol("W"), symbol("T"), symbol("S")
ORIGIN = Origin("a test")


def proposed(*failures: tuple[Size, Size], scope: Scope | None = None) -> dict[str, Size] | None:
    axes = solve_axes({"image": (H, W, 3), "tokens": (T,), "others": (S,)})
    proposal = propose(failures, scope or Scope(), axes)
    return None if proposal is None else dict(proposal.values)


def test_a_unet() -> None:
    failures = [(X // 2**k, 2 * (X // 2 ** (k + 1))) for X in (H, W) for k in (3, 2, 1, 0)]
    proposal = propose(failures, Scope(), solve_axes({"image": (H, W, 3), "other": (T,)}))
    assert proposal == Proposal({"H": 16 * H, "W": 16 * W}, {"image": (16 * H, 16 * W, 3)})


def test_a_multiple_grows() -> None:
    proposal = propose([(H, 4 * (H // 4))], Scope(), solve_axes({"image": (2 * H, 6)}))
    assert proposal == Proposal({"H": 4 * H}, {"image": (8 * H, 6)})


@pytest.mark.parametrize(
    ("failures", "values"),
    [
        ([(T // 2 * 2, T)], {"T": 2 * T}),
        ([((T + 1) // 4, T // 4 + 1)], {"T": 4 * T + 3}),
        ([(ceil_div(T, 2), T // 2)], {"T": 2 * T}),
        ([(T // 2 * 2, T), (T // 3 * 3, T)], {"T": 6 * T}),
        # A symbol in place of another, alone and before a multiple.
        ([(S, T)], {"S": T}),
        ([(S // 2 * 2, T)], {"S": 2 * T, "T": 2 * T}),
        # The one value.
        ([(T, 17)], {"T": 17}),
        ([(T // 2 * 3, 24)], {"T": 16}),
        ([(T, 17), (S, 5)], {"T": 17, "S": 5}),
        # Both axes at once.
        ([(4 * (H // 2) * (W // 2), H * W)], {"H": 2 * H, "W": 2 * W}),
        # Different causes in one model.
        ([(H // 2 * 2, H), (S, T)], {"H": 2 * H, "S": T}),
        # The multiple must hold for the small values too: 2 * T would start at 2, where this is 3.
        ([(maximum0(3 - T) + 2 * (T // 2), T)], {"T": 2 * T + 2}),
        ([(maximum0(T - 4) + 4, T)], {"T": T + 3}),
    ],
)
def test_proposals(failures: list[tuple[Size, Size]], values: dict[str, Size] | None) -> None:
    scope = Scope()
    for name in ("H", "W", "T", "S"):
        scope.declare(name, ORIGIN)
    assert proposed(*failures, scope=scope) == values


@pytest.mark.parametrize("failure", [(3, 4), (T, T + 1), (T % 2, 2), (T, -5), (T * T, 50), (H * W + 1, H * W)])
def test_no_proposal(failure: tuple[Size, Size]) -> None:
    assert proposed(failure) is None


def test_bounds_hold_after_the_proposal() -> None:
    scope = Scope()
    scope.at_most(T, 15, ORIGIN)
    assert proposed((T // 2, 8), scope=scope) is None
    assert proposed((T // 8 * 8, T), scope=scope) == {"T": 8 * T}
    assert proposed((T // 16 * 16, T), scope=scope) is None
    scope = Scope()
    scope.require(T, 17, ORIGIN)
    assert proposed((T // 2, 8), scope=scope) == {"T": 17}
    # From 17 on, the maximum does not matter.
    assert proposed((maximum0(3 - T) + 2 * (T // 2), T), scope=scope) == {"T": 2 * T}
