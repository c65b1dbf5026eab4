from torch import Tensor


def contrasted(x: Tensor, factors: Tensor, axes: tuple[int, int]) -> Tensor:
    """Multiply the distance of images from their means over axes by factors, (N,)."""
    mean = x.mean(axes, keepdim=True)
    return mean + (x - mean) * factors.view(-1, 1, 1, 1)
