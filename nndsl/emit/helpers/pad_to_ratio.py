import torch.nn.functional as F
from torch import Tensor


def pad_to_ratio(x: Tensor, size: tuple[int, int], value: float = 0.0) -> Tensor:
    """Pad images, (N, C, height, width), on both sides to the proportions of size."""
    height, width = x.shape[2:]
    rows = max(width * size[0] // size[1] - height, 0) // 2
    columns = max(height * size[1] // size[0] - width, 0) // 2
    return F.pad(x, (columns, columns, rows, rows), value=value)
