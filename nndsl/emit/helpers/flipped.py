import torch
from torch import Tensor


def flipped(x: Tensor, chosen: Tensor, axes: tuple[int, ...]) -> Tensor:
    """Flip the images that are chosen, (N,), along axes."""
    return torch.where(chosen.view(-1, 1, 1, 1), x.flip(axes), x)
