import torch.nn.functional as F
from torch import Tensor


def last_valid(y: Tensor, mask: Tensor) -> Tensor:
    """For each step what the valid ones, one behind the other, have given so far.

    That is 0 before the first of them.
    """
    counts = mask.cumsum(1).unsqueeze(-1).expand(-1, -1, y.shape[-1])
    return F.pad(y, (0, 0, 1, 0)).gather(1, counts)
