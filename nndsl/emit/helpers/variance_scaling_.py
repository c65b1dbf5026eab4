import math

import torch
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
