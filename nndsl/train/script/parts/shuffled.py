import hashlib

import torch
from torch import Tensor


def seed_of(seed: int, epoch: int) -> int:
    """Return the seed of an epoch; that of all else that is random is of epoch -1."""
    digest = hashlib.sha256(f"{seed}:{epoch}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def shuffled(count: int, seed: int) -> Tensor:
    """Return the numbers of so many samples in an order that the seed rules."""
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed))
