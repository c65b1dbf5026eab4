"""Turn an emitted source into a live ``torch.nn.Module``: the module is the executed text."""

from __future__ import annotations

import hashlib
import linecache
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from nndsl.compiler import compile as compile_model
from nndsl.emit.library import NAMES as HELPERS

try:
    import torch
    from torch import nn
except ModuleNotFoundError as error:
    message = f"a live module needs {error.name}, which is not installed: pip install 'nndsl[torch]'"
    raise ModuleNotFoundError(message, name=error.name) from error


def build(
    source: str,
    name: str,
    *,
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
    seed: int | None = None,
) -> nn.Module:
    """Return the module of class ``name`` in a source, with initial weights drawn once.

    With ``seed`` the draw depends on the seed alone, and PyTorch's global generator is left as it was.
    """
    declared = _classes(source)[name]
    if seed is None:
        module = _drawn(declared, device)
    else:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            module = _drawn(declared, device)
    return module if dtype is None else module.to(dtype)


def load(
    path: str | Path,
    weights: str | Path | None = None,
    *,
    model: str | None = None,
    settings: Mapping[str, object] = {},
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
    seed: int | None = None,
) -> nn.Module:
    """Return the module of a ``.nn`` file, with the weights of a safetensors file, or else initial ones.

    Raises NNDSLError if the file has errors, OSError if a file cannot be read, and ValueError if the weights are those
    of another model: it names the keys that differ.
    """
    compiled = compile_model(Path(path), model, settings)
    module = compiled.module(device=device, dtype=dtype, seed=seed)
    if weights is not None:
        _load_weights(module, Path(weights))
    return module


def _load_weights(module: nn.Module, path: Path) -> None:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        found = load_file(path)
    except SafetensorError as error:
        raise ValueError(f"{path} is not a safetensors file: {error}") from error
    wanted = module.state_dict()
    differences = [f"missing: {key}" for key in wanted.keys() - found.keys()]
    differences += [f"unknown: {key}" for key in found.keys() - wanted.keys()]
    differences += [
        f"{key} is {tuple(found[key].shape)}, and should be {tuple(wanted[key].shape)}"
        for key in wanted.keys() & found.keys()
        if found[key].shape != wanted[key].shape
    ]
    if differences:
        raise ValueError(f"{path} holds the weights of another model:\n  " + "\n  ".join(sorted(differences)))
    module.load_state_dict(found)


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
