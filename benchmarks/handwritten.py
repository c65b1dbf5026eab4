"""Models as one would write them in PyTorch, with the shapes and the memory format of the emitted ones."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn


class Mnist(nn.Module):
    """examples/sequential.nn and examples/functional.nn: convolutions with their widths, then two dense layers."""

    def __init__(self, filters: tuple[int, ...], features: int) -> None:
        super().__init__()
        channels = (1, *filters)
        self.convolutions = nn.ModuleList(
            nn.Conv2d(before, after, 3) for before, after in zip(channels, filters, strict=False)
        )
        self.dense = nn.Linear(features, 128)
        self.dense_1 = nn.Linear(128, 10)
        self.to(memory_format=torch.channels_last)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 28, 28, 1) -> (N, 10)."""
        x = x.permute(0, 3, 1, 2)
        for convolution in self.convolutions:
            x = F.max_pool2d(F.relu(convolution(x)), 2)
        x = x.permute(0, 2, 3, 1).flatten(1)
        return F.softmax(self.dense_1(F.relu(self.dense(x))), dim=-1)


class Basic(nn.Module):
    """A basic block of a ResNet."""

    def __init__(self, channels: int, filters: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.conv1 = nn.Conv2d(channels, filters, 3, stride, padding=1 if stride == 1 else 0, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)
        self.shortcut = (
            nn.Sequential(nn.Conv2d(channels, filters, 1, stride, bias=False), nn.BatchNorm2d(filters))
            if stride > 1
            else nn.Identity()
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, filters, ceil(H / stride), ceil(W / stride))."""
        # Keras pads at the end where it strides.
        y = self.conv1(x if self.stride == 1 else F.pad(x, (0, 1, 0, 1)))
        y = self.bn2(self.conv2(F.relu(self.bn1(y))))
        return F.relu(y + self.shortcut(x))


class ResNet18(nn.Module):
    """examples/resnet.nn."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 64, 7, 2, bias=False)
        self.bn = nn.BatchNorm2d(64)
        sizes = ((64, 64, 1), (64, 128, 2), (128, 256, 2), (256, 512, 2))
        self.blocks = nn.Sequential(
            *(
                nn.Sequential(Basic(channels, filters, stride), Basic(filters, filters, 1))
                for channels, filters, stride in sizes
            )
        )
        self.dense = nn.Linear(512, 1000)
        self.to(memory_format=torch.channels_last)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 224, 224, 3) -> (N, 1000)."""
        x = F.relu(self.bn(self.conv(F.pad(x.permute(0, 3, 1, 2), (2, 3, 2, 3)))))
        x = F.max_pool2d(x, 3, 2, ceil_mode=True)
        return F.softmax(self.dense(self.blocks(x).mean((2, 3))), dim=-1)


class Tagger(nn.Module):
    """examples/tagger.nn."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(10000, 128)
        self.lstm = nn.LSTM(128, 64, batch_first=True, bidirectional=True)
        self.dense = nn.Linear(128, 17)

    def forward(self, tokens: Tensor) -> Tensor:
        """(N, T) -> (N, T, 17)."""
        return F.softmax(self.dense(self.lstm(self.embedding(tokens))[0]), dim=-1)
