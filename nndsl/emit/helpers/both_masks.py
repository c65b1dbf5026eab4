from torch import Tensor


def both_masks(mask: Tensor, padding: Tensor) -> Tensor:
    """A mask of (T, S), (N, T, S) or (N, heads, T, S), and one of (N, T, S) besides."""
    return mask.bool() & (padding.unsqueeze(1) if mask.dim() == 4 else padding)
