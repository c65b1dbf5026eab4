"""ResNet, written by nndsl."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class BatchNorm(nn.Module):
    """Batch normalization over axis 1, whose moving variance is the biased one.

    ``momentum`` is the share of the old statistics that stays. A frozen layer uses
    its moving statistics in training too, and leaves them as they are.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(
        self,
        channels: int,
        momentum: float = 0.99,
        eps: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        frozen: bool = False,
    ) -> None:
        super().__init__()
        self.momentum = momentum
        self.eps = eps
        self.frozen = frozen
        self.weight = nn.Parameter(torch.ones(channels)) if scale else None
        self.bias = nn.Parameter(torch.zeros(channels)) if center else None
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def reset_parameters(self) -> None:
        if self.weight is not None:
            nn.init.ones_(self.weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)
        self.running_mean.zero_()
        self.running_var.fill_(1)

    def forward(self, x: Tensor) -> Tensor:
        mean, variance = self.running_mean, self.running_var
        affine = self.weight, self.bias
        if self.frozen or not self.training:
            return F.batch_norm(x, mean, variance, *affine, eps=self.eps)
        count = x.numel() // x.shape[1]
        if count == 1:  # F.batch_norm refuses one value; its variance is zero
            zeros, ones = torch.zeros_like(mean), torch.ones_like(variance)
            self.move_statistics(x.flatten(), zeros)
            return F.batch_norm(x - x, zeros, ones, *affine)
        # F.batch_norm adds the unbiased variance: scale what it adds to. It also saves
        # what it is given, which a second application of the layer must not change.
        biased = (count - 1) / count
        mean, variance = mean.clone(), variance / biased
        y = F.batch_norm(x, mean, variance, *affine, True, 1 - self.momentum, self.eps)
        with torch.no_grad():
            self.running_mean.copy_(mean)
            torch.mul(variance, biased, out=self.running_var)
        return y

    def move_statistics(self, mean: Tensor, variance: Tensor) -> None:
        """Move the statistics towards those of a batch."""
        with torch.no_grad():
            share = 1 - self.momentum
            self.running_mean.lerp_(mean.to(self.running_mean.dtype), share)
            self.running_var.lerp_(variance.to(self.running_var.dtype), share)


class Residual(nn.Module):
    """(N, C, H, W) float32 -> (N, filters, H, W) float32."""

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__()
        self.y_conv2d = nn.Conv2d(channels, filters, 3, padding=1, bias=False)
        self.y_batch_normalization = BatchNorm(filters)
        self.y_conv2d_1 = nn.Conv2d(filters, filters, 3, padding=1, bias=False)
        self.y_batch_normalization_1 = BatchNorm(filters)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        for layer in (self.y_conv2d, self.y_conv2d_1):
            nn.init.xavier_uniform_(layer.weight)
        for layer in (self.y_batch_normalization, self.y_batch_normalization_1):
            layer.reset_parameters()

    def forward(self, x: Tensor) -> Tensor:
        y = self.y_conv2d(x)  # (N, filters, H, W)
        y = self.y_batch_normalization(y)  # (N, filters, H, W)
        y = F.relu(y)  # (N, filters, H, W)
        y = self.y_conv2d_1(y)  # (N, filters, H, W)
        y = self.y_batch_normalization_1(y)  # (N, filters, H, W)
        y = x + y  # (N, filters, H, W)
        return F.relu(y)  # (N, filters, H, W)


class Residual2(nn.Module):
    """(N, C, H, W) float32 -> (N, filters, (H + 1) // 2, (W + 1) // 2) float32."""

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__()
        self.y_conv2d = nn.Conv2d(channels, filters, 3, 2, bias=False)
        self.y_batch_normalization = BatchNorm(filters)
        self.y_conv2d_1 = nn.Conv2d(filters, filters, 3, padding=1, bias=False)
        self.y_batch_normalization_1 = BatchNorm(filters)
        self.shortcut_conv2d = nn.Conv2d(channels, filters, 1, 2, bias=False)
        self.shortcut_batch_normalization = BatchNorm(filters)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        for layer in (self.y_conv2d, self.y_conv2d_1, self.shortcut_conv2d):
            nn.init.xavier_uniform_(layer.weight)
        for layer in (
            self.y_batch_normalization,
            self.y_batch_normalization_1,
            self.shortcut_batch_normalization,
        ):
            layer.reset_parameters()

    def forward(self, x: Tensor) -> Tensor:
        # (N, filters, (H + 1) // 2, (W + 1) // 2)
        y = self.y_conv2d(F.pad(x, (0, 1, 0, 1)))
        y = self.y_batch_normalization(y)  # (N, filters, (H + 1) // 2, (W + 1) // 2)
        y = F.relu(y)  # (N, filters, (H + 1) // 2, (W + 1) // 2)
        y = self.y_conv2d_1(y)  # (N, filters, (H + 1) // 2, (W + 1) // 2)
        y = self.y_batch_normalization_1(y)  # (N, filters, (H + 1) // 2, (W + 1) // 2)
        shortcut = self.shortcut_conv2d(x)  # (N, filters, (H + 1) // 2, (W + 1) // 2)
        # (N, filters, (H + 1) // 2, (W + 1) // 2)
        shortcut = self.shortcut_batch_normalization(shortcut)
        y = shortcut + y  # (N, filters, (H + 1) // 2, (W + 1) // 2)
        return F.relu(y)  # (N, filters, (H + 1) // 2, (W + 1) // 2)


class ResNet(nn.Module):
    """(N, 32, 32, 3) float32 -> (N, 10) float32."""

    def __init__(self) -> None:
        super().__init__()
        self.conv2d = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.batch_normalization = BatchNorm(16)
        self.residual = nn.ModuleList(
            [
                nn.ModuleList(Residual(16, 16) for _ in range(3)),
                *(
                    nn.ModuleList(
                        [
                            Residual2(channels, filters),
                            *(Residual(filters, filters) for _ in range(2)),
                        ]
                    )
                    for channels, filters in ((16, 32), (32, 64))
                ),
            ]
        )
        self.logits = nn.Linear(64, 10)
        self.reset_parameters()
        self.to(memory_format=torch.channels_last)

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        nn.init.xavier_uniform_(self.conv2d.weight)
        self.batch_normalization.reset_parameters()
        nn.init.xavier_uniform_(self.logits.weight)
        nn.init.zeros_(self.logits.bias)

    def forward(self, image: Tensor) -> Tensor:
        if image.shape[1:] != (32, 32, 3):
            raise ValueError(
                f"image must be of shape (N, 32, 32, 3), not {tuple(image.shape)}"
            )
        x = self.conv2d(image.permute(0, 3, 1, 2))  # (N, 16, 32, 32)
        x = self.batch_normalization(x)  # (N, 16, 32, 32)
        x = F.relu(x)  # (N, 16, 32, 32)
        for layers in self.residual:
            for layer in layers:
                x = layer(x)
        x = x.mean((2, 3))  # (N, 64)
        return self.logits(x)  # (N, 10)
