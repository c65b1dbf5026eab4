from torch import Tensor


def cosine_similarity(target: Tensor, output: Tensor, axis: int = -1) -> Tensor:
    """-cos of the angle between y and p, which have norms of at least 1e-7 then."""
    y = target * target.square().sum(axis, keepdim=True).clamp(min=1e-14).rsqrt()
    p = output * output.square().sum(axis, keepdim=True).clamp(min=1e-14).rsqrt()
    return -(y * p).sum(axis)
