import torch
import torch.nn.functional as F
from torch import Tensor


def binary_focal_crossentropy(
    target: Tensor,
    output: Tensor,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """Binary cross-entropy times (1 - p_t)^gamma, p_t being the label's probability.

    With ``apply_class_balancing`` labels of 1 weigh alpha, those of 0 1 - alpha.
    (Lin et al., 2018)
    """
    if label_smoothing:
        target = target * (1.0 - label_smoothing) + 0.5 * label_smoothing
    if from_logits:
        p = torch.sigmoid(output)
        values = F.binary_cross_entropy_with_logits(output, target, reduction="none")
    else:
        p = output
        clipped = p.clamp(1e-7, 1.0 - 1e-7)
        values = F.binary_cross_entropy(clipped, target, reduction="none")
    p_t = target * p + (1.0 - target) * (1.0 - p)
    values = (1.0 - p_t).pow(gamma) * values
    if apply_class_balancing:
        values = (target * alpha + (1.0 - target) * (1.0 - alpha)) * values
    return values.mean(axis)
