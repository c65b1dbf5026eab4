import torch
from torch import Tensor


def reduced(
    values: Tensor,
    weight: Tensor | None = None,
    mask: Tensor | None = None,
    valid: Tensor | None = None,
    reduction: str | None = "sum_over_batch_size",
) -> Tensor:
    """Return Σ(w·l)/N, or what ``reduction`` says, of losses (N,) or (N, T, …).

    ``weight`` is (N,) or (N, T). ``mask`` is that of the output, (N, T): true where a
    step counts; ``valid`` says so of each value. The mean is that of what counts, 0 if
    nothing does. A mask of steps means nothing for a loss that has none. As in Keras
    but that weights (N,) are those of all steps of a sample. Raises ValueError for
    weights that do not fit.
    """
    averages = reduction in ("sum_over_batch_size", "mean", "mean_with_sample_weight")
    if mask is not None and mask.dim() <= values.dim():
        steps = _beside(mask, values, "a mask").expand_as(values)
        valid = steps if valid is None else steps & valid
    if weight is not None:
        weight = _beside(weight.to(values.dtype), values, "weights")
    count: float | Tensor = 0.0
    if valid is not None:
        kept = valid.to(values.dtype)
        count = kept.sum().clamp(min=1.0)
        weight = kept if weight is None else weight * kept
    if weight is not None:
        values = values * weight
        if reduction == "mean_with_sample_weight":
            total = weight.expand_as(values).sum()
            count = torch.where(total == 0, 1.0, total)
    if not averages:
        return values.sum()
    return values.sum() / count if isinstance(count, Tensor) else values.mean()


def _beside(weight: Tensor, values: Tensor, what: str) -> Tensor:
    """Return weights, or a mask, whose axes are the first of those of the values."""
    if values.dim() == 0 or weight.shape == values.shape:
        return weight
    if weight.dim() > values.dim() and weight.shape[-1] == 1:
        weight = weight.squeeze(-1)
    fits = weight.dim() <= values.dim()
    if not fits or any(
        one not in (1, two)
        for one, two in zip(weight.shape, values.shape, strict=False)
    ):
        found, wanted = tuple(weight.shape), tuple(values.shape)
        raise ValueError(f"{what} of shape {found} do not fit losses of shape {wanted}")
    return weight.reshape(*weight.shape, *(1,) * (values.dim() - weight.dim()))
