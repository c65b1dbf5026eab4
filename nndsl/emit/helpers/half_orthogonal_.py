import torch
from torch import Tensor, nn


def half_orthogonal_(
    weight: Tensor, gain: float = 1.0, generator: torch.Generator | None = None
) -> Tensor:
    """nn.init.orthogonal_ for 16 bits, whose QR decomposition PyTorch has not."""
    drawn = torch.empty_like(weight, dtype=torch.float32)
    with torch.no_grad():
        return weight.copy_(nn.init.orthogonal_(drawn, gain, generator))
