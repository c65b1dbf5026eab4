from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn


class Normalization(nn.Module):
    """Subtract the mean of data seen before and divide by its deviation.

    Both are kept along ``axes``, where inputs have the sizes of ``shape``. They come
    from ``adapt``, or from a checkpoint; before that, nothing changes.
    """

    mean: Tensor
    variance: Tensor
    count: Tensor

    def __init__(
        self, shape: tuple[int, ...], axes: tuple[int, ...], invert: bool = False
    ) -> None:
        super().__init__()
        self.axes = axes
        self.invert = invert
        self.register_buffer("mean", torch.zeros(shape))
        self.register_buffer("variance", torch.ones(shape))
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))

    def reset_parameters(self) -> None:
        self.mean.zero_()
        self.variance.fill_(1)
        self.count.zero_()

    @torch.no_grad()
    def adapt(self, data: Tensor | Iterable[Tensor | Sequence[Tensor]]) -> None:
        """Take the mean and variance of a tensor, or of batches, one after the other.

        A batch is a tensor as the layer takes it, or a sequence that begins with one.
        ``count`` becomes the number of values behind each mean.
        """
        total, mean, variance = (
            0,
            self.mean.cpu().double(),
            self.variance.cpu().double(),
        )
        for batch in (data,) if isinstance(data, Tensor) else data:
            x = batch if isinstance(batch, Tensor) else batch[0]
            x = x.to(mean.device, torch.float64)
            reduced = [axis for axis in range(x.ndim) if axis not in self.axes]
            spread, middle = torch.var_mean(x, reduced, correction=0)
            if middle.shape != mean.shape:
                message = f"data of shape {tuple(x.shape)} does not fit the layer"
                raise ValueError(message)
            number = x.numel() // middle.numel()
            total += number
            share = number / total
            away = middle - mean
            within = variance + (spread - variance) * share
            variance = within + away**2 * (share * (1 - share))
            mean = mean + away * share
        if not total:
            raise ValueError("there is no data to adapt to")
        self.mean.copy_(mean)
        self.variance.copy_(variance)
        self.count.fill_(total)

    def forward(self, x: Tensor) -> Tensor:
        shape = [x.shape[axis] if axis in self.axes else 1 for axis in range(x.ndim)]
        mean = self.mean.to(x.dtype).view(shape)
        deviation = self.variance.to(x.dtype).sqrt().clamp(min=1e-7).view(shape)
        return x * deviation + mean if self.invert else (x - mean) / deviation
