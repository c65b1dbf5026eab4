import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ValuewisePReLU(nn.Module):
    """PReLU whose slopes have a shape that broadcasts to the input's."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(shape))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x) - self.weight * F.relu(-x)
