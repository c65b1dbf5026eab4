import torch
from torch import Tensor


def lanczos5(distance: Tensor) -> Tensor:
    """Return Lanczos's kernel of radius 5 at distances."""
    weights = torch.sinc(distance) * torch.sinc(distance / 5)
    return weights.where(distance <= 5, 0.0)
