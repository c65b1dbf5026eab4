from torch import Tensor


def kl_divergence(target: Tensor, output: Tensor) -> Tensor:
    """Σ y · log(y / p) over the last axis, y and p clipped to [1e-7, 1]."""
    y, p = target.clamp(1e-7, 1.0), output.clamp(1e-7, 1.0)
    return (y * (y / p).log()).sum(-1)
