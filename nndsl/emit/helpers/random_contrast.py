from torch import Tensor

from nndsl.emit.helpers.contrasted import contrasted


def random_contrast(
    x: Tensor,
    factors: tuple[float, float],
    value_range: tuple[float, float],
    axes: tuple[int, int],
    training: bool,
) -> Tensor:
    """Change the contrast of each image by a factor between two while training."""
    if not training:
        return x
    drawn = x.new_empty(len(x)).uniform_(*factors)
    return contrasted(x, drawn, axes).clamp(*value_range)
