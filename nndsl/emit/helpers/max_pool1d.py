import torch.nn.functional as F
from torch import Tensor


def max_pool1d(
    x: Tensor, window: int, stride: int | None = None, padding: int = 0
) -> Tensor:
    """F.max_pool1d for free lengths: PyTorch's own fixes the length in an export."""
    x = x.unsqueeze(2)
    step = window if stride is None else stride
    return F.max_pool2d(x, (1, window), (1, step), (0, padding)).squeeze(2)
