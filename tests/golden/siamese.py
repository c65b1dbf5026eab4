"""Siamese, written by nndsl."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Siamese(nn.Module):
    """(N, 32, 32, 1) float32, (N, 32, 32, 1) float32 -> (N, 1) float32,
    (N, 64) float32.
    """

    def __init__(self) -> None:
        super().__init__()
        self.encoder_conv2d = nn.Conv2d(1, 16, 3)
        self.encoder_conv2d_1 = nn.Conv2d(16, 32, 3)
        self.encoder_dense = nn.Linear(32, 64)
        self.same = nn.Linear(64, 1)
        self.reset_parameters()
        self.to(memory_format=torch.channels_last)

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        for layer in (
            self.encoder_conv2d,
            self.encoder_conv2d_1,
            self.encoder_dense,
            self.same,
        ):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
        if left.shape[1:] != (32, 32, 1):
            raise ValueError(
                f"left must be of shape (N, 32, 32, 1), not {tuple(left.shape)}"
            )
        if right.shape[1:] != (32, 32, 1):
            raise ValueError(
                f"right must be of shape (N, 32, 32, 1), not {tuple(right.shape)}"
            )
        first = F.relu(self.encoder_conv2d(left.permute(0, 3, 1, 2)))  # (N, 16, 30, 30)
        first = F.max_pool2d(first, 2)  # (N, 16, 15, 15)
        first = F.relu(self.encoder_conv2d_1(first))  # (N, 32, 13, 13)
        first = first.mean((2, 3))  # (N, 32)
        first = self.encoder_dense(first)  # (N, 64)
        # (N, 16, 30, 30)
        second = F.relu(self.encoder_conv2d(right.permute(0, 3, 1, 2)))
        second = F.max_pool2d(second, 2)  # (N, 16, 15, 15)
        second = F.relu(self.encoder_conv2d_1(second))  # (N, 32, 13, 13)
        second = second.mean((2, 3))  # (N, 32)
        second = self.encoder_dense(second)  # (N, 64)
        gap = first - second  # (N, 64)
        same = gap * gap  # (N, 64)
        same = torch.sigmoid(self.same(same))  # (N, 1)
        return same, first
