import torch
from torch import Tensor, nn


class GroupNorm(nn.GroupNorm):
    """Group normalization of images, which may be the first layer of a model."""

    def forward(self, x: Tensor) -> Tensor:
        # PyTorch 2.13 crashes in the backward pass of channels-last images that need
        # no gradient themselves.
        if torch.is_grad_enabled() and not x.requires_grad:
            x = x.clone(memory_format=torch.contiguous_format)
        return super().forward(x)
