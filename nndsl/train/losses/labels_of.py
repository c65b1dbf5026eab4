import torch
from torch import Tensor


def labels_of(target: Tensor, output: Tensor, size: int) -> Tensor:
    """Return the classes that targets stand for, by number, one a sample or step.

    Targets with the axis of classes are one-hot, or of one unit. All are below
    ``size``, a negative or larger one is ``size`` - 1.
    """
    if target.dim() == output.dim():
        target = target.squeeze(-1) if target.shape[-1] == 1 else target.argmax(-1)
    labels = target.round().long() if target.is_floating_point() else target.long()
    return torch.where(labels < 0, size - 1, labels.clamp(max=size - 1))
