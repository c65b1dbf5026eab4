from collections.abc import Sequence

from torch import Tensor


def masked_product(factors: Sequence[Tensor], masks: Sequence[Tensor | None]) -> Tensor:
    """The product of what is valid of each factor, and 0 where all are masked."""
    known = [mask for mask in masks if mask is not None]
    first, *others = (
        factor if mask is None else factor.where(mask, 1)
        for factor, mask in zip(factors, masks, strict=True)
    )
    for factor in others:
        first = first * factor
    if len(known) < len(masks):
        return first
    valid = known[0]
    for mask in known[1:]:
        valid = valid | mask
    return first.where(valid, 0)
