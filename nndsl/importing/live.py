"""``nndsl.from_keras``: a model of Keras that is in memory, compiled, with its weights."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from nndsl.compiler import Compiled, compile
from nndsl.importing.config import read_json
from nndsl.importing.recorded import ImportRefused
from nndsl.importing.weights import Path, Variable, state_of
from nndsl.importing.writing import write

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


@dataclass(frozen=True, kw_only=True)
class Imported(Compiled):
    """A model that was brought over: ``text`` is what it was written as, ``weights`` are those of its modules."""

    text: str = field(repr=False)
    weights: dict[str, Tensor] = field(repr=False)

    def module(
        self,
        *,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        seed: int | None = None,
    ) -> nn.Module:
        """Return a live module with the weights of the model; nothing is drawn."""
        module = Compiled.module(self, device=device, seed=0)
        module.load_state_dict(self.weights)
        return module if dtype is None else module.to(dtype)


def from_keras(model: Any) -> Imported:
    """Return a model of Keras as a compiled one, whose ``module()`` has its weights.

    Raises ImportRefused for what the language has not.
    """
    if not hasattr(model, "to_json"):
        message = f"`from_keras` takes a model of Keras, not {type(model).__name__}"
        raise ImportRefused(message, "`nndsl import FILE` reads .keras files, configurations and scripts")
    written = write(read_json(json.dumps(_config(model))))
    compiled = compile(written.text, written.model)
    if compiled.summary().parameters != model.count_params():
        help = "give each model a layer of its own, or make one model of both"
        raise ImportRefused("a layer is shared by the model and one inside of it", help)

    def variables(path: Path) -> Sequence[Variable]:
        return [_variable(each) for each in _layer(model, path).weights]

    state = state_of(compiled, written, variables)
    own = {each.name: getattr(compiled, each.name) for each in fields(compiled)}
    return Imported(**own, text=written.text, weights=state)


def _config(model: Any) -> Any:
    found = json.loads(model.to_json())
    shape = getattr(model, "input_shape", None) if found.get("class_name") == "Sequential" else None
    if shape is not None:
        found["config"].setdefault("build_input_shape", list(shape))
    return found


def _layer(model: Any, path: Path) -> Any:
    """Return the layer of a path; a wrapper is passed through on the way to the layers of the model in it."""
    found = model
    for name in path:
        inner = found
        while not hasattr(inner, "get_layer"):
            inner = inner.layer
        found = inner.get_layer(name)
    return found


def _variable(variable: Any) -> Variable:
    import torch

    def read() -> Tensor:
        value = variable.value
        if isinstance(value, torch.Tensor):
            return value.detach().cpu()
        import numpy

        array = numpy.asarray(value)
        return torch.tensor(array.astype("float32") if array.dtype.kind == "V" else array)

    return Variable(tuple(variable.shape), read)
