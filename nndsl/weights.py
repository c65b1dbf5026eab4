"""Bring values of Keras's variables into an emitted module, by the axes that each layer declares."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from nndsl.layers.base import Weight

_ROW = re.compile(r"(.+)\[(\d+)\]")


def as_torch(weight: Weight, value: Tensor) -> Tensor:
    """Return a variable of Keras's shape as PyTorch holds it. Raises ValueError for a value of another shape."""
    if tuple(value.shape) != weight.shape:
        raise ValueError(f"{weight.variable} is {tuple(value.shape)}, and should be {weight.shape}")
    if weight.gates:
        parts = value.chunk(len(weight.gates), dim=-1)
        value = torch.cat([parts[gate] for gate in weight.gates], dim=-1)
    return rearranged(value, weight.axes)


def rearranged(value: Tensor, axes: str) -> Tensor:
    """Return a tensor with its axes in another order, as einops writes it: ``"h w c m -> (c m) 1 h w"``."""
    before, behind = (re.findall(r"\([^)]*\)|\S+", side) for side in axes.split("->"))
    sizes = dict(zip(before, value.shape, strict=True))
    groups = [group.strip("()").split() if group != "1" else [] for group in behind]
    order = [before.index(name) for group in groups for name in group]
    return value.permute(order).reshape([math.prod(sizes[name] for name in group) for group in groups])


def load(module: nn.Module | nn.Parameter, weights: Iterable[Weight], variables: Mapping[str, Tensor]) -> None:
    """Copy Keras's variables, by name, into the module of one layer; what Keras has not stays as it is.

    Raises KeyError for a variable that is not among those given, ValueError for one of another shape.
    """
    for weight in weights:
        if not weight.variable:
            continue
        row = _ROW.fullmatch(weight.variable)
        value = variables[row[1]][int(row[2])] if row else variables[weight.variable]
        target = _leaf(module, weight.leaf)
        with torch.no_grad():
            target.copy_(as_torch(weight, value))


def _leaf(module: nn.Module | nn.Parameter, leaf: str) -> Tensor:
    found: object = module
    for part in leaf.split(".") if leaf else ():
        found = getattr(found, part)
    assert isinstance(found, Tensor)
    return found
