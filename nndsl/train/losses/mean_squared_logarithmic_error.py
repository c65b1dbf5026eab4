from torch import Tensor


def mean_squared_logarithmic_error(target: Tensor, output: Tensor) -> Tensor:
    """(log(max(y, 1e-7) + 1) - log(max(p, 1e-7) + 1))², the mean over the last axis."""
    predicted = (output.clamp(min=1e-7) + 1.0).log()
    return (predicted - (target.clamp(min=1e-7) + 1.0).log()).square().mean(-1)
