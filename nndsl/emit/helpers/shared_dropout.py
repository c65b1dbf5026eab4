import torch.nn.functional as F
from torch import Tensor


def shared_dropout(
    x: Tensor, rate: float, shape: tuple[int, ...], training: bool
) -> Tensor:
    """Drop values as F.dropout does, along axes of 1 in shape together."""
    if not training:
        return x
    return x * F.dropout(x.new_ones(shape), rate)
