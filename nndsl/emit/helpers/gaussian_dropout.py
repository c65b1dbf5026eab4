import math

import torch
from torch import Tensor


def gaussian_dropout(x: Tensor, rate: float, training: bool) -> Tensor:
    """Multiply by normal noise of mean 1 while training, as strong as dropout's."""
    if not training:
        return x
    return x * (1 + math.sqrt(rate / (1 - rate)) * torch.randn_like(x))
