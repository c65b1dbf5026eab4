import torch
from torch import Tensor


def zoom_matrix(down: Tensor, across: Tensor, height: int, width: int) -> Tensor:
    """Return where pixels come from, (N, 2, 3), when images shrink to their middles.

    They shrink by the factors ``down`` and ``across``, (N,); those below 1 enlarge.
    """
    zeros = torch.zeros_like(down)
    x = torch.stack((across, zeros, (width - 1) / 2 * (1 - across)), -1)
    y = torch.stack((zeros, down, (height - 1) / 2 * (1 - down)), -1)
    return torch.stack((x, y), 1)
