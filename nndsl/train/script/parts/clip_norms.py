from collections.abc import Iterable

import torch
from torch import Tensor


def clip_norms(parameters: Iterable[Tensor], most: float) -> None:
    """Scale each gradient that has a larger norm down to this one."""
    for p in parameters:
        if p.grad is not None:
            p.grad.mul_(most / torch.linalg.vector_norm(p.grad).clamp(min=most))
