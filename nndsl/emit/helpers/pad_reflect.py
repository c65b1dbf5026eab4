from collections.abc import Iterable

import torch
from torch import Tensor


def pad_reflect(x: Tensor, widths: Iterable[tuple[int, int, int]]) -> Tensor:
    """Put mirrored values before and behind: (axis, before, behind) for each axis."""
    for axis, before, behind in widths:
        size = x.shape[axis]
        first = x.narrow(axis, 1, before).flip(axis)
        last = x.narrow(axis, size - behind - 1, behind).flip(axis)
        x = torch.cat((first, x, last), dim=axis)
    return x
