from collections.abc import Iterable

import torch
from torch import Tensor


def pad_edge(x: Tensor, widths: Iterable[tuple[int, int, int]]) -> Tensor:
    """Repeat the values at the edges: (axis, before, behind) for each axis."""
    for axis, before, behind in widths:
        first = x.narrow(axis, 0, 1).repeat_interleave(before, dim=axis)
        last = x.narrow(axis, -1, 1).repeat_interleave(behind, dim=axis)
        x = torch.cat((first, x, last), dim=axis)
    return x
