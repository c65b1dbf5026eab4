"""Random recurrent layers, their cells, and both directions of them."""

from __future__ import annotations

from collections.abc import Callable

from tests.property.pen import Axis, Pen, Shape, sizes
from tests.property.spatial import Arguments, Written, options, place, windowed, with_channels

NAMES = ("LSTM", "GRU", "SimpleRNN")


def recurrent_arguments(pen: Pen, name: str, units: int, *, backwards: bool = True) -> Arguments:
    """The arguments of a recurrent layer or cell, but for what it returns."""
    found: Arguments = [("units", pen.number(units))]
    if pen.chance(0.15):
        found.append(("activation", pen.one(('"relu"', '"sigmoid"'))))
    if pen.chance(0.1) and not name.startswith("SimpleRNN"):
        found.append(("recurrent_activation", '"hard_sigmoid"'))
    if pen.chance(0.15):
        found.append(("use_bias", "false"))
    if pen.chance(0.1):
        found.append((pen.one(("dropout", "recurrent_dropout")), "0.2"))
    if backwards and pen.chance(0.2):
        found.append(("go_backwards", "true"))
    if name.startswith("GRU") and pen.chance(0.2):
        found.append(("reset_after", "false"))
    return found


def cells(pen: Pen, units: int, most: int = 3) -> str:
    """One cell, or several, the last one of so many units."""
    widths = [*(pen.width(()) for _ in range(pen.upto(most) - 1)), units]
    found = []
    for width in widths:
        name = f"{pen.one(NAMES)}Cell"
        found.append(pen.call(name, *recurrent_arguments(pen, name, width, backwards=False)))
    if len(found) == 1 and pen.chance(0.8):
        return found[0]
    listed = f"[{', '.join(found)}]"
    return f"StackedRNNCells({listed})" if pen.chance(0.3) else listed


def recurrent(pen: Pen, name: str, shape: Shape) -> Written:
    """LSTM, GRU, SimpleRNN, RNN, alone or in both directions."""
    both = name == "Bidirectional"
    kind = pen.one((*NAMES, "RNN")) if both else name
    units = pen.width(shape)
    if kind == "RNN":
        found = [("cell", cells(pen, units))]
        if not both and pen.chance(0.2):
            found.append(("go_backwards", "true"))
        if pen.chance(0.1):
            found.append(("zero_output_for_mask", "true"))
    else:
        found = recurrent_arguments(pen, kind, units, backwards=not both)
    sequences = pen.chance(0.6)
    if sequences:
        found.append(("return_sequences", "true"))
    text = pen.call(kind, *found)
    width = units
    if both:
        mode = pen.one(("concat", "concat", "concat", "concat", "sum", "mul", "ave"))
        text = pen.call(name, ("layer", text), *([("merge_mode", f'"{mode}"')] if mode != "concat" else []))
        width = units * (2 if mode == "concat" else 1)
    return text, (shape[0], Axis(width)) if sequences else (Axis(width),)


def conv_lstm(pen: Pen, name: str, shape: Shape) -> Written:
    """ConvLSTM2D, sometimes in both directions."""
    steps, image = shape[0], shape[1:]
    first, arguments = place(pen, image)
    spatial = image[1:] if first else image[:-1]
    kernel = pen.several(2, tuple(range(1, min(*sizes(spatial), 3) + 1)))
    strides = pen.several(2, (1, 1, 2))
    padding = pen.one(("same", "valid"))
    filters = pen.width(())
    found: Arguments = [("filters", pen.number(filters)), ("kernel_size", pen.sized(kernel))]
    if max(strides) > 1:
        found.append(("strides", pen.sized(strides)))
    if padding == "same":
        found.append(("padding", '"same"'))
    found += [each for each in options(pen) if each[0] in ("activation", "use_bias")]
    if pen.chance(0.1):
        found.append((pen.one(("dropout", "recurrent_dropout")), "0.2"))
    both = pen.chance(0.2)
    if not both and pen.chance(0.2):
        found.append(("go_backwards", "true"))
    sequences = pen.chance(0.5)
    if sequences:
        found.append(("return_sequences", "true"))
    text = pen.call(name, *found, *arguments)
    after = [windowed(axis, size, step, padding) for axis, size, step in zip(spatial, kernel, strides, strict=True)]
    result = with_channels(image, after, Axis(filters), first=first)
    if both:
        text = pen.call("Bidirectional", ("layer", text))
        result = (*result[:-1], Axis(2 * result[-1].size, result[-1].fixed))
    return text, (steps, *result) if sequences else result


def stacked(pen: Pen, x: str) -> tuple[list[str], int]:
    """Write a stack of cells that gives its states, and another one that takes them; return the lines, and the units.

    The result is ``out``.
    """
    units = (pen.width(()), pen.width(()))
    names = [f"{pen.one(NAMES)}Cell" for _ in units]
    first, second = (
        ", ".join(
            pen.call(name, *recurrent_arguments(pen, name, width, backwards=False))
            for name, width in zip(names, units, strict=True)
        )
        for _ in range(2)
    )
    found = pen.call("RNN", ("cell", f"[{first}]"), ("return_state", "true"))
    return [
        f"_, state_0, state_1 = {found}({x})",
        f"out = {pen.call('RNN', ('cell', f'[{second}]'))}({x}, initial_state=[state_0, state_1])",
    ], units[-1]


RECURRING: dict[str, tuple[tuple[int, ...], Callable[[Pen, str, Shape], Written]]] = {
    **dict.fromkeys((*NAMES, "RNN", "Bidirectional"), ((2,), recurrent)),
    "ConvLSTM2D": ((4,), conv_lstm),
}
"""The recurrent layers: the ranks that they take, and who writes them."""
