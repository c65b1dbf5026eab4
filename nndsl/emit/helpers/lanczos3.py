import torch
from torch import Tensor


def lanczos3(distance: Tensor) -> Tensor:
    """Return Lanczos's kernel of radius 3 at distances."""
    weights = torch.sinc(distance) * torch.sinc(distance / 3)
    return weights.where(distance <= 3, 0.0)
