import torch.nn.functional as F
from torch import Tensor


def pad_same(
    x: Tensor,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    value: float = 0.0,
) -> Tensor:
    """Pad the axes of x, (N, C, ...), so that they have ceil(size / stride) windows."""
    padding: list[int] = []
    sizes = x.shape[2:]
    for size, span, step in zip(sizes[::-1], kernel[::-1], stride[::-1], strict=True):
        # Not -(-size // step): torch.export proves less of that.
        windows = (size + step - 1) // step
        total = (windows - 1) * step + span - size
        if span < step:  # else it is not negative, and torch.export can cancel terms
            total = max(total, 0)
        padding += [total // 2, total - total // 2]
    return F.pad(x, padding, value=value)
