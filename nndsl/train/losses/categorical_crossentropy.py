import torch.nn.functional as F
from torch import Tensor


def categorical_crossentropy(
    target: Tensor,
    output: Tensor,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
    mean: bool = False,
) -> Tensor:
    """Cross-entropy of one-hot (or soft) labels over the classes on ``axis``.

    Probabilities are divided by their sum, and clipped to [1e-7, 1 - 1e-7].
    With ``mean`` it is the mean of all.
    """
    if output.dim() > 2:
        target, output = target.movedim(axis, 1), output.movedim(axis, 1)
    if from_logits:
        how = "mean" if mean else "none"
        smoothing = label_smoothing
        return F.cross_entropy(output, target, reduction=how, label_smoothing=smoothing)
    if label_smoothing:
        classes = target.shape[1]
        target = target * (1.0 - label_smoothing) + label_smoothing / classes
    p = output / output.sum(1, keepdim=True)
    values = -(target * p.clamp(1e-7, 1.0 - 1e-7).log()).sum(1)
    return values.mean() if mean else values
