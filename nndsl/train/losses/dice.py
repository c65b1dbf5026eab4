from torch import Tensor


def dice(
    target: Tensor, output: Tensor, axis: int | tuple[int, ...] | None = None
) -> Tensor:
    """1 - 2·Σ y·p / (Σ y + Σ p + 1e-7), the sums over ``axis``, or over all."""
    both = (target * output).sum(axis)
    return 1.0 - 2.0 * both / (target.sum(axis) + output.sum(axis) + 1e-7)
