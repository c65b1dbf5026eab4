"""Models with losses, for the tests of the objective."""

from __future__ import annotations

import dataclasses
from typing import Any

import torch
from torch import Tensor, nn

import nndsl
from nndsl.compiler import Compiled
from nndsl.train.batch import Batch
from nndsl.train.objective import Losses, Objective, training_graph


def close(found: Tensor, expected: Any, tolerance: float = 1e-6) -> None:
    torch.testing.assert_close(found, torch.as_tensor(expected).to(found.dtype), rtol=tolerance, atol=tolerance)


def trained(compiled: Compiled) -> nn.Module:
    """The module that training uses."""
    return dataclasses.replace(compiled, model=training_graph(compiled)).module(seed=1)


def batch(
    inputs: tuple[Tensor, ...], targets: tuple[Tensor | None, ...], weights: tuple[Tensor | None, ...] = ()
) -> Batch:
    return Batch(inputs, targets, weights or (None,) * len(targets), torch.arange(len(inputs[0])))


def losses(compiled: Compiled, module: nn.Module, given: Batch, **custom: Any) -> Losses:
    extras: dict[str, Tensor] = {}
    if hasattr(module, "forward_with_extras"):
        outputs, extras = module.forward_with_extras(*given.inputs)
    else:
        outputs = module(*given.inputs)
    return Objective(compiled, **custom)(module, outputs, extras, given)


def one(activation: str, units: int, loss: str, more: str = "", fit: str = "") -> Compiled:
    """A model of one layer."""
    return nndsl.compile(
        f"model Net {{\n  input x: (6)\n  Dense({units}, activation={activation}{more})\n"
        f"  compile {{\n    loss = {loss}\n  }}\n{fit}}}\n"
    )


def labels(loss: str, units: int, count: int = 16) -> Tensor:
    classes = torch.arange(count) % max(units, 2)
    if "sparse" in loss or (loss in ('"crossentropy"',) and units > 1):
        return classes
    return torch.nn.functional.one_hot(classes, units).float() if units > 1 else classes.float()
