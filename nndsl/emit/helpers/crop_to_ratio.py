import torch.nn.functional as F
from torch import Tensor


def crop_to_ratio(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Return the middle of images, (N, C, height, width), in the proportions of size."""
    height, width = x.shape[2:]
    above = height - max(min(height, width * size[0] // size[1]), 1)
    beside = width - max(min(width, height * size[1] // size[0]), 1)
    top, left = above // 2, beside // 2
    # Slices would fix in an export whether there is something to cut off.
    return F.pad(x, (-left, left - beside, -top, top - above))
