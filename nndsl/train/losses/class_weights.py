import torch
from torch import Tensor


def class_weights(pairs: tuple[tuple[int, float], ...]) -> Tensor:
    """Return the weights of classes by their numbers; the last is 1, for all others."""
    table = torch.ones(max(number for number, _ in pairs) + 2)
    for number, weight in pairs:
        table[number] = weight
    return table
