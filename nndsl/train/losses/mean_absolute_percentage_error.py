from torch import Tensor


def mean_absolute_percentage_error(target: Tensor, output: Tensor) -> Tensor:
    """100 · |y - p| / max(|y|, 1e-7), the mean over the last axis."""
    errors = (target - output) / target.abs().clamp(min=1e-7)
    return 100.0 * errors.abs().mean(-1)
