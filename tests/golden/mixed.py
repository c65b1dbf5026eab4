"""Mixed, written by nndsl."""

from collections.abc import Callable
from typing import Any

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


def in_dtype(module: nn.Module, dtype: torch.dtype) -> Callable[..., Any]:
    """Return a module as a function that casts its weights to the dtype of its inputs.

    The weights themselves, and their gradients, keep their own dtype.
    """
    weights = {name: weight.to(dtype) for name, weight in module.named_parameters()}

    def apply(*inputs: Any, **keywords: Any) -> Any:
        return torch.func.functional_call(module, weights, inputs, keywords)

    return apply


class Mixed(nn.Module):
    """(N, 16, 16, 3) float32 -> (N, 4) float32."""

    def __init__(self) -> None:
        super().__init__()
        self.conv2d = nn.Conv2d(3, 8, 3)
        self.batch_normalization = BatchNorm(8)
        self.dense = nn.Linear(1568, 16)
        self.dense_1 = nn.Linear(16, 4)
        self.reset_parameters()
        self.to(memory_format=torch.channels_last)

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        for layer in (self.conv2d, self.dense, self.dense_1):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
        self.batch_normalization.reset_parameters()

    def forward(self, image: Tensor) -> Tensor:
        if image.shape[1:] != (16, 16, 3):
            raise ValueError(
                f"image must be of shape (N, 16, 16, 3), not {tuple(image.shape)}"
            )
        image = image.to(torch.bfloat16).permute(0, 3, 1, 2)  # (N, 3, 16, 16)
        x = F.relu(in_dtype(self.conv2d, torch.bfloat16)(image))  # (N, 8, 14, 14)
        # (N, 8, 14, 14)
        x = self.batch_normalization(x.to(torch.float32)).to(torch.bfloat16)
        x = x.permute(0, 2, 3, 1).flatten(1)  # (N, 1568)
        x = F.relu(in_dtype(self.dense, torch.bfloat16)(x))  # (N, 16)
        x = x.to(torch.float32)  # (N, 16)
        return F.softmax(self.dense_1(x), dim=-1)  # (N, 4)
