import torch
from torch import Tensor


def seeded(weight: Tensor, seed: int) -> torch.Generator:
    """Return a generator for the values of a weight; the meta device has none."""
    device = torch.device("cpu") if weight.is_meta else weight.device
    return torch.Generator(device).manual_seed(seed)
