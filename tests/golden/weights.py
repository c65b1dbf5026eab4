"""Vision, written by nndsl."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Vision(nn.Module):
    """(N, 32, 32, 3) float32 -> (N, 10) float32, (N, 16, 48) float32."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 48, 8, 8)
        self.token = nn.Parameter(torch.empty((1, 48)))
        self.positions = nn.Parameter(torch.empty((17, 48)))
        self.scale = nn.ParameterList(
            nn.Parameter(torch.empty((48,))) for _ in range(3)
        )
        self.x_layer_normalization = nn.ModuleList(
            nn.LayerNorm(48, eps=0.001) for _ in range(3)
        )
        self.x_dense = nn.ModuleList(nn.Linear(48, 48) for _ in range(3))
        self.classes = nn.Linear(48, 10)
        self.reset_parameters()
        self.to(memory_format=torch.channels_last)

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        for layer in (self.patches, *self.x_dense, self.classes):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
        nn.init.zeros_(self.token)
        nn.init.normal_(self.positions, std=0.05)
        for layer in self.scale:
            nn.init.ones_(layer)
        for layer in self.x_layer_normalization:
            layer.reset_parameters()

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        if image.shape[1:] != (32, 32, 3):
            raise ValueError(
                f"image must be of shape (N, 32, 32, 3), not {tuple(image.shape)}"
            )
        patches = self.patches(image.permute(0, 3, 1, 2))  # (N, 48, 4, 4)
        patches = patches.permute(0, 2, 3, 1).reshape(-1, 16, 48)  # (N, 16, 48)
        # (N, 17, 48)
        tokens = torch.cat(
            (self.token.expand(patches.shape[0], -1, -1), patches), dim=1
        )
        x = tokens + self.positions  # (N, 17, 48)
        for x_layer_normalization, x_dense, scale in zip(
            self.x_layer_normalization, self.x_dense, self.scale
        ):
            x_1 = x_layer_normalization(x)  # (N, 17, 48)
            x_1 = F.silu(x_dense(x_1))  # (N, 17, 48)
            x_1 = scale * x_1  # (N, 17, 48)
            x = x + x_1  # (N, 17, 48)
        classes = x[:, 0]  # (N, 48)
        classes = self.classes(classes)  # (N, 10)
        rest = x[:, 1:]  # (N, 16, 48)
        rest = rest**2  # (N, 16, 48)
        rest = 1 - rest  # (N, 16, 48)
        return classes, rest
