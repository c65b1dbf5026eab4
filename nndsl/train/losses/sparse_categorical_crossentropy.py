import torch.nn.functional as F
from torch import Tensor


def sparse_categorical_crossentropy(
    target: Tensor,
    output: Tensor,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
    mean: bool = False,
) -> Tensor:
    """Cross-entropy of the numbers of classes, which are on ``axis`` of the output.

    It is 0 where the label is ``ignore_class``. Probabilities are divided by their sum,
    and clipped to [1e-7, 1 - 1e-7]. With ``mean`` it is the mean of all.
    """
    if output.dim() > 2:
        output = output.movedim(axis, 1)
    if ignore_class is not None:
        # What is ignored may be anything, NaN too.
        output = output.masked_fill((target == ignore_class).unsqueeze(1), 1.0)
    how = "mean" if mean else "none"
    # PyTorch passes over a label of -100 unless another one is named.
    ignored = -(2**31) if ignore_class is None else ignore_class
    if from_logits:
        return F.cross_entropy(output, target, reduction=how, ignore_index=ignored)
    p = output / output.sum(1, keepdim=True)
    log_p = p.clamp(1e-7, 1.0 - 1e-7).log()
    return F.nll_loss(log_p, target, reduction=how, ignore_index=ignored)
