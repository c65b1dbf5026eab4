"""Inputs to try a model on: of sizes that it takes, with numbers that it takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import torch
from torch import Tensor

from nndsl.compiler import Compiled
from nndsl.dims import Dim, Size, evaluate, substitute
from nndsl.graph import Graph, Instance
from nndsl.layers.bidirectional import Bidirectional
from nndsl.layers.recurrence import Recurrent
from nndsl.layers.wrappers import Stepwise
from nndsl.train.data.demands import demands_of
from nndsl.train.errors import TrainingError

_TRIED = (8, 5, 16, 12, 32, 24, 64, 48, 3, 2, 128, 96, 256, 200, 512, 1)
"""Values of open sizes, in the order in which they are tried."""


def sizes_of(compiled: Compiled) -> tuple[str, ...]:
    """Return the names of a model's open sizes, that of the batch first."""
    found: dict[str, None] = {}
    for node in compiled.model.inputs:
        for size in node.types[0].shape:
            if not isinstance(size, int):
                found |= dict.fromkeys(sorted(size.symbols()))
    return tuple(found)


def check_sizes(compiled: Compiled, given: Mapping[str, int]) -> None:
    """Raise TrainingError (E1223) for values of open sizes that a model has not, or cannot have."""
    names = sizes_of(compiled)
    for name, value in given.items():
        if name not in names:
            message = f"`{compiled.name}` has no open size `{name}`"
            raise TrainingError("E1223", message, f"its open sizes are {', '.join(names)}")
        if value < 1:
            raise TrainingError("E1223", f"`{name}` cannot be {value}", "a size is at least 1")
    for condition in compiled.model.conditions:
        size = substitute(condition.size, given)
        if isinstance(size, int) and not condition.holds(size):
            message = f"`{compiled.name}` needs {condition.text(names)}, because of {condition.origin}"
            raise TrainingError("E1223", message, "give it another size")


def stepped(compiled: Compiled) -> dict[str, str]:
    """Return the open sizes that PyTorch's exporter fixes: numbers of steps, with the layer that takes these."""
    found: dict[str, str] = {}
    _note_stepped(compiled.model, found, set())
    return found


def _note_stepped(graph: Graph, found: dict[str, str], seen: set[int]) -> None:
    if id(graph) in seen:
        return
    seen.add(id(graph))
    for node in graph.nodes:
        if isinstance(node.layer, Instance) and node.layer.graph is not None:
            _note_stepped(node.layer.graph, found, seen)
        elif isinstance(node.layer, Recurrent | Bidirectional | Stepwise):
            steps = node.inputs[0].type.shape[1]
            if not isinstance(steps, int):
                line = node.span.source.line_and_column(node.span.start)[0]
                for name in sorted(steps.symbols()):
                    found.setdefault(name, f"`{type(node.layer).__name__}`, line {line}")


def dtypes_of(graph: Graph) -> set[str]:
    """Return the dtypes of all that a model computes, at any depth."""
    found = {kind.dtype for node in (*graph.inputs, *graph.nodes) for kind in node.types}
    for node in graph.nodes:
        found.add(getattr(node.layer, "compute_dtype", None) or "float32")
        if isinstance(node.layer, Instance) and node.layer.graph is not None:
            found |= dtypes_of(node.layer.graph)
    return found


def sizes_to_try(compiled: Compiled, given: Mapping[str, int], count: int) -> list[dict[str, int]]:
    """Return values of all open sizes but that of the batch: as many as ``count``, as different as can be.

    PyTorch's exporter takes what is never 1 in its trace to be never 1, so nothing in the model is, if that can be had.
    Raises TrainingError (E1223) if no values are found.
    """
    graph = compiled.model
    names = [name for name in sizes_of(compiled) if name not in given and name not in batch_of(compiled)]
    inside = _sizes_inside(graph)
    found: list[dict[str, int]] = []
    for least in (2, 1):
        for values in _values(len(names)):
            sizes = {**given, **dict(zip(names, values, strict=True))}
            known = {**dict.fromkeys(batch_of(compiled), 2), **sizes}
            if sizes not in found and _fits(graph, known) and _all_reach(least, inside, known):
                found.append(sizes)
                if len(found) == count or not names:
                    return found
        if found:
            return found
    message = f"no sizes were found that `{compiled.name}` takes: it needs "
    message += " and ".join(each.text() for each in graph.conditions) or "some that fit together"
    raise TrainingError("E1223", message, f"give them: {' '.join(f'`--size {name}=…`' for name in names)}")


def _values(count: int) -> Iterator[tuple[int, ...]]:
    """Yield values for so many names: at first such as differ, so that no size is taken for another."""
    for start in range(len(_TRIED)):
        yield tuple(_TRIED[(start + place) % len(_TRIED)] for place in range(count))
    if count <= 3:
        yield from product(_TRIED, repeat=count)


def _fits(graph: Graph, known: Mapping[str, int]) -> bool:
    return all(each.holds(evaluate(each.size, known)) for each in graph.conditions) and all(
        evaluate(left, known) == evaluate(right, known) for left, right, _ in graph.equalities
    )


def _sizes_inside(graph: Graph) -> set[Dim]:
    """Return the open sizes of all that a model computes, at any depth."""
    found = {size for node in graph.nodes for kind in node.types for size in kind.shape if isinstance(size, Dim)}
    for node in graph.nodes:
        if isinstance(node.layer, Instance) and node.layer.graph is not None:
            found |= _sizes_inside(node.layer.graph)
    return found


def _all_reach(least: int, sizes: set[Dim], known: Mapping[str, int]) -> bool:
    return all(evaluate(size, known) >= least for size in sizes if size.symbols() <= known.keys())


def batch_of(compiled: Compiled) -> frozenset[str]:
    """Return the name of the size of the batch."""
    first = compiled.model.inputs[0].types[0].shape[0]
    return frozenset() if isinstance(first, int) else first.symbols()


def inputs_of(compiled: Compiled, sizes: Mapping[str, int], batch: int) -> tuple[Tensor, ...]:
    """Return random inputs of given sizes, always the same: numbers around zero, and integers that tables have."""
    generator = torch.Generator().manual_seed(batch)
    known = {**dict.fromkeys(batch_of(compiled), batch), **sizes}
    made = []
    for slot, node in zip(demands_of(compiled).inputs, compiled.model.inputs, strict=True):
        shape = numbers(node.types[0].shape, known)
        dtype = getattr(torch, slot.dtype)
        if dtype.is_floating_point:
            made.append(torch.randn(shape, generator=generator).to(dtype))
        else:
            made.append(
                torch.randint(2 if dtype == torch.bool else slot.limit or 4, shape, generator=generator).to(dtype)
            )
    return tuple(made)


def numbers(shape: Sequence[Size], sizes: Mapping[str, int]) -> tuple[int, ...]:
    """Return a shape for given sizes."""
    return tuple(evaluate(size, sizes) for size in shape)
