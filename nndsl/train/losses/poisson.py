from torch import Tensor


def poisson(target: Tensor, output: Tensor) -> Tensor:
    """p - y · log(p + 1e-7), the mean over the last axis."""
    return (output - target * (output + 1e-7).log()).mean(-1)
