from collections.abc import Iterable

from torch import Tensor


def average_gradients(parameters: Iterable[Tensor], steps: int) -> None:
    """Make means of gradients that so many steps have added up."""
    for p in parameters:
        if p.grad is not None:
            p.grad.div_(steps)
