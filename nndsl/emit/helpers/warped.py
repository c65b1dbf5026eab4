import torch
import torch.nn.functional as F
from torch import Tensor


def warped(
    x: Tensor,
    matrix: Tensor,
    fill_mode: str = "reflect",
    interpolation: str = "bilinear",
    fill_value: float = 0.0,
) -> Tensor:
    """Return images, (N, C, height, width), whose pixels come from other places.

    A matrix of ``matrix``, (N, 2, 3), brings (column, row, 1) to the column and row
    that the pixel comes from.
    """
    images = x if x.dtype == torch.float64 else x.float()
    height, width = x.shape[2:]
    columns = torch.arange(width, dtype=matrix.dtype, device=x.device)
    rows = torch.arange(height, dtype=matrix.dtype, device=x.device)[:, None]
    factors = matrix[..., None, None]
    places = factors[:, :, 0] * columns + factors[:, :, 1] * rows + factors[:, :, 2]
    if interpolation == "nearest":
        places = places.round()  # of halves the even neighbour, in all modes
    across, down = places.to(images.dtype).unbind(1)
    if fill_mode == "wrap":  # with the first row and column once more behind the last
        images = F.pad(images, (0, 1, 0, 1), mode="circular")
        across, down = across % width, down % height
        height, width = height + 1, width + 1
    elif fill_mode == "constant":
        images = images - fill_value
    grid = torch.stack(((2 * across + 1) / width - 1, (2 * down + 1) / height - 1), -1)
    modes = {"reflect": "reflection", "nearest": "border"}
    padding = modes.get(fill_mode, "zeros")
    y = F.grid_sample(images, grid, interpolation, padding, align_corners=False)
    return (y + fill_value if fill_mode == "constant" else y).to(x.dtype)
