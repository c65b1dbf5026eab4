"""ConvNeXt, written by nndsl."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class LayerScale(nn.Module):
    """(N, H, W, C) float32 -> (N, H, W, C) float32."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty((channels,)))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        nn.init.constant_(self.weight, 1e-06)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight  # (N, H, W, C)


class ConvNeXtBlock(nn.Module):
    """(N, H, W, C) float32 -> (N, H, W, C) float32."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.y_depthwise_conv2d = nn.Conv2d(
            channels, channels, 7, padding=3, groups=channels
        )
        self.y_layer_normalization = nn.LayerNorm(channels, eps=1e-06)
        self.y_dense = nn.Linear(channels, 4 * channels)
        self.y_dense_1 = nn.Linear(4 * channels, channels)
        self.y_1 = LayerScale(channels)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        for layer in (self.y_depthwise_conv2d, self.y_dense, self.y_dense_1):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
        self.y_layer_normalization.reset_parameters()

    def forward(self, x: Tensor) -> Tensor:
        y = self.y_depthwise_conv2d(x.permute(0, 3, 1, 2))  # (N, C, H, W)
        y = self.y_layer_normalization(y.permute(0, 2, 3, 1))  # (N, H, W, C)
        y = F.gelu(self.y_dense(y))  # (N, H, W, 4 * C)
        y = self.y_dense_1(y)  # (N, H, W, C)
        y = self.y_1(y)  # (N, H, W, C)
        return x + y  # (N, H, W, C)


class ConvNeXt(nn.Module):
    """(N, 64, 64, 3) float32 -> (N, 1000) float32."""

    def __init__(self) -> None:
        super().__init__()
        self.conv2d = nn.Conv2d(3, 96, 4, 4)
        self.layer_normalization = nn.LayerNorm(96, eps=1e-06)
        self.layer_normalization_1 = nn.ModuleList(
            [nn.Identity(), *(nn.LayerNorm(size, eps=1e-06) for size in (96, 192, 384))]
        )
        self.conv2d_1 = nn.ModuleList(
            [
                nn.Identity(),
                *(
                    nn.Conv2d(in_channels, out_channels, 2, 2)
                    for in_channels, out_channels in ((96, 192), (192, 384), (384, 768))
                ),
            ]
        )
        self.conv_ne_xt_block = nn.ModuleList(
            nn.ModuleList(ConvNeXtBlock(channels) for _ in range(repeats))
            for channels, repeats in ((96, 3), (192, 3), (384, 9), (768, 3))
        )
        self.layer_normalization_2 = nn.LayerNorm(768, eps=1e-06)
        self.predictions = nn.Linear(768, 1000)
        self.reset_parameters()
        self.to(memory_format=torch.channels_last)

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        for layer in (self.conv2d, *self.conv2d_1[1:], self.predictions):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
        for layer in (
            self.layer_normalization,
            *self.layer_normalization_1[1:],
            self.layer_normalization_2,
        ):
            layer.reset_parameters()

    def forward(self, image: Tensor) -> Tensor:
        if image.shape[1:] != (64, 64, 3):
            raise ValueError(
                f"image must be of shape (N, 64, 64, 3), not {tuple(image.shape)}"
            )
        x = image * 0.00784313725490196 - 1  # (N, 64, 64, 3)
        x = self.conv2d(x.permute(0, 3, 1, 2))  # (N, 96, 16, 16)
        x = self.layer_normalization(x.permute(0, 2, 3, 1))  # (N, 16, 16, 96)
        for layer in self.conv_ne_xt_block[0]:
            x = layer(x)  # (N, 16, 16, 96)
        for layer_normalization_1, conv2d_1, conv_ne_xt_blocks in zip(
            self.layer_normalization_1[1:], self.conv2d_1[1:], self.conv_ne_xt_block[1:]
        ):
            x = layer_normalization_1(x)
            x = conv2d_1(x.permute(0, 3, 1, 2))
            x = x.permute(0, 2, 3, 1)
            for layer in conv_ne_xt_blocks:
                x = layer(x)
        x = x.mean((1, 2))  # (N, 768)
        x = self.layer_normalization_2(x)  # (N, 768)
        return F.softmax(self.predictions(x), dim=-1)  # (N, 1000)
