import torch
from torch import Tensor

from nndsl.emit.helpers.flipped import flipped


def random_flip(x: Tensor, axes: tuple[int, ...], training: bool) -> Tensor:
    """Flip each image along axes, with probability 1/2, while training."""
    if not training:
        return x
    return flipped(x, torch.rand(len(x), device=x.device) <= 0.5, axes)
