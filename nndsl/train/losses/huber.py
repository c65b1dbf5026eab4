import torch.nn.functional as F
from torch import Tensor


def huber(
    target: Tensor, output: Tensor, delta: float = 1.0, mean: bool = False
) -> Tensor:
    """e² / 2 for errors up to ``delta``, delta · (|e| - delta / 2) beyond.

    The mean over the last axis; with ``mean`` over all.
    """
    if mean:
        return F.huber_loss(output, target, delta=delta)
    return F.huber_loss(output, target, reduction="none", delta=delta).mean(-1)
