"""Batch normalization by the statistics of the whole batch, of which each process has a part.

The formulas are those of ``nndsl.emit.helpers``: the modules and the text that was emitted stay as they are.
``nn.SyncBatchNorm`` is for GPUs alone, and its moving variance is not Keras's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from nndsl.emit.helpers.BatchNorm import BatchNorm
from nndsl.train.distributed.processes import Processes

MASKED = "masked_batch_norm"


@contextmanager
def synchronized(module: nn.Module, processes: Processes) -> Iterator[None]:
    """Let the batch normalizations of a module take part in those of the other processes, while the context lasts.

    All processes call the layers in the same order, an idle one too: its sample is left out of the statistics.
    """
    norms: list[Any] = [part for part in module.modules() if is_batch_norm(part)]
    own = {id(part) for part in norms}
    # The function for masks is one of the text, beside the classes.
    texts = {id(space): space for part in norms if MASKED in (space := _namespace(part))}
    before = {key: space[MASKED] for key, space in texts.items()}
    # torch.compile leaves out what waits for other processes.
    left_out: Any = torch.compiler.disable
    whole, masked = left_out(normalize), left_out(normalize_masked)
    for part in norms:
        part.forward = partial(whole, part, type(part).forward, processes)
    for key, space in texts.items():
        space[MASKED] = partial(masked, own, before[key], processes)
    try:
        yield
    finally:
        for part in norms:
            del part.forward
        for key, space in texts.items():
            space[MASKED] = before[key]


def is_batch_norm(part: nn.Module) -> bool:
    """Return whether a module is the batch normalization of an emitted text."""
    kind = type(part)
    return kind.__module__.startswith("nndsl.emitted.") and kind.__name__ == BatchNorm.__name__


def _namespace(part: nn.Module) -> dict[str, Any]:
    found: dict[str, Any] = type(part).forward.__globals__
    return found


def normalize(norm: BatchNorm, alone: Callable[[BatchNorm, Tensor], Tensor], processes: Processes, x: Tensor) -> Tensor:
    """Return what a layer makes of this process's part of ``x``, (N, C, …), and move its statistics."""
    if norm.frozen or not norm.training:
        return alone(norm, x)
    axes = [axis for axis in range(x.dim()) if axis != 1]
    values = x.float()
    present = 0 if processes.idle else 1
    totals = torch.cat([values.sum(axes), values.new_tensor([x.numel() // x.shape[1]])]) * present
    totals = summed(totals, processes)
    shape = (-1, *(1,) * (x.dim() - 2))
    mean, count = totals[:-1] / totals[-1], totals[-1]
    deviations = values - mean.view(shape)
    variance = summed(deviations.square().sum(axes) * present, processes) / count
    return _scaled(norm, deviations, mean, variance).to(x.dtype)


def normalize_masked(
    own: set[int],
    alone: Callable[[BatchNorm, Tensor, Tensor], Tensor],
    processes: Processes,
    norm: BatchNorm,
    x: Tensor,
    mask: Tensor,
) -> Tensor:
    """Return the same where the statistics leave out what is masked."""
    if id(norm) not in own or not norm.training:
        return alone(norm, x, mask)
    axes = [axis for axis in range(x.dim()) if axis != 1]
    values = x.float()
    present = 0 if processes.idle else 1
    counts = mask.expand_as(x).sum(axes).to(values.dtype)
    sums = summed(torch.cat([values.where(mask, 0).sum(axes), counts]) * present, processes)
    total, count = sums.chunk(2)
    count = count + 1e-7
    mean = total / count
    shape = (-1, *(1,) * (x.dim() - 2))
    deviations = values - mean.view(shape)
    variance = summed(deviations.where(mask, 0).square().sum(axes) * present, processes) / count
    return _scaled(norm, deviations, mean, variance).to(x.dtype)


def _scaled(norm: BatchNorm, deviations: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
    """Return normalized values from their deviations (N, C, …) of the mean (C), and move the statistics."""
    shape = (-1, *(1,) * (deviations.dim() - 2))
    factor = (variance + norm.eps).rsqrt()
    if norm.weight is not None:
        factor = factor * norm.weight
    y = deviations * factor.view(shape)
    if norm.bias is not None:
        y = y + norm.bias.view(shape)
    norm.move_statistics(mean.detach(), variance.detach())
    return y


def summed(tensor: Tensor, processes: Processes) -> Tensor:
    """Return the sum over all processes, through which gradients go back."""
    found: Tensor = _Sum.apply(tensor, processes)  # type: ignore[no-untyped-call]
    return found


class _Sum(torch.autograd.Function):
    """The sum over all processes; what the losses of all of them lose by it comes back to each."""

    @staticmethod
    def forward(context: Any, tensor: Tensor, processes: Processes) -> Tensor:
        context.processes = processes
        return processes.sum(tensor.clone())

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None]:
        summed: Tensor = context.processes.sum(gradient.clone())
        return summed, None
