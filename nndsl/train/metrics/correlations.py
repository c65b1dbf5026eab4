from torch import Tensor

from nndsl.train.losses.aligned import aligned


def pearson_correlation(target: Tensor, output: Tensor, axis: int = -1) -> Tensor:
    """The covariance along an axis, divided by both standard deviations."""
    y, p = aligned(target.to(output.dtype), output, False)
    y = y - y.mean(axis, keepdim=True)
    p = p - p.mean(axis, keepdim=True)
    y = y / y.std(axis, correction=0, keepdim=True)
    p = p / p.std(axis, correction=0, keepdim=True)
    return (y * p).mean(axis)


def concordance_correlation(target: Tensor, output: Tensor, axis: int = -1) -> Tensor:
    """2·cov / (var y + var p + (mean y - mean p)² + 1e-7) along an axis. (Lin, 1989)"""
    y, p = aligned(target.to(output.dtype), output, False)
    centre_y, centre_p = y.mean(axis, keepdim=True), p.mean(axis, keepdim=True)
    variances = y.var(axis, correction=0, keepdim=True)
    variances = variances + p.var(axis, correction=0, keepdim=True)
    covariance = (y - centre_p) * (p - centre_p)
    norm = variances + (centre_y - centre_p).square()
    return (2.0 * covariance / (norm + 1e-7)).mean(axis)
