import torch
from torch import Tensor


def translation_matrix(down: Tensor, across: Tensor, height: int, width: int) -> Tensor:
    """Return where pixels come from, (N, 2, 3), when images are shifted.

    The shifts ``down`` and ``across``, (N,), are parts of the height and the width.
    """
    zeros, ones = torch.zeros_like(down), torch.ones_like(down)
    x = torch.stack((ones, zeros, -across * width), -1)
    y = torch.stack((zeros, ones, -down * height), -1)
    return torch.stack((x, y), 1)
