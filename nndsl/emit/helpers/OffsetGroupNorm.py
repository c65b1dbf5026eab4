import torch
import torch.nn.functional as F
from torch import Tensor, nn


class OffsetGroupNorm(nn.GroupNorm):
    """Group normalization with an offset and no scale."""

    def __init__(self, groups: int, channels: int, eps: float) -> None:
        super().__init__(groups, channels, eps, affine=False)
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        y = F.group_norm(x, self.num_groups, eps=self.eps)
        return y + self.bias.view(-1, *[1] * (x.dim() - 2))
