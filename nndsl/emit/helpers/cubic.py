from torch import Tensor


def cubic(distance: Tensor) -> Tensor:
    """Return Keys's cubic kernel, a = -0.5, at distances."""
    near = (1.5 * distance - 2.5) * distance**2 + 1
    far = ((2.5 - 0.5 * distance) * distance - 4) * distance + 2
    return near.where(distance < 1, far.where(distance < 2, 0.0))
