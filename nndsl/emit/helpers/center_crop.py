import torch.nn.functional as F
from torch import Tensor

from nndsl.emit.helpers.crop_to_ratio import crop_to_ratio


def center_crop(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Return the middle of images, (N, C, height, width); enlarge what is too small."""
    above, beside = x.shape[2] - size[0], x.shape[3] - size[1]
    if above < 0 or beside < 0:
        return F.interpolate(crop_to_ratio(x, size), size, mode="bilinear")
    top, left = above // 2, beside // 2
    return F.pad(x, (-left, left - beside, -top, top - above))
