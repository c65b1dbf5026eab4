"""What is asked of a random text: that it is refused as it should be, or runs as the compiler says."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

import torch
from torch import Tensor, nn

import nndsl
from nndsl.dims import Condition, Dim, Size, evaluate
from nndsl.graph import Graph
from nndsl.layers.base import TensorType

Values = dict[str, int]
LEAST, MOST, TRIES = 1, 24, 400
"""The values that symbols are tried with, and how many assignments are tried at random."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A text that was accepted: its source, and how often it ran, or was seen to refuse an input."""

    source: str
    assignments: int
    refusals: int


def run(text: str, random: Random) -> Ran | None:
    """Compile a text, and compare what was said of it with what happens; None if it is refused.

    Raises AssertionError, or whatever the module raises, where the two disagree.
    """
    try:
        compiled = nndsl.compile(text)
    except nndsl.NNDSLError as error:
        check_refusal(text, error)
        return None
    graph = compiled.model
    module = compiled.module(seed=0)
    found = [values for values in assignments(graph, random)]
    for place, values in enumerate(found):
        for training in (False, True):
            check_forward(graph, module.train(training), {**values, "N": 2 + place}, backward=training)
    refusals = sum(check_bound(graph, module, condition, values) for values in found[:1] for condition in graph.conditions)
    return Ran(compiled.source, len(found), refusals)


def check_refusal(text: str, error: nndsl.NNDSLError) -> None:
    """Assert that all that is wrong with a text lies in it, and that something is."""
    assert any(found.severity == "error" for found in error.diagnostics)
    for found in error.diagnostics:
        spans = [found.span, *(note.span for note in found.notes if note.span is not None)]
        for span in spans:
            assert span.source.text == text
            assert 0 <= span.start <= span.end <= len(text)
        assert found.message
    assert str(error)


def symbols(graph: Graph) -> list[str]:
    """Return the symbols of a model's inputs, but for the batch."""
    shapes = [size for node in graph.inputs for size in node.types[0].shape]
    return sorted({name for size in shapes if isinstance(size, Dim) for name in size.symbols()} - {"N"})


def admitted(graph: Graph, values: Mapping[str, int]) -> bool:
    """Return whether the compiler says that a model takes these sizes."""
    known = {**values, "N": 2}
    holds = all(condition.holds(evaluate(condition.size, known)) for condition in graph.conditions)
    return holds and all(evaluate(one, known) == evaluate(two, known) for one, two, _ in graph.equalities)


def assignments(graph: Graph, random: Random) -> list[Values]:
    """Return two assignments of the symbols that the model takes, as small and as large as are easily found."""
    names = symbols(graph)
    if not names:
        return [{}]
    found: list[Values] = []
    for most in (*range(1, MOST), *(MOST,) * TRIES):
        values = {name: random.randint(LEAST, most) for name in names}
        if values not in found and admitted(graph, values):
            found.append(values)
        if len(found) == 2:
            break
    return found


def inputs(graph: Graph, values: Mapping[str, int]) -> list[Tensor]:
    """Return random inputs for sizes; integers are below 5, as embeddings have them."""
    generator = torch.Generator().manual_seed(1)
    found: list[Tensor] = []
    for node in graph.inputs:
        kind = node.types[0]
        shape, dtype = actual(kind, values), getattr(torch, kind.dtype)
        if kind.is_float:
            found.append(torch.randn(shape, generator=generator).to(dtype).requires_grad_())
        else:
            found.append(torch.randint(0, 5, shape, generator=generator).to(dtype))
    return found


def actual(kind: TensorType, values: Mapping[str, int]) -> tuple[int, ...]:
    """Return a predicted shape for sizes."""
    return tuple(_evaluated(size, values) for size in kind.shape)


def _evaluated(size: Size, values: Mapping[str, int]) -> int:
    return int(evaluate(size, dict(values)))


def called(module: nn.Module, given: list[Tensor]) -> tuple[Tensor, ...]:
    """Return the outputs of a module, one alone as a tuple too."""
    result = module(*given)
    return result if isinstance(result, tuple) else (result,)


def check_forward(graph: Graph, module: nn.Module, values: Values, *, backward: bool) -> None:
    """Assert that outputs have the shapes and dtypes that were predicted, and that gradients reach every weight."""
    outputs = called(module, inputs(graph, values))
    predicted = [tensor.type for _, tensor in graph.outputs]
    assert len(outputs) == len(predicted)
    for output, kind in zip(outputs, predicted, strict=True):
        assert tuple(output.shape) == actual(kind, values), f"predicted {actual(kind, values)}, ran {tuple(output.shape)}"
        assert output.dtype == getattr(torch, kind.dtype), f"predicted {kind.dtype}, ran {output.dtype}"
    if not backward:
        return
    total = sum(output.sum() for output in outputs if output.requires_grad)
    if isinstance(total, Tensor):
        total.backward()
    for name, weight in module.named_parameters():
        assert weight.grad is not None or not weight.requires_grad, f"no gradient reaches {name}"
    module.zero_grad()


def below(condition: Condition, values: Values, graph: Graph) -> Iterator[Values]:
    """Yield sizes that break a bound of one symbol by one, and nothing that is said of others."""
    (name,) = condition.size.symbols() if isinstance(condition.size, Dim) else ("",)
    broken = {**values, name: condition.limit - (1 if condition.sign == ">=" else -1)}
    others = [each for each in graph.conditions if each is not condition]
    if all(size > 0 for node in graph.inputs for size in actual(node.types[0], {**broken, "N": 2})) and all(
        each.holds(evaluate(each.size, broken)) for each in others
    ):
        yield broken


def check_bound(graph: Graph, module: nn.Module, condition: Condition, values: Values) -> int:
    """Assert that a module refuses sizes just beyond a bound, by its own check; return how many were tried."""
    if isinstance(condition.size, int) or len(condition.size.terms) != 1 or len(condition.size.symbols()) != 1:
        return 0
    tried = 0
    for broken in below(condition, values, graph):
        if condition.holds(math.prod(evaluate(condition.size, broken) for _ in range(1))):
            continue
        try:
            module(*inputs(graph, {**broken, "N": 2}))
        except ValueError as error:
            assert "must be" in str(error)
        else:
            raise AssertionError(f"{condition.text()} is not asked for: {broken} was taken")
        tried += 1
    return tried
