from torch import Tensor


def value(target: Tensor | None, output: Tensor, mean: bool = False) -> Tensor:
    """The output itself, the mean over the last axis; with ``mean`` over all."""
    if mean or output.dim() == 1:
        return output.mean() if mean else output
    return output.mean(-1)
