import torch
from torch import Tensor


def hinge(target: Tensor, output: Tensor) -> Tensor:
    """max(1 - y·p, 0), the mean over the last axis; y is -1 or 1 (see ``signed``)."""
    margin = 1.0 - target * output
    return torch.maximum(margin, torch.zeros_like(margin)).mean(-1)
