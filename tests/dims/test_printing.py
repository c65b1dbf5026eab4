"""The text of sizes, folded as a person would write it."""

from __future__ import annotations

import pytest

from nndsl.dims import Size, ceil_div, maximum0, symbol, text

H, W, T = symbol("H"), symbol("W"), symbol("T")


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (28, "28"),
        (T, "T"),
        (16 * H, "16 * H"),
        ((H - 3) // 2 + 1, "(H - 1) // 2"),
        (ceil_div(H, 2), "(H + 1) // 2"),
        (2 * H + H // 2, "5 * H // 2"),
        (2 * ((H + 1) // 2) - 2, "2 * ((H - 1) // 2)"),
        (T % 4, "T % 4"),
        ((T + 5) % 4, "(T + 1) % 4"),
        (3 * (T % 4) + 1, "3 * (T % 4) + 1"),
        (-(T % 3), "-(T % 3)"),
        (-T % 3, "2 * T % 3"),
        ((10 - T) // 2, "(10 - T) // 2"),
        (10 - T, "10 - T"),
        (-T, "-T"),
        (-2 * T - 1, "-2 * T - 1"),
        (-(T // 2), "-(T // 2)"),
        (W - T // 2, "W - T // 2"),
        (2 * (H // 16), "2 * (H // 16)"),
        ((H // 2) * W, "(H // 2) * W"),
        (W * H * 3, "3 * H * W"),
        (T * T + T, "T ** 2 + T"),
        ((T // 2) ** 2, "(T // 2) ** 2"),
        (H * W // 4, "H * W // 4"),
        ((H + 3 * (T // 2)) // 4 + T // 2, "(H + 7 * (T // 2)) // 4"),
        (maximum0(3 - T) + T, "T + max(0, 3 - T)"),
        (maximum0(T - 3) // 2 * 2, "2 * (max(0, T - 3) // 2)"),
        (H * W + 1, "H * W + 1"),
        (T // 2 + (T + 1) // 2, "T // 2 + (T + 1) // 2"),
    ],
)
def test_text(size: Size, expected: str) -> None:
    assert text(size) == expected
    if not isinstance(size, int):
        assert repr(size) == expected


def test_symbols_come_in_the_order_of_their_declaration() -> None:
    size = H * W + T + W
    assert text(size) == "H * W + T + W"
    assert text(size, ("W", "T", "H")) == "W * H + W + T"
    assert text(size, ("W",)) == "W * H + W + T"
