import torch
import torch.nn.functional as F
from torch import Tensor


def average_pool_same(
    x: Tensor, window: tuple[int, ...], stride: tuple[int, ...]
) -> Tensor:
    """Average windows of x, (N, C, ...), over the cells inside; ceil(size / stride)."""
    padding: list[int] = []
    sizes = x.shape[2:]
    for size, span, step in zip(sizes[::-1], window[::-1], stride[::-1], strict=True):
        windows = (size + step - 1) // step
        total = (windows - 1) * step + span - size
        if span < step:  # else it is not negative, and torch.export can cancel terms
            total = max(total, 0)
        padding += [total // 2, total - total // 2]
    pool = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)[len(window) - 1]
    inside = pool(F.pad(torch.ones_like(x[:1, :1]), padding), window, stride)
    return pool(F.pad(x, padding), window, stride) / inside
