"""Mnist, written by nndsl."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Mnist(nn.Module):
    """(N, 28, 28, 1) float32 -> (N, 10) float32."""

    def __init__(self) -> None:
        super().__init__()
        self.conv2d = nn.Conv2d(1, 32, 3)
        self.dense = nn.Linear(5408, 128)
        self.dense_1 = nn.Linear(128, 10)
        self.reset_parameters()
        self.to(memory_format=torch.channels_last)

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        for layer in (self.conv2d, self.dense, self.dense_1):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[1:] != (28, 28, 1):
            raise ValueError(f"x must be of shape (N, 28, 28, 1), not {tuple(x.shape)}")
        x = F.relu(self.conv2d(x.permute(0, 3, 1, 2)))  # (N, 32, 26, 26)
        x = F.max_pool2d(x, 2).permute(0, 2, 3, 1).flatten(1)  # (N, 5408)
        x = F.relu(self.dense(x))  # (N, 128)
        return F.softmax(self.dense_1(x), dim=-1)  # (N, 10)
