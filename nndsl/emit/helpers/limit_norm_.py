import torch
from torch import Tensor


def limit_norm_(
    weight: Tensor,
    dim: int | tuple[int, ...],
    least: float = 0.0,
    most: float = 1.0,
    rate: float = 1.0,
) -> Tensor:
    """Scale a weight in place so that its norms along ``dim`` come into a range.

    At a ``rate`` below 1 they come nearer to it by that share.
    """
    norms = torch.linalg.vector_norm(weight, dim=dim, keepdim=True)
    wanted = norms.lerp(norms.clamp(least, most), rate)
    return weight.mul_(wanted / (norms + 1e-7))
