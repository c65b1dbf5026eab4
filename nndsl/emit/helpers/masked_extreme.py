from collections.abc import Callable, Sequence

from torch import Tensor


def masked_extreme(
    extreme: Callable[[Tensor, Tensor], Tensor],
    tensors: Sequence[Tensor],
    masks: Sequence[Tensor | None],
) -> Tensor:
    """The largest or smallest of what is valid of each tensor."""
    found, valid = tensors[0], masks[0]
    for x, mask in zip(tensors[1:], masks[1:], strict=True):
        other = x if mask is None else x.where(mask, found)
        found = extreme(found if valid is None else found.where(valid, other), other)
        valid = None if mask is None or valid is None else valid | mask
    return found
