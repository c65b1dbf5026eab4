import torch
from torch import Tensor


def sparsemax(x: Tensor, dim: int = -1) -> Tensor:
    """Keras's sparsemax, whose threshold sums the partial sums of the support."""
    ordered = x.sort(dim, descending=True).values
    total = ordered.cumsum(dim)
    shape = [1] * x.ndim
    shape[dim] = -1
    rank = torch.arange(1, x.shape[dim] + 1, device=x.device, dtype=x.dtype).view(shape)
    support = ordered - (total - 1) / rank > 0
    count = support.sum(dim, keepdim=True)
    threshold = (total.where(support, 0.0).sum(dim, keepdim=True) - 1) / count
    return (x - threshold).clamp(min=0)
