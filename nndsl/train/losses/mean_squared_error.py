import torch.nn.functional as F
from torch import Tensor


def mean_squared_error(target: Tensor, output: Tensor, mean: bool = False) -> Tensor:
    """(y - p)², the mean over the last axis; with ``mean`` over all."""
    if mean:
        return F.mse_loss(output, target)
    return F.mse_loss(output, target, reduction="none").mean(-1)
