"""The statements with which a model looks at its inputs, and the symbols that a forward method needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from nndsl.code import literal
from nndsl.dims import Binding, Dim, InputAxes, Size, Unsolvable, solve_axes, text
from nndsl.dims.atoms import CONSTANT
from nndsl.graph import Graph


def symbols_of(sizes: Iterable[object]) -> list[str]:
    """Return the symbols that sizes are over, in alphabetical order."""
    return sorted({symbol for size in sizes if isinstance(size, Dim) for symbol in size.symbols()})


def symbols_in(graph: Graph) -> set[str]:
    """Return the symbols of the sizes of a graph's tensors, but for the batch."""
    kinds = (kind for node in (*graph.inputs, *graph.nodes) for kind in node.types)
    return {*symbols_of(size for kind in kinds for size in kind.shape if not isinstance(size, int))} - {"N"}


def untold(graph: Graph, names: tuple[str, ...], symbols: Iterable[str]) -> list[str]:
    """Return those of some symbols that cannot be computed from the inputs of a block."""
    told = {binding.symbol for binding in _bindings(graph, names)}
    return [symbol for symbol in symbols if symbol not in told]


def _bindings(graph: Graph, names: tuple[str, ...]) -> tuple[Binding, ...]:
    try:
        return _axes(graph, names).bindings
    except Unsolvable:
        return ()


def definitions(graph: Graph, names: tuple[str, ...], symbols: list[str]) -> list[str]:
    """Return the statements that compute symbols from the inputs (``names``) of a forward method."""
    if not symbols:
        return []
    orders = {name: node.output().order for name, node in zip(names, graph.inputs, strict=True)}
    return [
        f"{binding.symbol} = " + binding.text(f"{binding.input}.shape[{orders[binding.input].index(binding.axis)}]")
        for binding in _bindings(graph, names)
        if binding.symbol in symbols
    ]


def checks(graph: Graph, names: tuple[str, ...], needed: list[str]) -> list[str]:
    """Return the statements that refuse inputs which the model cannot take, and define the symbols ``needed`` later."""
    axes = _axes(graph, names)
    shapes = {name: node.types[0].shape for name, node in zip(names, graph.inputs, strict=True)}
    lines = [line for name in names for line in _ranks(name, shapes[name])]
    later = [check for check in axes.checks if isinstance(check.size, Dim) and check.axis > 0]
    conditions = [condition for condition in graph.conditions if symbols_of([condition.size]) != ["N"]]
    used = symbols_of([check.size for check in later])
    used += symbols_of(condition.size for condition in conditions)
    used += symbols_of(size for first, second, _ in graph.equalities for size in (first, second))
    lines += definitions(graph, names, [*needed, *used])
    for check in later:
        actual = f"{check.input}.shape[{check.axis}]"
        lines += _refusal(
            f"{actual} != {text(check.size)}",
            f'f"axis {check.axis} of {check.input} must be {text(check.size)}, not {{{actual}}}"',
        )
    for condition in conditions:
        # Said of `H * W` rather than of `H * W - 5`.
        constant = condition.size.terms.get(CONSTANT, 0) if isinstance(condition.size, Dim) else 0
        size, limit = text(condition.size - constant), condition.limit - constant
        opposite, words = ("<", "at least") if condition.sign == ">=" else (">", "at most")
        message = literal(f"{size} must be {words} {limit} ({condition.origin}), not ").text
        lines += _refusal(f"{size} {opposite} {limit}", f"{message} + str({size})")
    for first, second, origin in graph.equalities:
        message = literal(f"{text(first)} and {text(second)} must be equal ({origin})").text
        lines += _refusal(f"{text(first)} != {text(second)}", message)
    return lines


def _axes(graph: Graph, names: tuple[str, ...]) -> InputAxes:
    declared: Mapping[str, tuple[Size, ...]] = {
        name: node.types[0].shape for name, node in zip(names, graph.inputs, strict=True)
    }
    return solve_axes(declared)


def _ranks(name: str, shape: tuple[Size, ...]) -> list[str]:
    """Return the check of an input's rank and of the sizes that are numbers."""
    if all(isinstance(size, int) for size in shape[1:]):
        condition = f"{name}.shape[1:] != {literal(tuple(shape[1:])).text}"
    else:
        parts = [f"{name}.dim() != {len(shape)}"]
        parts += [f"{name}.shape[{axis}] != {size}" for axis, size in enumerate(shape) if isinstance(size, int)]
        condition = " or ".join(parts)
    shown = ", ".join(text(size) for size in shape) + ("," if len(shape) == 1 else "")
    return _refusal(condition, f'f"{name} must be of shape ({shown}), not {{tuple({name}.shape)}}"')


def _refusal(condition: str, message: str) -> list[str]:
    return [f"if {condition}:", f"    raise ValueError({message})"]
