import torch.nn.functional as F
from torch import Tensor


def binary_crossentropy(
    target: Tensor,
    output: Tensor,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
    mean: bool = False,
) -> Tensor:
    """Cross-entropy of independent labels of 0 and 1, the mean over ``axis``.

    With ``mean`` it is over all. Probabilities are clipped to [1e-7, 1 - 1e-7].
    """
    if label_smoothing:
        target = target * (1.0 - label_smoothing) + 0.5 * label_smoothing
    how = "mean" if mean else "none"
    if from_logits:
        values = F.binary_cross_entropy_with_logits(output, target, reduction=how)
    else:
        p = output.clamp(1e-7, 1.0 - 1e-7)
        values = F.binary_cross_entropy(p, target, reduction=how)
    return values if mean else values.mean(axis)
