from typing import Any

import torch
from torch import Tensor, nn


class FixedNormalization(nn.Module):
    """Subtract a mean and divide by a deviation, neither of which is a weight.

    Both are given as numbers or (nested) lists of numbers, which broadcast to inputs.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, mean: Any, deviation: Any, invert: bool = False) -> None:
        super().__init__()
        self.given = mean, deviation
        self.invert = invert
        self.register_buffer("mean", torch.tensor(mean), persistent=False)
        self.register_buffer("deviation", torch.tensor(deviation), persistent=False)

    def reset_parameters(self) -> None:
        mean, deviation = self.given
        self.mean.copy_(torch.tensor(mean))
        self.deviation.copy_(torch.tensor(deviation))

    def forward(self, x: Tensor) -> Tensor:
        mean, deviation = self.mean.to(x.dtype), self.deviation.to(x.dtype)
        return x * deviation + mean if self.invert else (x - mean) / deviation
