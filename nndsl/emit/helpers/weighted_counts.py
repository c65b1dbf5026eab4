from torch import Tensor


def weighted_counts(indices: Tensor, depth: int, weights: Tensor) -> Tensor:
    """Return the sum of the weights of each index along axis 1.

    Indices and weights are (N, T, …), the result is (N, …, depth).
    """
    zeros = weights.new_zeros(len(indices), depth, *indices.shape[2:])
    return zeros.scatter_add(1, indices, weights).movedim(1, -1)
