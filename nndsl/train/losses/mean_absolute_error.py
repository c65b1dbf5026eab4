import torch.nn.functional as F
from torch import Tensor


def mean_absolute_error(target: Tensor, output: Tensor, mean: bool = False) -> Tensor:
    """|y - p|, the mean over the last axis; with ``mean`` over all."""
    if mean:
        return F.l1_loss(output, target)
    return F.l1_loss(output, target, reduction="none").mean(-1)
