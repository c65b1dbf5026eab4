"""Layers as users write them, for the tests of externs."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class GatedLinear(nn.Module):
    """A linear layer times a gate."""

    def __init__(self, features: int, units: int, bias: bool = True) -> None:
        super().__init__()
        self.value = nn.Linear(features, units, bias=bias)
        self.gate = nn.Linear(features, units, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.value(x) * self.gate(x).sigmoid()


class Halves(nn.Module):
    """The halves of the features, and the places of the largest ones."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        first, second = x.chunk(2, -1)
        return first, second, x.argmax(-1)


class Scaled(nn.Module):
    """Counts how often it was run, and scales; what it was constructed with is kept."""

    def __init__(self, **given: Any) -> None:
        super().__init__()
        self.given = given
        self.scale = nn.Parameter(torch.ones(()))
        self.register_buffer("runs", torch.zeros(()))
        self.seen: list[tuple[int, ...]] = []

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.runs += 1
        self.seen.append(tuple(x.shape))
        return x * self.scale


class Joined(nn.Module):
    """The sum of two tensors, of which the second is of another dtype."""

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        assert second.dtype == torch.float64
        return first + second.to(first.dtype)


class Grown(nn.Module):
    """One feature more than its `extern` says, and in another dtype."""

    def __init__(self, by: int = 0, kind: str = "float32") -> None:
        super().__init__()
        self.by, self.dtype = by, getattr(torch, kind)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, *[x[..., :1]] * self.by], -1).to(self.dtype)


class Broken(nn.Module):
    """Cannot run."""

    def forward(self, x: Tensor) -> Tensor:
        raise ValueError("no luck today")


class NotAModule:
    """No layer."""


def function(x: Tensor) -> Tensor:
    """No layer either."""
    return x
