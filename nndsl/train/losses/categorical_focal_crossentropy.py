import torch
import torch.nn.functional as F
from torch import Tensor


def categorical_focal_crossentropy(
    target: Tensor,
    output: Tensor,
    alpha: float | tuple[float, ...] = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """Σ alpha · (1 - p)^gamma · -y · log(p) over the classes on ``axis``.

    ``alpha`` may be one for each class of the last axis. (Lin et al., 2018)
    """
    if label_smoothing:
        classes = target.shape[axis]
        target = target * (1.0 - label_smoothing) + label_smoothing / classes
    if from_logits:
        log_p = F.log_softmax(output, dim=axis)
        rest = -torch.expm1(log_p)  # 1 - p
    else:
        p = (output / output.sum(axis, keepdim=True)).clamp(1e-7, 1.0 - 1e-7)
        log_p = p.log()
        rest = 1.0 - p
    values = rest.pow(gamma) * -target * log_p
    if isinstance(alpha, tuple):
        return (values * values.new_tensor(alpha)).sum(axis)
    return alpha * values.sum(axis)
