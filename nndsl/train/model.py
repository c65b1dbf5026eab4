"""A model as it is trained: the module that holds the weights, and what gives the losses their logits."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from nndsl.compiler import Compiled
from nndsl.train.objective import training_graph

Outputs: TypeAlias = Tensor | tuple[Tensor, ...]
Extras: TypeAlias = Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A module, and what trains it.

    ``module`` is the caller's. ``training`` is the same or shares its weights, and gives the logits of outputs too;
    ``forward`` calls it and returns the outputs and the extras. ``device`` is that of the weights.
    """

    compiled: Compiled
    module: nn.Module
    training: nn.Module
    forward: Callable[..., tuple[Any, Extras]]
    device: torch.device


def trained_model(compiled: Compiled, module: nn.Module, compile_it: bool = False) -> TrainedModel:
    """Return a module ready for training; ``compile_it`` has torch.compile make its code."""
    training = module
    graph = training_graph(compiled)
    if graph is not compiled.model:
        training = dataclasses.replace(compiled, model=graph).module(seed=0)
        share(module, training)
    forward = forward_of(training)
    if compile_it:
        forward = torch.compile(forward)
    first = next(iter(training.state_dict().values()), None)
    return TrainedModel(compiled, module, training, forward, torch.device("cpu") if first is None else first.device)


def forward_of(module: nn.Module) -> Callable[..., tuple[Any, Extras]]:
    """Return what gives a module's outputs and extras."""
    return getattr(module, "forward_with_extras", None) or _without_extras(module)


def _without_extras(module: nn.Module) -> Callable[..., tuple[Any, Extras]]:
    nothing: Extras = {}

    def forward(*inputs: Tensor) -> tuple[Any, Extras]:
        return module(*inputs), nothing

    return forward


def share(source: nn.Module, target: nn.Module) -> None:
    """Give a module the parameters, buffers and parts of another one with the same keys: both are one model then."""
    # The dicts themselves: what goes through them leaves out the second name of what has two.
    target._parameters.update(source._parameters)
    target._buffers.update(source._buffers)
    for name, part in source._modules.items():
        if part is None:
            continue
        own = getattr(target, name)
        if type(own) is type(part):  # PyTorch's, or of Python: not written by nndsl
            setattr(target, name, part)
        else:
            share(part, own)
