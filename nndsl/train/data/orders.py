"""The order of an epoch, a function of its seed alone."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor

WINDOW = 64
"""The batches among whose samples those of like lengths are put together."""


def order_of(seed: int, epoch: int) -> int:
    """Return the seed of an epoch's shuffle."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{epoch}".encode()).digest()[:8], "big") >> 1


def generator_of(order: int) -> torch.Generator:
    """Return a generator on the CPU that the seed of a shuffle rules."""
    return torch.Generator().manual_seed(order)


def rows_of(count: int, order: int | None) -> Tensor:
    """Return the numbers of the samples in the order of an epoch; int64."""
    return torch.arange(count) if order is None else torch.randperm(count, generator=generator_of(order))


def by_length(rows: Tensor, lengths: Tensor, size: int, order: int) -> Tensor:
    """Return shuffled rows, those of like lengths in one batch of ``size``, the batches shuffled.

    Among the samples of ``WINDOW`` batches the rows are sorted by their lengths. What does not fill a batch stays last.
    """
    full = len(rows) // size
    if full < 2:
        return rows
    head, tail = rows[: full * size], rows[full * size :]
    windows = [window[lengths[window].argsort(stable=True)] for window in torch.split(head, WINDOW * size)]
    batches = torch.cat(windows).reshape(full, size)
    shuffled = batches[torch.randperm(full, generator=generator_of(order))]
    return torch.cat([shuffled.flatten(), tail])
