from collections.abc import Callable

import torch
from torch import Tensor


def resample(
    x: Tensor,
    size: tuple[int, int],
    kernel: Callable[[Tensor], Tensor],
    antialias: bool = False,
) -> Tensor:
    """Resize images, (N, C, height, width), by a kernel of distances in pixels.

    Pixels are placed by their centres, and what lies outside counts for nothing.
    ``antialias`` stretches the kernel over the pixels that become one.
    """
    weights: list[Tensor] = []
    for have, want in zip(x.shape[2:], size, strict=True):
        scale = have / want
        places = torch.arange(want, device=x.device, dtype=x.dtype)
        pixels = torch.arange(have, device=x.device, dtype=x.dtype)
        distance = ((places[:, None] + 0.5) * scale - 0.5 - pixels).abs()
        found = kernel(distance / max(scale, 1.0) if antialias else distance)
        weights.append(found / found.sum(1, keepdim=True))
    rows, columns = weights
    return rows @ x @ columns.T
