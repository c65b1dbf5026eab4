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
            with torch.no_grad():
                mean.lerp_(x.flatten(), 1 - self.momentum)
                variance.mul_(self.momentum)
            zeros, ones = torch.zeros_like(mean), torch.ones_like(variance)
            return F.batch_norm(x - x, zeros, ones, *affine)
        # F.batch_norm adds the unbiased variance: scale what it adds to
        biased = (count - 1) / count
        scaled = variance / biased
        y = F.batch_norm(x, mean, scaled, *affine, True, 1 - self.momentum, self.eps)
        with torch.no_grad():
            torch.mul(scaled, biased, out=variance)
        return y
