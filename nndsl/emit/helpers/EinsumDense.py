import torch
from torch import Tensor, nn


class EinsumDense(nn.Module):
    """A linear map between the axes that an equation names, and a bias."""

    def __init__(
        self,
        equation: str,
        kernel: tuple[int, ...],
        bias: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__()
        self.equation = equation
        self.kernel = nn.Parameter(torch.empty(kernel))
        self.bias = None if bias is None else nn.Parameter(torch.empty(bias))

    def forward(self, x: Tensor) -> Tensor:
        x = torch.einsum(self.equation, x, self.kernel)
        return x if self.bias is None else x + self.bias
