"""From text to source: long chains, and ResNets."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from comparing import by_turns, ratio, row

import nndsl

RESNET = Path(__file__).parents[1] / "examples" / "resnet.nn"
LENGTHS = (100, 1_000, 10_000, 100_000)
LIMITS = nndsl.Limits(file_bytes=10**8, total_bytes=10**8, tokens=10**8, steps=10**8, layers=10**7)


def chain(length: int) -> str:
    """A model of some layers, each on a line."""
    kinds = ("  Dense(8)", "  ReLU()", '  Dense(8, activation="relu")', "  Dropout(0.5)")
    lines = "\n".join(kinds[number % 4] for number in range(length))
    return f"model Chain {{\n  input (8)\n\n{lines}\n}}\n"


def compare() -> None:
    """Print the time per layer of chains, and that of ResNet-152."""
    texts = {length: chain(length) for length in LENGTHS}
    times = by_turns(
        {str(length): lambda text=text: nndsl.compile(text, limits=LIMITS).source for length, text in texts.items()}, 3
    )
    each = {length: median(times[str(length)]) / length * 1e6 for length in LENGTHS}
    for length, figure in each.items():
        row(f"text to source, a chain of {length:,} layers", f"{figure:.0f} µs a layer", "at most 150")
    row("the slowest chain / the fastest, by layer", f"{max(each.values()) / min(each.values()):.2f}", "at most 1.5")
    times = by_turns(
        {
            str(depth): lambda depth=depth: nndsl.compile(RESNET, settings={"depth": depth}).source
            for depth in (18, 50, 152)
        },
        7,
    )
    for depth in (18, 50, 152):
        row(
            f"text to source, ResNet-{depth}",
            f"{median(times[str(depth)]):.3f} s",
            "at most 0.5" if depth == 152 else "",
        )
    row("ResNet-152 / ResNet-18", f"{ratio(times, '152', '18'):.2f}", "at most 3")
