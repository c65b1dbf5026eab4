import torch
from torch import Tensor


def sums(*shape: int, device: torch.device | str | None = None) -> Tensor:
    """Return zeros to add to: in float64, or float32 where the device has no float64.

    A sum in float32 would stand still at 2^24.
    """
    kind = torch.device(device).type if device is not None else "cpu"
    dtype = torch.float32 if kind == "mps" else torch.float64
    return torch.zeros(shape, dtype=dtype, device=device)
