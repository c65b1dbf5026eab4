"""The layers of Python in a model: their classes are looked at before its source imports them, and run once after."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import count

import torch
from torch import Tensor, nn

from nndsl.diagnostics import Diagnostic, NNDSLError
from nndsl.dims import Condition, Dim, Size, evaluate
from nndsl.graph import Graph, Instance, Made, Node
from nndsl.layers.base import TensorType
from nndsl.layers.external import PythonLayer
from nndsl.suggestions import suggest

BATCH = 2
LARGEST_TRIAL = 2**26
"""The most numbers of an input on which a layer is tried: what takes more is taken at its word."""
_LARGEST_POWER = 16
"""The power of 2 below which sizes are looked for that fulfil the conditions of a model."""


@dataclass(frozen=True, slots=True)
class Use:
    """A layer of Python as it is applied, and the key of its module in the model."""

    key: str
    node: Node
    layer: PythonLayer


def uses_of(graph: Graph) -> tuple[Use, ...]:
    """Return the layers of Python in a model, each once with the types that it takes."""
    found: dict[tuple[object, ...], Use] = {}
    for use in _Search().uses(graph, "", {}):
        found.setdefault((use.layer, tuple(tensor.type for tensor in use.node.inputs)), use)
    return tuple(found.values())


class _Search:
    """One walk through a model; a body is seen once, since equal bodies apply equal layers."""

    def __init__(self) -> None:
        self._seen: set[int] = set()

    def uses(self, graph: Graph, prefix: str, handed: Mapping[Made, str]) -> Iterator[Use]:
        """Yield the uses in a graph that lies under a key; ``handed`` are the keys of what was made elsewhere."""
        if id(graph) in self._seen:
            return
        self._seen.add(id(graph))
        for node in graph.nodes:
            if isinstance(node.layer, PythonLayer) and node.made is not None:
                yield Use(_key(node.made, prefix, handed), node, node.layer)
            elif isinstance(node.layer, Instance) and node.layer.graph is not None and node.made is not None:
                pairs = zip(node.layer.parameters, node.layer.handed, strict=True)
                inside = {inner: _key(outer, prefix, handed) for inner, outer in pairs}
                yield from self.uses(node.layer.graph, _key(node.made, prefix, handed) + ".", inside)


def _key(made: Made, prefix: str, handed: Mapping[Made, str]) -> str:
    """Return the key of a layer's module in the whole model."""
    if made in handed:
        return handed[made]
    turns = dict(made.turns)
    own = ".".join([made.place.name, *(str(turns[loop]) for loop in made.place.loops)])
    return f"{_key(made.owner, prefix, handed)}.{own}" if made.owner is not None else prefix + own


def import_layers(uses: Sequence[Use]) -> None:
    """Import the classes of the layers. Raises NNDSLError for what is no class of modules, or takes other arguments."""
    for use in uses:
        layer = use.layer
        declared = _imported(use)
        if layer.arguments and declared.__init__ is nn.Module.__init__:
            raise _refusal("E0614", use, f"`{layer.alias}` does not take these arguments: its class takes none")
        try:
            inspect.signature(declared).bind(**{name: each.value for name, each in layer.arguments})
        except TypeError as error:
            raise _refusal("E0614", use, f"`{layer.alias}` does not take these arguments: {error}") from error
        except ValueError:  # a class that does not say what it takes
            continue


def _imported(use: Use) -> type[nn.Module]:
    name, module = use.layer.imported, use.layer.module
    try:
        found = getattr(import_module(module), name, None)
    except ImportError as error:
        raise _refusal("E0613", use, f"the Python module `{module}` cannot be imported: {error}") from error
    if found is None:
        help = suggest(name, dir(import_module(module)), "value")
        raise _refusal("E0613", use, f"the Python module `{module}` has no `{name}`", help)
    if not (isinstance(found, type) and issubclass(found, nn.Module)):
        raise _refusal("E0613", use, f"`{module}.{name}` is no subclass of `nn.Module`", "only these can be layers")
    return found


def try_layers(module: nn.Module, uses: Sequence[Use], conditions: Sequence[Condition]) -> None:
    """Run each layer once on small tensors. Raises NNDSLError if it gives others than its ``extern`` says."""
    for use in uses:
        values = _values(use, conditions)
        part = module.get_submodule(use.key)
        device = next((each.device for each in (*part.parameters(), *part.buffers())), torch.device("cpu"))
        if values is None or device.type == "meta":
            continue
        modes = {each: each.training for each in part.modules()}
        try:
            with torch.no_grad(), torch.random.fork_rng():
                _try(part.eval(), use, values, device)
        finally:
            for each, training in modes.items():
                each.training = training


def _values(use: Use, conditions: Sequence[Condition]) -> dict[str, int] | None:
    """Return small sizes for the symbols, different ones, that fulfil the conditions; None if no such are found."""
    types = (*(tensor.type for tensor in use.node.inputs), *use.node.types)
    sizes: list[Size] = [size for kind in types for size in kind.shape]
    sizes += [condition.size for condition in conditions]
    symbols = sorted({name for size in sizes if isinstance(size, Dim) for name in size.symbols()} - {"N"})
    for power in range(1, _LARGEST_POWER):
        chosen = dict(zip(symbols, count(2**power + 1), strict=False), N=BATCH)
        if all(condition.holds(evaluate(condition.size, chosen)) for condition in conditions):
            largest = max(_count(tensor.type, chosen) for tensor in use.node.inputs)
            return chosen if largest <= LARGEST_TRIAL else None
    return None


def _shape(kind: TensorType, values: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(evaluate(size, values) for size in kind.shape)


def _count(kind: TensorType, values: Mapping[str, int]) -> int:
    return torch.Size(_shape(kind, values)).numel()


def _try(part: nn.Module, use: Use, values: Mapping[str, int], device: torch.device) -> None:
    layer, node = use.layer, use.node
    taken = layer.accepted(*(tensor.type for tensor in node.inputs))
    inputs = [_tensor(kind, values, device) for kind in taken]
    given = " and ".join(_shown(each) for each in inputs)
    try:
        result = _run(part, layer, inputs)
    except Exception as error:
        message = f"`{layer.alias}` fails for {given}: {type(error).__name__}: {error}"
        raise _refusal("E0614", use, message) from error
    outputs = tuple(result) if isinstance(result, (tuple, list)) else (result,)
    expected = [(_shape(kind, values), getattr(torch, kind.dtype)) for kind in node.types]
    found = [(tuple(each.shape), each.dtype) if isinstance(each, Tensor) else None for each in outputs]
    if found != expected:
        made = ", ".join(map(_shown, outputs))
        says = ", ".join(_named(shape, dtype) for shape, dtype in expected)
        message = f"`{layer.alias}` gives {made} for {given}, and its `extern` says {says}"
        raise _refusal("E0614", use, message, "correct the shapes that the `extern` states")


def _run(part: nn.Module, layer: PythonLayer, inputs: Sequence[Tensor]) -> object:
    if not layer.is_mixed:
        return part(*inputs)
    dtype = getattr(torch, layer.compute_dtype)
    weights = {name: weight.to(dtype) for name, weight in part.named_parameters()}
    return torch.func.functional_call(part, weights, tuple(inputs))


def _tensor(kind: TensorType, values: Mapping[str, int], device: torch.device) -> Tensor:
    """Return numbers of a shape and dtype that a layer can take: floats around 0, and zeros that index anything."""
    shape, dtype = _shape(kind, values), getattr(torch, kind.dtype)
    if not kind.is_float:
        return torch.zeros(shape, dtype=dtype, device=device)
    return torch.linspace(-1, 1, torch.Size(shape).numel(), device=device).reshape(shape).to(dtype)


def _shown(value: object) -> str:
    return _named(tuple(value.shape), value.dtype) if isinstance(value, Tensor) else f"`{type(value).__name__}`"


def _named(shape: tuple[int, ...], dtype: torch.dtype) -> str:
    name = str(dtype).removeprefix("torch.")
    return f"{shape}" if name == "float32" else f"{name}{shape}"


def _refusal(code: str, use: Use, message: str, help: str = "") -> NNDSLError:
    made = use.node.made
    assert made is not None
    return NNDSLError([Diagnostic(code, message, made.span, label=f"from `{use.layer.module}`", help=help)])
