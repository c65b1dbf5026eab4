"""Turn an emitted source into a live ``torch.nn.Module``: the module is the executed text."""

from __future__ import annotations

import hashlib
import linecache
import logging
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from nndsl.compiler import Compiled
from nndsl.compiler import compile as compile_model
from nndsl.emit.library import NAMES as HELPERS
from nndsl.graph import Graph

try:
    import torch
    from torch import nn
except ModuleNotFoundError as error:
    message = f"a live module needs {error.name}, which is not installed: pip install 'nndsl[torch]'"
    raise ModuleNotFoundError(message, name=error.name) from error

from nndsl.loading import load_weights
from nndsl.python_layers import import_layers, try_layers, uses_of


def build(
    source: str,
    name: str,
    graph: Graph | None = None,
    *,
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
    seed: int | None = None,
) -> nn.Module:
    """Return the module of class ``name`` in a source, with initial weights drawn once.

    With ``seed`` the draw depends on the seed alone, and PyTorch's global generator is left as it was. ``graph`` is
    what the source was written from: the layers of Python in it are imported, and tried out. Raises NNDSLError if one
    of them is not as its ``extern`` says.
    """
    python = uses_of(graph) if graph is not None else ()
    import_layers(python)
    declared = _classes(source)[name]
    draw = _constructed if python else _drawn
    if seed is None:
        module = draw(declared, device)
    else:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            module = draw(declared, device)
    if graph is not None:
        try_layers(module, python, graph.conditions)
    return module if dtype is None else module.to(dtype)


def load(
    path: str | Path,
    weights: str | Path | None = None,
    *,
    only: str | Iterable[str] | None = None,
    model: str | None = None,
    settings: Mapping[str, object] = {},
    allow: str | Iterable[str] = (),
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
    seed: int | None = None,
) -> nn.Module:
    """Return the module of a ``.nn`` file, with the weights of a safetensors file, or else initial ones.

    ``only`` is a pattern of keys such as ``"encoder.*"``, or several: the other weights stay initial ones, and what was
    taken and what was left is logged as a warning of the logger ``nndsl`` (``load_weights`` returns it). ``allow`` are
    the Python modules that the file may take layers from, with their submodules.

    Raises NNDSLError if the file has errors, OSError if a file cannot be read, and ValueError if the weights are
    damaged, or those of another model: it names the keys that differ.
    """
    if only is not None and weights is None:
        raise ValueError("`only` says which weights of a file are taken, and no file is given: `weights=…`")
    compiled = compile_model(Path(path), model, settings, allow=allow)
    module = compiled.module(device=device, dtype=dtype, seed=seed)
    if weights is not None:
        loaded = load_weights(module, weights, only=only)
        if only is not None:
            logging.getLogger("nndsl").warning("%s", loaded)
    return module


class _Source:
    """What a module was compiled to: copies of the module have it too, and a pickle leaves it out."""

    __slots__ = ("compiled",)

    def __init__(self, compiled: Compiled | None = None) -> None:
        self.compiled = compiled

    def __deepcopy__(self, memo: object) -> _Source:
        return self

    def __reduce__(self) -> tuple[type[_Source], tuple[()]]:
        return _Source, ()


def remember(module: nn.Module, compiled: Compiled) -> None:
    """Let ``compiled_of`` find what a module was made of."""
    module.__dict__["_nndsl"] = _Source(compiled)


def compiled_of(module: nn.Module) -> Compiled | None:
    """Return what a module was made of: None for one that nndsl did not make, or that comes out of a pickle."""
    source = module.__dict__.get("_nndsl")
    return source.compiled if isinstance(source, _Source) else None


def _constructed(declared: type[nn.Module], device: torch.device | str | None) -> nn.Module:
    """Return an instance as it constructs itself: a layer of Python draws its weights there, and nowhere else."""
    module = declared()
    return module if device is None else module.to(device)


def _drawn(declared: type[nn.Module], device: torch.device | str | None) -> nn.Module:
    """Return an instance that was made without values, and then drew those of its weights.

    Constructed as it stands, each layer would draw PyTorch's initial weights first, and each class its own twice.
    """
    with torch.device("meta"):
        module = declared()
    module = module.to_empty(device=device or torch.get_default_device())
    for part in module.modules():
        kind = type(part)
        draws = vars(kind).get("reset_parameters")
        # What a class of the file registers is drawn by it, helpers included.
        if draws is not None and kind.__module__.startswith("nndsl.emitted.") and kind.__name__ not in HELPERS:
            draws(part)
    return module


@lru_cache(maxsize=64)
def _classes(source: str) -> dict[str, type[nn.Module]]:
    """Execute a source, and return the modules that it defines; tracebacks and debuggers show its lines."""
    digest = hashlib.sha256(source.encode()).hexdigest()[:16]
    filename = f"<nndsl {digest}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace: dict[str, Any] = {"__name__": f"nndsl.emitted.{digest}"}
    exec(compile(source, filename, "exec"), namespace)
    classes = {
        key: value
        for key, value in namespace.items()
        if isinstance(value, type) and issubclass(value, nn.Module) and value.__module__ == namespace["__name__"]
    }
    for key, value in classes.items():
        value.__reduce_ex__ = _reduced(source, key)  # type: ignore[method-assign]
    return classes


def _reduced(source: str, name: str) -> Any:
    def reduce(self: nn.Module, protocol: object) -> tuple[Any, ...]:
        return _empty, (source, name), self.__getstate__()  # type: ignore[no-untyped-call]

    return reduce


def _empty(source: str, name: str) -> nn.Module:
    """Return an instance without its state, which pickle and deepcopy put in afterwards."""
    declared = _classes(source)[name]
    return declared.__new__(declared)
