import math

import torch
from torch import Tensor


def rotation_matrix(turns: Tensor, height: int, width: int) -> Tensor:
    """Return where pixels come from, (N, 2, 3), when images turn about their middles.

    Each of ``turns``, (N,), is a part of a full turn, counter-clockwise.
    """
    angle = turns * (2 * math.pi)
    cosine, sine = angle.cos(), angle.sin()
    x, y = (width - 1) / 2, (height - 1) / 2
    across = torch.stack((cosine, -sine, x - x * cosine + y * sine), -1)
    down = torch.stack((sine, cosine, y - x * sine - y * cosine), -1)
    return torch.stack((across, down), 1)
