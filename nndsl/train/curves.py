"""Losses and metrics of a run as a table, and as a drawing that needs nothing but a browser."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 420, 250
"""The size of a panel, in pixels."""
LEFT, RIGHT, TOP, BOTTOM = 62, 16, 40, 34
"""The margins of a panel, where its labels are."""
STYLE = """
svg { --paper: #ffffff; --ink: #1f2328; --faint: #d1d9e0; --note: #59636e; --one: #0b62c4; --two: #c4520b; }
@media (prefers-color-scheme: dark) {
  svg { --paper: #0d1117; --ink: #e6edf3; --faint: #30363d; --note: #9198a1; --one: #58a6ff; --two: #f0883e; }
}
.paper { fill: var(--paper) }
text { fill: var(--note); font: 11px system-ui, sans-serif }
.title { fill: var(--ink); font-weight: 600; font-size: 13px }
.grid { stroke: var(--faint) }
.best { stroke: var(--note); stroke-dasharray: 3 3 }
.one { stroke: var(--one) } .two { stroke: var(--two) }
path.one, path.two { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round }
circle.one { fill: var(--one) } circle.two { fill: var(--two) } circle { stroke: none }
text.one { fill: var(--one); stroke: none } text.two { fill: var(--two); stroke: none }
"""

History = Mapping[str, Sequence[Any]]
"""For each loss and metric its values by epoch; a value may be a tuple."""


def table(history: History) -> str:
    """Return a history as CSV: a row for each epoch, from 1; several values of a metric have a column each."""
    columns = dict(_columns(history))
    epochs = max(map(len, columns.values()), default=0)
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["epoch", *columns])
    for epoch in range(epochs):
        rows.writerow([epoch + 1, *(repr(each[epoch]) if epoch < len(each) else "" for each in columns.values())])
    return text.getvalue()


def best_epoch(history: History) -> int | None:
    """Return the epoch, from 0, of the least validation loss (or loss) that is a number; None if there is none."""
    losses = history.get("val_loss") or history.get("loss") or ()
    finite = [(loss, epoch) for epoch, loss in enumerate(losses) if _is_shown(loss)]
    return min(finite)[1] if finite else None


def curves(history: History, best: int | None = None) -> str:
    """Return a history as SVG: a panel for each loss and metric, training and validation in one, the best epoch marked.

    ``best`` is the number of the best epoch, from 0, by default ``best_epoch``.
    """
    best = best_epoch(history) if best is None else best
    columns = dict(_columns(history))
    panels = [name for name in columns if not (name.startswith("val_") and name.removeprefix("val_") in columns)]
    across = min(2, max(len(panels), 1))
    width, height = across * WIDTH, max(-(-len(panels) // across), 1) * HEIGHT
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f"<style>{STYLE}</style>",
        f'<rect class="paper" width="{width}" height="{height}"/>',
    ]
    for number, name in enumerate(panels):
        x, y = number % across * WIDTH, number // across * HEIGHT
        lines.append(f'<g transform="translate({x} {y})">')
        lines += _panel(name, columns[name], columns.get(f"val_{name}", ()), best)
        lines.append("</g>")
    return "\n".join([*lines, "</svg>"]) + "\n"


def _columns(history: History) -> Iterator[tuple[str, list[float]]]:
    for name, values in history.items():
        size = max((len(value) for value in values if isinstance(value, (tuple, list))), default=0)
        if not size:
            yield name, [float(value) for value in values]
        for index in range(size):
            yield f"{name}[{index}]", [float(value[index]) for value in values]


def _panel(name: str, training: Sequence[float], validation: Sequence[float], best: int | None) -> Iterator[str]:
    """Yield the lines of a panel, whose upper left corner is at (0, 0)."""
    finite = [value for value in (*training, *validation) if _is_shown(value)]
    least, most = (min(finite), max(finite)) if finite else (0.0, 1.0)
    if least == most:
        room = abs(least) / 10 or 0.5
        least, most = least - room, most + room
    epochs = max(len(training), len(validation), 1)

    def across(epoch: float) -> float:
        share = (epoch - 1) / (epochs - 1) if epochs > 1 else 0.5
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def down(value: float) -> float:
        return TOP + (most - value) / (most - least) * (HEIGHT - TOP - BOTTOM)

    yield f'<text class="title" x="{LEFT}" y="22">{escape(name)}</text>'
    for value in _ticks(least, most, 4):
        y = down(value)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.6g}</text>'
    for value in _ticks(1, epochs, 6):
        if value == round(value):
            x = across(value)
            yield f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{value:.0f}</text>'
    yield f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 4}" text-anchor="end">epoch</text>'
    if best is not None and best < epochs:
        x = across(best + 1)
        yield f'<line class="best" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
        yield f'<text x="{x:.1f}" y="{TOP - 4}" text-anchor="middle">best: {best + 1}</text>'
    both = (("one", "training", training), ("two", "validation", validation))
    for number, (style, kind, values) in enumerate(pair for pair in both if pair[2]):
        points = [(across(epoch), down(value)) for epoch, value in enumerate(values, 1) if _is_shown(value)]
        yield f'<path class="{style}" d="{_path(values, across, down)}"/>'
        marked = points if len(points) == 1 else []
        if best is not None and best < len(values) and _is_shown(values[best]):
            marked = [(across(best + 1), down(values[best]))]
        yield from (f'<circle class="{style}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>' for x, y in marked)
        place = WIDTH - RIGHT - 70 * (1 - number if validation else 0)
        yield f'<text class="{style}" x="{place}" y="22" text-anchor="end">{kind}</text>'


def _path(values: Sequence[float], across: Any, down: Any) -> str:
    """Return a line through values; what is not a number interrupts it."""
    found, drawing = [], False
    for epoch, value in enumerate(values, 1):
        if _is_shown(value):
            found.append(f"{'L' if drawing else 'M'}{across(epoch):.1f} {down(value):.1f}")
        drawing = _is_shown(value)
    return "".join(found)


def _is_shown(value: float) -> bool:
    """Return whether a value has a place in a drawing: it is a number, and differences of such are numbers."""
    return abs(value) < 1e300


def _ticks(least: float, most: float, count: int) -> Iterator[float]:
    """Yield round numbers between two, some ``count`` of them."""
    rough = (most - least) / count or 1.0
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * each for each in (1, 2, 5, 10) if size * each >= rough * 0.999)
    first = math.ceil(least / step - 1e-9)
    for number in range(first, first + 3 * count):  # more than there are, unless two are too near for numbers between
        if number * step <= most + step * 1e-9:
            yield number * step
