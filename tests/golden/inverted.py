"""Mobile, written by nndsl."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def variance_scaling_(
    weight: Tensor,
    scale: float = 1.0,
    mode: str = "fan_in",
    generator: torch.Generator | None = None,
) -> Tensor:
    """Draw from a normal distribution of variance scale / fan, cut at two deviations.

    What is cut off is made up for: the values that are left have that variance.
    """
    fan_in, fan_out = weight[0].numel(), weight[:, 0].numel()
    fans = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}
    std = math.sqrt(scale / max(1, fans[mode])) / 0.87962566103423978
    return nn.init.trunc_normal_(
        weight, std=std, a=-2 * std, b=2 * std, generator=generator
    )


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


def shared_dropout(
    x: Tensor, rate: float, shape: tuple[int, ...], training: bool
) -> Tensor:
    """Drop values as F.dropout does, along axes of 1 in shape together."""
    if not training:
        return x
    return x * F.dropout(x.new_ones(shape), rate)


class Activated(nn.Module):
    """(N, C, H, W) float32 -> (N, C, H, W) float32."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.kernel = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.batch_normalization = BatchNorm(channels)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        variance_scaling_(self.kernel.weight, 2.0)
        nn.init.zeros_(self.kernel.bias)
        self.batch_normalization.reset_parameters()

    def forward(self, x: Tensor) -> Tensor:
        x = self.kernel(x)  # (N, C, H, W)
        x = self.batch_normalization(x)  # (N, C, H, W)
        return F.silu(x)  # (N, C, H, W)


class Inverted(nn.Module):
    """(N, 16, 32, 32) float32 -> (N, 16, 32, 32) float32."""

    def __init__(self) -> None:
        super().__init__()
        self.y_1_activated = Activated(16)
        self.y_1_conv2d = nn.Conv2d(16, 16, 1)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        variance_scaling_(self.y_1_conv2d.weight, 2.0)
        nn.init.zeros_(self.y_1_conv2d.bias)

    def forward(self, x: Tensor) -> Tensor:
        y = self.y_1_activated(x)  # (N, 16, 32, 32)
        y = self.y_1_conv2d(y)  # (N, 16, 32, 32)
        # (N, 16, 32, 32)
        y = shared_dropout(y, 0.0, (y.shape[0], 1, 1, 1), self.training)
        return y + x  # (N, 16, 32, 32)


class Activated2(nn.Module):
    """(N, C, H, W) float32 -> (N, C * expansion, H, W) float32."""

    def __init__(self, channels: int, out_channels: int) -> None:
        super().__init__()
        self.kernel = nn.Conv2d(channels, out_channels, 1, bias=False)
        self.batch_normalization = BatchNorm(out_channels)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        variance_scaling_(self.kernel.weight, 2.0, "fan_out")
        self.batch_normalization.reset_parameters()

    def forward(self, x: Tensor) -> Tensor:
        x = self.kernel(x)  # (N, C * expansion, H, W)
        x = self.batch_normalization(x)  # (N, C * expansion, H, W)
        return F.silu(x)  # (N, C * expansion, H, W)


class Activated3(nn.Module):
    """(N, C, H, W) float32 -> (N, C, (H + 1) // 2, (W + 1) // 2) float32."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.kernel = nn.Conv2d(channels, channels, 3, 2, groups=channels)
        self.batch_normalization = BatchNorm(channels)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        variance_scaling_(self.kernel.weight, 2.0)
        nn.init.zeros_(self.kernel.bias)
        self.batch_normalization.reset_parameters()

    def forward(self, x: Tensor) -> Tensor:
        x = self.kernel(F.pad(x, (0, 1, 0, 1)))  # (N, C, (H + 1) // 2, (W + 1) // 2)
        x = self.batch_normalization(x)  # (N, C, (H + 1) // 2, (W + 1) // 2)
        return F.silu(x)  # (N, C, (H + 1) // 2, (W + 1) // 2)


class Inverted2(nn.Module):
    """(N, C, H, W) float32 -> (N, filters, (H + 1) // 2, (W + 1) // 2) float32."""

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__()
        self.y = Activated2(channels, 6 * channels)
        self.y_1_activated = Activated3(6 * channels)
        self.y_1_conv2d = nn.Conv2d(6 * channels, filters, 1)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        variance_scaling_(self.y_1_conv2d.weight, 2.0)
        nn.init.zeros_(self.y_1_conv2d.bias)

    def forward(self, x: Tensor) -> Tensor:
        y = self.y(x)  # (N, C * expansion, H, W)
        y = self.y_1_activated(y)  # (N, C * expansion, (H + 1) // 2, (W + 1) // 2)
        return self.y_1_conv2d(y)  # (N, filters, (H + 1) // 2, (W + 1) // 2)


class Inverted3(nn.Module):
    """(N, C, H, W) float32 -> (N, C, H, W) float32."""

    def __init__(self, channels: int, filters: int, drop_rate: float) -> None:
        super().__init__()
        self._drop_rate = drop_rate
        self.y = Activated2(channels, 6 * channels)
        self.y_1_activated = Activated(6 * channels)
        self.y_1_conv2d = nn.Conv2d(6 * channels, filters, 1)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        variance_scaling_(self.y_1_conv2d.weight, 2.0)
        nn.init.zeros_(self.y_1_conv2d.bias)

    def forward(self, x: Tensor) -> Tensor:
        y = self.y(x)  # (N, C * expansion, H, W)
        y = self.y_1_activated(y)  # (N, C * expansion, H, W)
        y = self.y_1_conv2d(y)  # (N, filters, H, W)
        # (N, filters, H, W)
        y = shared_dropout(y, self._drop_rate, (y.shape[0], 1, 1, 1), self.training)
        return y + x  # (N, C, H, W)


class Growth(nn.Module):
    """(N, C, 8, 8) float32 -> (N, C + 8, 8, 8) float32."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.y = nn.ModuleList(
            nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
            for _ in range(2)
        )
        self.conv2d = nn.Conv2d(channels, 8, 1)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        for layer in (*self.y, self.conv2d):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for layer in self.y:
            y = F.relu(y)  # (N, C, 8, 8)
            y = layer(y)  # (N, C, 8, 8)
        y = self.conv2d(y)  # (N, 8, 8, 8)
        return torch.cat((x, y), dim=1)  # (N, C + 8, 8, 8)


class Mobile(nn.Module):
    """(N, 64, 64, 3) float32 -> (N, 10) float32."""

    def __init__(self) -> None:
        super().__init__()
        self.conv2d = nn.Conv2d(3, 16, 3, 2)
        self.inverted = nn.ModuleList(
            [
                nn.ModuleList([Inverted()]),
                nn.ModuleList([Inverted2(16, 24), Inverted3(24, 24, 0.25)]),
                nn.ModuleList(
                    [
                        Inverted2(24, 40),
                        Inverted3(40, 40, 0.5),
                        Inverted3(40, 40, 0.625),
                    ]
                ),
            ]
        )
        self.growth = nn.ModuleList(
            nn.ModuleList(Growth(channels) for channels in range(start, stop, 8))
            for start, stop in ((40, 72), (72, 112))
        )
        self.logits = nn.Linear(112, 10)
        self.reset_parameters()
        self.to(memory_format=torch.channels_last)

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        for layer in (self.conv2d, self.logits):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, image: Tensor) -> Tensor:
        if image.shape[1:] != (64, 64, 3):
            raise ValueError(
                f"image must be of shape (N, 64, 64, 3), not {tuple(image.shape)}"
            )
        # (N, 16, 32, 32)
        x = self.conv2d(F.pad(image.permute(0, 3, 1, 2), (0, 1, 0, 1)))
        for layers in self.inverted:
            for layer in layers:
                x = layer(x)
        for layers in self.growth:
            for layer in layers:
                x = layer(x)
        logits = x.mean((2, 3))  # (N, 112)
        return self.logits(logits)  # (N, 10)
