import torch
from torch import Tensor

from nndsl.emit.helpers.weighted_counts import weighted_counts


def index_counts(
    indices: Tensor, depth: int, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Return how often an index occurs along axis 1: (N, T, …) -> (N, …, depth)."""
    return weighted_counts(indices, depth, torch.ones_like(indices, dtype=dtype))
