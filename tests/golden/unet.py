"""UNet, written by nndsl."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class DoubleConv(nn.Module):
    """(N, C, …, …) float32 -> (N, filters, …, …) float32."""

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__()
        self.conv2d = nn.Conv2d(channels, filters, 3, padding=1)
        self.conv2d_1 = nn.Conv2d(filters, filters, 3, padding=1)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        for layer in (self.conv2d, self.conv2d_1):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv2d(x))  # (N, filters, …, …)
        return F.relu(self.conv2d_1(x))  # (N, filters, …, …)


class UNet(nn.Module):
    """(N, 8 * H, 8 * W, 3) float32 -> (N, 8 * H, 8 * W, 1) float32."""

    def __init__(self) -> None:
        super().__init__()
        self.x = nn.ModuleList(
            DoubleConv(channels, filters)
            for channels, filters in ((3, 16), (16, 32), (32, 64))
        )
        self.x_1 = DoubleConv(64, 128)
        self.x_2 = nn.ModuleList(
            nn.ConvTranspose2d(in_channels, out_channels, 2, 2)
            for in_channels, out_channels in ((128, 64), (64, 32), (32, 16))
        )
        self.x_3 = nn.ModuleList(
            DoubleConv(channels, filters)
            for channels, filters in ((128, 64), (64, 32), (32, 16))
        )
        self.mask = nn.Conv2d(16, 1, 1)
        self.reset_parameters()
        self.to(memory_format=torch.channels_last)

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        for layer in (*self.x_2, self.mask):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, image: Tensor) -> Tensor:
        if image.dim() != 4 or image.shape[3] != 3:
            raise ValueError(
                f"image must be of shape (N, 8 * H, 8 * W, 3), not {tuple(image.shape)}"
            )
        H = image.shape[1] // 8
        W = image.shape[2] // 8
        if image.shape[1] != 8 * H:
            raise ValueError(f"axis 1 of image must be 8 * H, not {image.shape[1]}")
        if image.shape[2] != 8 * W:
            raise ValueError(f"axis 2 of image must be 8 * W, not {image.shape[2]}")
        image = image.permute(0, 3, 1, 2)  # (N, 3, 8 * H, 8 * W)
        x = self.x[0](image)  # (N, 16, 8 * H, 8 * W)
        x_1 = F.max_pool2d(x, 2)  # (N, 16, 4 * H, 4 * W)
        x_1 = self.x[1](x_1)  # (N, 32, 4 * H, 4 * W)
        x_2 = F.max_pool2d(x_1, 2)  # (N, 32, 2 * H, 2 * W)
        x_2 = self.x[2](x_2)  # (N, 64, 2 * H, 2 * W)
        x_3 = F.max_pool2d(x_2, 2)  # (N, 64, H, W)
        x_3 = self.x_1(x_3)  # (N, 128, H, W)
        x_3 = self.x_2[0](x_3)  # (N, 64, 2 * H, 2 * W)
        x_2 = torch.cat((x_2, x_3), dim=1)  # (N, 128, 2 * H, 2 * W)
        x_2 = self.x_3[0](x_2)  # (N, 64, 2 * H, 2 * W)
        x_2 = self.x_2[1](x_2)  # (N, 32, 4 * H, 4 * W)
        x_1 = torch.cat((x_1, x_2), dim=1)  # (N, 64, 4 * H, 4 * W)
        x_1 = self.x_3[1](x_1)  # (N, 32, 4 * H, 4 * W)
        x_1 = self.x_2[2](x_1)  # (N, 16, 8 * H, 8 * W)
        x = torch.cat((x, x_1), dim=1)  # (N, 32, 8 * H, 8 * W)
        x = self.x_3[2](x)  # (N, 16, 8 * H, 8 * W)
        return torch.sigmoid(self.mask(x)).permute(0, 2, 3, 1)  # (N, 8 * H, 8 * W, 1)
