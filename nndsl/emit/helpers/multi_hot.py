import torch
from torch import Tensor


def multi_hot(
    indices: Tensor, depth: int, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Return 1 for each index that occurs along axis 1: (N, T, …) -> (N, …, depth)."""
    shape = (len(indices), depth, *indices.shape[2:])
    found = torch.zeros(shape, dtype=dtype, device=indices.device)
    return found.scatter_(1, indices, 1.0).movedim(1, -1)
