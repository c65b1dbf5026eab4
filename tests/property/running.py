"""What is asked of a random text: that it is refused as it should be, or runs as the compiler says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

import torch
from torch import Tensor, nn

import nndsl
from nndsl.dims import Condition, Dim, evaluate
from nndsl.elaborate.weights import parameter_count
from nndsl.graph import Graph, Instance
from nndsl.layers.base import TensorType, channel_axis
from nndsl.layers.convolution import Windowed
from nndsl.layers.transposed import Transposed
from tests.property.operations import CUTTING

Values = dict[str, int]
MOST, TRIES = 24, 400
"""The greatest value of a symbol that is tried, and how many assignments are tried at random."""
LACKING = ("not implemented for 'Half'", "not implemented for 'BFloat16'")
"""What PyTorch says of the few functions that it has for 16 bits on accelerators alone."""
MOST_WEIGHTS, LARGEST = 3_000_000, 200_000
"""Weights, and values of a tensor, above which a graph is not run: products of tensors with themselves grow fast."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A text that was accepted: its source, for how many sizes it ran, and how often it was seen to refuse others."""

    source: str
    sizes: int
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
    if parameter_count(graph) > MOST_WEIGHTS:
        return Ran(compiled.source, 0, 0)
    module = constructed(compiled)
    found = [values for values in assignments(graph, random) if not goes_wrong(graph, {**values, "N": 2})]
    cut = any(name in text for name in ("Discretization", *(f"ops.{name}" for name in CUTTING)))
    try:
        for place, values in enumerate(found):
            sizes = {**values, "N": 2 + place}
            check_forward(graph, module.eval(), sizes, cut=cut)
            check_forward(graph, module.train(), sizes, cut=cut)
            check_extras(graph, module.eval(), sizes)
    except NotImplementedError as error:
        if not str(error).endswith(LACKING):
            raise
        return Ran(compiled.source, 0, 0)
    refusals = sum(check_bound(graph, module, each, found[0]) for each in graph.conditions) if found else 0
    return Ran(compiled.source, len(found), refusals)


def check_refusal(text: str, error: nndsl.NNDSLError) -> None:
    """Assert that something is wrong with a text, that all of it lies in the text, and that it can be shown."""
    assert any(found.severity == "error" for found in error.diagnostics)
    for found in error.diagnostics:
        assert found.message
        spans = [found.span, *(note.span for note in found.notes if note.span is not None)]
        for span in spans:
            assert span.source.text == text
            assert 0 <= span.start <= span.end <= len(text)
    assert str(error)


def constructed(compiled: nndsl.Compiled) -> nn.Module:
    """Return the module of a model, after a look whether all its weights have values."""
    torch.use_deterministic_algorithms(True)  # fills what has no values with nan
    try:
        module = compiled.module(seed=0)
    finally:
        torch.use_deterministic_algorithms(False)
    for name, value in module.state_dict().items():
        assert not value.isnan().any(), f"{name} has no values"
    return module


def symbols(graph: Graph) -> list[str]:
    """Return the symbols of a model's inputs, but for the batch."""
    shapes = [size for node in graph.inputs for size in node.types[0].shape]
    return sorted({name for size in shapes if isinstance(size, Dim) for name in size.symbols()} - {"N"})


def admitted(graph: Graph, values: Values) -> bool:
    """Return whether the compiler says that a model takes these sizes."""
    known = {**values, "N": 2}
    holds = all(condition.holds(evaluate(condition.size, known)) for condition in graph.conditions)
    return holds and all(evaluate(one, known) == evaluate(two, known) for one, two, _ in graph.equalities)


def assignments(graph: Graph, random: Random) -> list[Values]:
    """Return one or two assignments of the symbols that the model takes, as small as are easily found."""
    names = symbols(graph)
    if not names:
        return [{}] if largest(graph, {"N": 2}) <= LARGEST else []
    found: list[Values] = []
    for most in (*range(1, MOST), *(MOST,) * TRIES):
        values = {name: random.randint(1, most) for name in names}
        if values not in found and admitted(graph, values):
            if largest(graph, {**values, "N": 3}) > LARGEST:
                break
            found.append(values)
        if len(found) == 2:
            break
    return found


def largest(graph: Graph, values: Values) -> int:
    """Return the number of values of the largest tensor of a graph; attention over all axes counts its scores."""
    most = 0
    for node in graph.nodes:
        if isinstance(node.layer, Instance) and node.layer.graph is not None:
            most = max(most, largest(node.layer.graph, values))
        for kind in node.types:
            size = torch.Size(actual(kind, values)).numel()
            attends = "Attention" in type(node.layer).__name__
            most = max(most, size * size // kind.rank if attends else size)
    return most


def goes_wrong(graph: Graph, values: Values) -> bool:
    """Tell whether oneDNN, as PyTorch 2.13 has it, goes wrong in a graph, whoever writes the module.

    Convolutions of one channel, or of 16 bits, with strides to a width of 1 give other values than they should. Going
    back through a transposed one of one channel, a kernel of 1 and strides may write where other memory is.
    """
    for node in graph.nodes:
        layer = node.layer
        if isinstance(layer, Instance) and layer.graph is not None and goes_wrong(layer.graph, values):
            return True
        if not isinstance(layer, Windowed) or max(layer.strides) == 1:
            continue
        kind = node.inputs[0].type
        if kind.shape[channel_axis(layer.place)] != 1 and kind.dtype not in ("float16", "bfloat16"):
            continue
        width = actual(node.types[0], values)[-2 if layer.place == "channels_last" else -1]
        if max(layer.kernel_size) == 1 if isinstance(layer, Transposed) else width == 1 < layer.strides[-1]:
            return True
    return False


def inputs(graph: Graph, values: Values) -> list[Tensor]:
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
    return tuple(evaluate(size, values) for size in kind.shape)


def called(module: nn.Module, given: list[Tensor]) -> tuple[Tensor, ...]:
    """Return the outputs of a module; one alone as a tuple too."""
    result = module(*given)
    return result if isinstance(result, tuple) else (result,)


def check_forward(graph: Graph, module: nn.Module, values: Values, *, cut: bool) -> None:
    """Assert that outputs have the shapes and dtypes that were predicted, and that gradients reach every weight.

    ``cut`` says that something in the text stops them.
    """
    outputs = called(module, inputs(graph, values))
    predicted = [tensor.type for _, tensor in graph.outputs]
    assert len(outputs) == len(predicted)
    for output, kind in zip(outputs, predicted, strict=True):
        wanted = actual(kind, values)
        assert tuple(output.shape) == wanted, f"predicted {wanted}, ran {tuple(output.shape)} for {values}"
        assert output.dtype == getattr(torch, kind.dtype), f"predicted {kind.dtype}, ran {output.dtype}"
    losses = [output.sum() for output in outputs if output.requires_grad]
    if losses:
        torch.autograd.backward(torch.stack(losses).sum())
    for name, weight in module.named_parameters():
        assert cut or weight.grad is not None or not weight.requires_grad, f"no gradient reaches {name}"
    module.zero_grad()


def check_extras(graph: Graph, module: nn.Module, values: Values) -> None:
    """Assert that what training needs beside the outputs can be had, and that the outputs stay as they are."""
    given = inputs(graph, values)
    if hasattr(module, "forward_with_extras"):
        torch.manual_seed(0)
        plain = called(module, given)
        torch.manual_seed(0)
        outputs, extras = module.forward_with_extras(*given)
        for output, other in zip(plain, outputs if isinstance(outputs, tuple) else (outputs,), strict=True):
            torch.testing.assert_close(output, other, equal_nan=True)
        named = dict(zip((name for name, _ in graph.outputs), plain, strict=True))
        masks = {name: mask for name, mask in extras.items() if name != "activity_loss"}
        assert list(masks) == [name for name, _ in graph.extras]
        for name, mask in masks.items():
            assert mask.dtype == torch.bool
            assert mask.shape == named[name.removesuffix("_mask")].shape[: mask.dim()]
        assert extras.get("activity_loss", torch.tensor(0.0)).dim() == 0
    if hasattr(module, "regularization_loss"):
        assert module.regularization_loss().dim() == 0
    if hasattr(module, "constrain"):
        module.constrain()


def beyond(graph: Graph, condition: Condition, values: Values) -> Iterator[Values]:
    """Yield sizes that break a bound of one symbol by one, and no other."""
    if len(symbols_of(condition)) != 1:
        return
    (name,) = symbols_of(condition)
    changed = {**values, name: condition.limit + (-1 if condition.sign == ">=" else 1), "N": 2}
    positive = all(min(actual(node.types[0], changed)) > 0 for node in graph.inputs)
    others = (each for each in graph.conditions if each is not condition)
    broken = not condition.holds(evaluate(condition.size, changed))
    if positive and broken and all(each.holds(evaluate(each.size, changed)) for each in others):
        yield changed


def symbols_of(condition: Condition) -> frozenset[str]:
    """Return the symbols of a condition."""
    return frozenset() if isinstance(condition.size, int) else condition.size.symbols()


def check_bound(graph: Graph, module: nn.Module, condition: Condition, values: Values) -> int:
    """Assert that a module refuses sizes just beyond a bound, by its own check; return how many were tried."""
    tried = 0
    for changed in beyond(graph, condition, values):
        message = ""
        try:
            module(*inputs(graph, changed))
        except ValueError as error:
            message = str(error)
        assert "must be" in message, f"{condition.text()} is not checked: {changed} gave {message!r}"
        tried += 1
    return tried
