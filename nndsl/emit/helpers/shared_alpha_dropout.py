import math

import torch
from torch import Tensor


def shared_alpha_dropout(
    x: Tensor, rate: float, shape: tuple[int, ...], training: bool
) -> Tensor:
    """Drop values as F.alpha_dropout does, along axes of 1 in shape together."""
    if not training:
        return x
    least = -1.7580993408473766  # what SELU gives for values far below 0
    kept = torch.rand(shape, device=x.device) >= rate
    scale = 1 / math.sqrt((1 - rate) * (1 + rate * least**2))
    return scale * (torch.where(kept, x, least) - rate * least)
