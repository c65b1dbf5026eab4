from collections.abc import Iterable

import torch
from torch import Tensor


def clip_global_norm(parameters: Iterable[Tensor], most: float) -> None:
    """Scale all gradients down if their norm together is larger than this one."""
    gradients = [p.grad for p in parameters if p.grad is not None]
    norms = torch.stack([torch.linalg.vector_norm(each) for each in gradients])
    scale = most / torch.linalg.vector_norm(norms).clamp(min=most)
    torch._foreach_mul_(gradients, scale)
