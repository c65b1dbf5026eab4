import torch.nn.functional as F
from torch import Tensor


def mean_cosine(rows: Tensor) -> Tensor:
    """Return the mean of the absolute cosines between the rows of a matrix."""
    rows = F.normalize(rows, dim=1, eps=1e-7)
    count = rows.shape[0]
    return (rows @ rows.T).triu(1).abs().sum() / (count * (count - 1) / 2)
