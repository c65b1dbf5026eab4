"""``RNN`` and its cells: a layer for each cell, which has the place of the cell's constructor."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from nndsl.arguments import describe
from nndsl.diagnostics import Span
from nndsl.elaborate.applying import Keywords, apply, refuse
from nndsl.elaborate.values import UNKNOWN, LayerClass, PerStep, Single, Stacked, is_unknown
from nndsl.layers.bidirectional import Bidirectional
from nndsl.layers.cells import Cell, alone
from nndsl.layers.rnn import RNN, StackedRNNCells
from nndsl.suggestions import suggest
from nndsl.syntax import nodes

if TYPE_CHECKING:
    from nndsl.elaborate.expressions import Evaluator


def stacked(evaluator: Evaluator, declared: LayerClass, call: nodes.Call) -> Any:
    """Return ``RNN(…)``, ``StackedRNNCells(…)`` or ``Bidirectional(…)``. Raises Stop."""
    from nndsl.elaborate.constructing import arguments, bound, made

    written = arguments(evaluator, declared.name, declared.layer, call)
    layer = bound(evaluator, declared, call, written)
    if layer is None:
        return UNKNOWN
    if isinstance(layer, Bidirectional):
        if not isinstance(layer.layer, RNN) or isinstance(layer.layer.cell, Cell):
            return evaluator.measured(Single(layer, made(evaluator, layer, call), call), call)
        parts = _both_ways(evaluator, layer, _given(written, "layer", 0), call)
        return evaluator.measured(Stacked(layer, parts, call), call)
    given = _given(written, "cell" if isinstance(layer, RNN) else "cells", 0)
    several = given.parts if isinstance(given, Stacked) else given
    cells = tuple(several) if isinstance(several, (list, tuple)) else (several,)
    if not isinstance(layer, RNN):
        return evaluator.measured(Stacked(layer, cells, call), call)
    if ("trainable", False) in written:
        cells = tuple(untrained(evaluator, cell, "an `RNN` and its cell", call) for cell in cells)
    parts = tuple(
        Single(_part(layer, cell.layer, number, len(cells)), cell.made, call) for number, cell in enumerate(cells)
    )
    if isinstance(layer.cell, Cell):
        return evaluator.measured(parts[0], call)
    return evaluator.measured(Stacked(layer, parts, call), call)


def _given(written: list[tuple[str | None, Any]], name: str, place: int) -> Any:
    """Return the value of an argument that was written, by its name or its place."""
    return next(value for index, (key, value) in enumerate(written) if key == name or (key is None and index == place))


def untrained(evaluator: Evaluator, held: Any, both: str, call: nodes.Call) -> Any:
    """Return a layer that its holder does not train; one that is made elsewhere says so itself. Raises Stop."""
    if isinstance(held, PerStep):
        return PerStep(untrained(evaluator, held.inner, both, call), held.call)
    if isinstance(held, Single) and (held.made is None or not held.layer.trainable):
        return held
    if not isinstance(held, Single) or not _is_within(held.call.span, call):
        name = f"`{type(held.layer).__name__}`" if isinstance(held, Single) else "layer"
        help = f"write `trainable=false` where the {name} is constructed"
        evaluator.session.fail("E0305", f"{both} are trained or not together", call.span, help=help)
    assert held.made is not None
    layer = replace(held.layer, trainable=False)
    return Single(layer, replace(held.made, layer=layer), held.call)


def _part(layer: RNN, cell: Any, number: int, count: int) -> RNN:
    """Return the layer of one cell: all but the last give all steps, the first turns the sequence round."""
    is_last = number == count - 1
    return replace(
        layer,
        cell=cell,
        trainable=cell.trainable,
        return_sequences=layer.return_sequences or not is_last,
        go_backwards=layer.go_backwards and number == 0,
        is_reversed=layer.go_backwards and number > 0,
        zero_output_for_mask=layer.zero_output_for_mask and is_last,
    )


def _both_ways(evaluator: Evaluator, layer: Bidirectional, stack: Stacked, call: nodes.Call) -> tuple[Single, ...]:
    """Return the two directions of each cell, with the places of those of the first direction. Raises Stop."""
    others = layer.backward.cells
    found = []
    for number, (part, other) in enumerate(zip(stack.parts, others, strict=True)):
        is_last = number == len(others) - 1
        if part.made is None or part.made.parameter or not _is_within(part.made.span, call):
            help = "construct the cells in the brackets of the `Bidirectional`"
            message = "`Bidirectional` has weights of its own, and these cells are made elsewhere"
            evaluator.session.fail("E0305", message, call.span, help=help)
        first = part.layer
        assert isinstance(first, RNN)
        both = replace(
            layer,
            layer=first,
            merge_mode=layer.merge_mode if is_last else "concat",
            backward_layer=replace(first, cell=other, go_backwards=True),
            is_apart=number > 0,
        )
        found.append(Single(both, replace(part.made, layer=both), call))
    return tuple(found)


def _is_within(span: Span, call: nodes.Call) -> bool:
    return span.source is call.span.source and call.span.start <= span.start < call.span.end


def apply_stacked(
    evaluator: Evaluator, stack: Stacked, inputs: tuple[Any, ...], keywords: Keywords, at: nodes.Node
) -> Any:
    """Return what the cells give, one over the steps of the other; with the states of each, if asked. Raises Stop."""
    if isinstance(stack.layer, StackedRNNCells):
        refuse(evaluator, alone(stack.layer, "RNN(StackedRNNCells(…))"), stack.layer, (), stack.call, at)
    given = _states(evaluator, stack, keywords)
    flow, states = inputs, []
    outer = evaluator.hints
    try:
        for part, kept in zip(stack.parts, given, strict=True):
            layer = part.layer
            assert isinstance(layer, (RNN, Bidirectional))
            evaluator.hints = (evaluator.hint or "x", "h", "c")[: 1 + layer.cells[0].states]
            found = apply(evaluator, part, flow, kept, at)
            if found is UNKNOWN:
                return UNKNOWN
            found = found if isinstance(found, tuple) else (found,)
            count = 1 if getattr(layer, "merge_mode", "concat") else 2
            flow = found[:count]
            states.append(found[count:])
    finally:
        evaluator.hints = outer
    every = (*flow, *_by_direction(states, 2 if isinstance(stack.layer, Bidirectional) else 1))
    return every if len(every) > 1 else every[0]


def _by_direction(states: list[tuple[Any, ...]], directions: int) -> list[Any]:
    """Return the states of all cells in the first direction, then in the second; two of one cell are one item."""
    found = []
    for direction in range(directions):
        for of_cell in states:
            count = len(of_cell) // directions
            own = of_cell[direction * count : (direction + 1) * count]
            found += [own[0] if count == 1 else own] if own else []
    return found


def _states(evaluator: Evaluator, stack: Stacked, keywords: Keywords) -> list[Keywords]:
    """Return the keywords for each cell: its part of the initial state. Raises Stop."""
    session, name, count = evaluator.session, type(stack.layer).__name__, len(stack.parts)
    for key, (_, argument) in keywords.items():
        if key != "initial_state":
            help = suggest(key, ["initial_state"], "argument")
            session.fail("E0205", f"`{name}` is not applied with `{key}`", argument.span, help=help)
    if "initial_state" not in keywords or keywords["initial_state"][0] is None:
        return [{}] * count
    value, argument = keywords["initial_state"]
    if is_unknown(value):
        return [{"initial_state": (UNKNOWN, argument)}] * count
    directions = 2 if isinstance(stack.layer, Bidirectional) else 1
    wanted = directions * count
    if not isinstance(value, (list, tuple)) or len(value) != wanted:
        found = f"{len(value)}" if isinstance(value, (list, tuple)) else describe(value)
        what = "one item for each cell" + (" and direction" if directions == 2 else "")
        message = f"this `{name}` takes a list of {wanted} as its `initial_state`, {what}, and is given {found}"
        help = "the two states of an `LSTMCell` are one item: `[[h, c], state]`"
        session.fail("E0411", message, argument.span, help=help)
    items = [list(item) if isinstance(item, (list, tuple)) else [item] for item in value]
    # Of each cell those of the first direction, then those of the second.
    return [{"initial_state": ([*chain(*items[number::count])], argument)} for number in range(count)]
