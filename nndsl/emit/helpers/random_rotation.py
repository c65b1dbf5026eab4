import torch
from torch import Tensor

from nndsl.emit.helpers.rotation_matrix import rotation_matrix
from nndsl.emit.helpers.warped import warped


def random_rotation(
    x: Tensor,
    factor: tuple[float, float],
    *,
    fill_mode: str = "reflect",
    interpolation: str = "bilinear",
    fill_value: float = 0.0,
    training: bool,
) -> Tensor:
    """Rotate each image by a part of a full turn, drawn from factor, while training."""
    if not training:
        return x
    height, width = x.shape[2:]
    turns = torch.empty(len(x), device=x.device).uniform_(*factor)
    matrix = rotation_matrix(turns, height, width)
    return warped(x, matrix, fill_mode, interpolation, fill_value)
