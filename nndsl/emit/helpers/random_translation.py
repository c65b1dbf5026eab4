import torch
from torch import Tensor

from nndsl.emit.helpers.translation_matrix import translation_matrix
from nndsl.emit.helpers.warped import warped


def random_translation(
    x: Tensor,
    height_factor: tuple[float, float],
    width_factor: tuple[float, float],
    *,
    fill_mode: str = "reflect",
    interpolation: str = "bilinear",
    fill_value: float = 0.0,
    training: bool,
) -> Tensor:
    """Shift each image by parts of its height and width while training."""
    if not training:
        return x
    height, width = x.shape[2:]
    down = torch.empty(len(x), device=x.device).uniform_(*height_factor)
    across = torch.empty(len(x), device=x.device).uniform_(*width_factor)
    matrix = translation_matrix(down, across, height, width)
    return warped(x, matrix, fill_mode, interpolation, fill_value)
