import torch
import torch.nn.functional as F
from torch import Tensor

from nndsl.emit.helpers.crop_to_ratio import crop_to_ratio
from nndsl.emit.helpers.window import window


def random_crop(x: Tensor, size: tuple[int, int], training: bool) -> Tensor:
    """Cut the same window out of all images, (N, C, height, width), while training.

    After training, their middles are brought to the size.
    """
    if not training:
        return F.interpolate(crop_to_ratio(x, size), size, mode="bilinear")
    (height, width), (rows, columns) = x.shape[2:], size
    if height > rows and width > columns:
        top = int(torch.randint(height - rows + 1, ()))
        left = int(torch.randint(width - columns + 1, ()))
    else:
        top = (height - max(min(height, width * rows // columns), 1)) // 2
        left = (width - max(min(width, height * columns // rows), 1)) // 2
    return window(x, top, left, size)
