"""Detector, written by nndsl."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


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


class Head(nn.Module):
    """(N, 64, H, W) float32 -> (N, ((H + 1) // 2) * ((W + 1) // 2), 5) float32."""

    def __init__(self) -> None:
        super().__init__()
        self.conv2d = nn.Conv2d(64, 64, 3, padding=1)
        self.conv2d_1 = nn.Conv2d(64, 64, 3, 2)
        self.conv2d_2 = nn.Conv2d(64, 5, 1)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        for layer in (self.conv2d, self.conv2d_1, self.conv2d_2):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, level: Tensor) -> Tensor:
        x = F.relu(self.conv2d(level))  # (N, 64, H, W)
        # (N, 64, (H + 1) // 2, (W + 1) // 2)
        x = self.conv2d_1(pad_same(x, (3, 3), (2, 2)))
        x = self.conv2d_2(x)  # (N, 5, (H + 1) // 2, (W + 1) // 2)
        x = x.permute(0, 2, 3, 1)  # (N, (H + 1) // 2, (W + 1) // 2, 5)
        return x.reshape(x.shape[0], -1, 5)  # (N, ((H + 1) // 2) * ((W + 1) // 2), 5)


class Detector(nn.Module):
    """(N, 97, 128, 3) float32 -> (N, 280, 5) float32."""

    def __init__(self) -> None:
        super().__init__()
        self.level = nn.Conv2d(3, 32, 3, 2)
        self.head = Head()
        self.level_1 = nn.ModuleList(
            [nn.Conv2d(32, 64, 3, 2), *(nn.Conv2d(64, 64, 3, 2) for _ in range(2))]
        )
        self.reset_parameters()
        self.to(memory_format=torch.channels_last)

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        for layer in (self.level, *self.level_1):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, image: Tensor) -> Tensor:
        if image.shape[1:] != (97, 128, 3):
            raise ValueError(
                f"image must be of shape (N, 97, 128, 3), not {tuple(image.shape)}"
            )
        image = image.permute(0, 3, 1, 2)  # (N, 3, 97, 128)
        level = F.relu(self.level(F.pad(image, (0, 1, 1, 1))))  # (N, 32, 49, 64)
        level = F.relu(self.level_1[0](F.pad(level, (0, 1, 1, 1))))  # (N, 64, 25, 32)
        scores = self.head(level)  # (N, 208, 5)
        level = F.relu(self.level_1[1](F.pad(level, (0, 1, 1, 1))))  # (N, 64, 13, 16)
        scores_1 = self.head(level)  # (N, 56, 5)
        level = F.relu(self.level_1[2](F.pad(level, (0, 1, 1, 1))))  # (N, 64, 7, 8)
        scores_2 = self.head(level)  # (N, 16, 5)
        return torch.cat((scores, scores_1, scores_2), dim=1)  # (N, 280, 5)
