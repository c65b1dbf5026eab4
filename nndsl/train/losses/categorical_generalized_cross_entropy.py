from torch import Tensor


def categorical_generalized_cross_entropy(
    target: Tensor, output: Tensor, q: float = 0.5
) -> Tensor:
    """(1 - p_y^q) / q; the targets are numbers of classes. (Zhang and Sabuncu, 2018)"""
    p = output.gather(-1, target.unsqueeze(-1)).squeeze(-1)
    return (1.0 - p.pow(q)) / q
