"""Externs, written by nndsl."""

import torch.nn.functional as F
from mylib.layers import GatedLinear
from mylib.layers import Split as Halves
from torch import Tensor, nn


class Part(nn.Module):
    """(N, T, C) float32 -> (N, T, units) float32."""

    def __init__(self, channels: int, units: int) -> None:
        super().__init__()
        self.gated_linear = GatedLinear(features=channels, units=units, bias=False)
        self.layer_normalization = nn.LayerNorm(units, eps=0.001)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        self.layer_normalization.reset_parameters()

    def forward(self, x: Tensor) -> Tensor:
        x = self.gated_linear(x)  # (N, T, units)
        return self.layer_normalization(x)  # (N, T, units)


class Externs(nn.Module):
    """(N, T, 16) float32 -> (N, T, 4) float32, (N, T, 16) int64."""

    def __init__(self) -> None:
        super().__init__()
        self.part = nn.ModuleList(
            Part(channels, units) for channels, units in ((16, 16), (16, 24), (24, 32))
        )
        self.gated_linear = nn.ModuleList(
            GatedLinear(features=32, units=32, bias=True) for _ in range(2)
        )
        self.left = Halves()
        self.gate = GatedLinear(features=16, units=16, bias=True)
        self.bilinear = nn.Bilinear(in1_features=16, in2_features=16, out_features=4)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        if x.dim() != 3 or x.shape[2] != 16:
            raise ValueError(f"x must be of shape (N, T, 16), not {tuple(x.shape)}")
        for layer in self.part:
            x = layer(x)
        for layer in self.gated_linear:
            x = layer(x)  # (N, T, 32)
        mixed = F.dropout(x, 0.1, self.training)  # (N, T, 32)
        left, places = self.left(mixed)  # (N, T, 16), (N, T, 16)
        y = self.gate(left)  # (N, T, 16)
        y_1 = self.gate(left)  # (N, T, 16)
        y = self.bilinear(y, y_1)  # (N, T, 4)
        return y, places
