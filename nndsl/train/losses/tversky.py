from torch import Tensor


def tversky(
    target: Tensor,
    output: Tensor,
    alpha: float = 0.5,
    beta: float = 0.5,
    axis: int | tuple[int, ...] | None = None,
) -> Tensor:
    """1 - the Tversky index, the sums over ``axis``, or over all.

    As in Keras, ``alpha`` weighs what is missed and ``beta`` what is found wrongly.
    """
    both = (target * output).sum(axis)
    missed = ((1.0 - output) * target).sum(axis)
    wrong = (output * (1.0 - target)).sum(axis)
    return 1.0 - both / (both + missed * alpha + wrong * beta + 1e-7)
