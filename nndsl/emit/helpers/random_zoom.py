import torch
from torch import Tensor

from nndsl.emit.helpers.warped import warped
from nndsl.emit.helpers.zoom_matrix import zoom_matrix


def random_zoom(
    x: Tensor,
    height_factor: tuple[float, float],
    width_factor: tuple[float, float] | None,
    *,
    fill_mode: str = "reflect",
    interpolation: str = "bilinear",
    fill_value: float = 0.0,
    training: bool,
) -> Tensor:
    """Shrink each image by 1 + a factor, or enlarge it by one below 0, while training.

    Without a factor of its own the width follows the height.
    """
    if not training:
        return x
    height, width = x.shape[2:]
    down = 1 + torch.empty(len(x), device=x.device).uniform_(*height_factor)
    across = down
    if width_factor is not None:
        across = 1 + torch.empty(len(x), device=x.device).uniform_(*width_factor)
    matrix = zoom_matrix(down, across, height, width)
    return warped(x, matrix, fill_mode, interpolation, fill_value)
