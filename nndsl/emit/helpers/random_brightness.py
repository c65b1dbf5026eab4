from torch import Tensor


def random_brightness(
    x: Tensor,
    factor: tuple[float, float],
    value_range: tuple[float, float],
    training: bool,
) -> Tensor:
    """Add a part of the range to each image while training, and stay inside of it."""
    if not training:
        return x
    low, high = value_range
    parts = x.new_empty((len(x), 1, 1, 1)).uniform_(*factor)
    return (x + parts * (high - low)).clamp(low, high)
