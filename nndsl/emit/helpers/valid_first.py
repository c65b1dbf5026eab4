import torch
from torch import Tensor


def valid_first(x: Tensor, mask: Tensor) -> Tensor:
    """The valid steps of (N, T, …) one behind the other, and zeros behind them."""
    steps = mask.shape[1]
    places = torch.where(mask, mask.cumsum(1) - 1, steps).unsqueeze(-1).expand_as(x)
    moved = x.new_zeros(x.shape[0], steps + 1, x.shape[2])
    return moved.scatter(1, places, x)[:, :-1]
