from torch import Tensor

from nndsl.emit.helpers.BatchNorm import BatchNorm


def masked_batch_norm(norm: BatchNorm, x: Tensor, mask: Tensor) -> Tensor:
    """Batch normalization of which the statistics leave out what is masked."""
    if not norm.training:
        result: Tensor = norm(x)
        return result
    axes = [axis for axis in range(x.dim()) if axis != 1]
    count = mask.expand_as(x).sum(axes, keepdim=True) + 1e-7
    mean = x.where(mask, 0).sum(axes, keepdim=True) / count
    variance = (x - mean).where(mask, 0).square().sum(axes, keepdim=True) / count
    y = (x - mean) * (variance + norm.eps).rsqrt()
    shape = mean.shape[1:]
    if norm.weight is not None:
        y = y * norm.weight.view(shape)
    if norm.bias is not None:
        y = y + norm.bias.view(shape)
    norm.move_statistics(mean.flatten(), variance.flatten())
    return y.to(x.dtype)
