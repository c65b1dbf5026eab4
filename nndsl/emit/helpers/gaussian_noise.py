import torch
from torch import Tensor


def gaussian_noise(x: Tensor, stddev: float, training: bool) -> Tensor:
    """Add normal noise while training."""
    return x + stddev * torch.randn_like(x) if training else x
