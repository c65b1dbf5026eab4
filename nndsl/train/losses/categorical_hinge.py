import torch
from torch import Tensor


def categorical_hinge(target: Tensor, output: Tensor) -> Tensor:
    """max(neg - pos + 1, 0): neg is the largest (1 - y)·p, pos is Σ y·p."""
    positive = (target * output).sum(-1)
    negative = ((1.0 - target) * output).amax(-1)
    margin = negative - positive + 1.0
    return torch.maximum(margin, torch.zeros_like(margin))
