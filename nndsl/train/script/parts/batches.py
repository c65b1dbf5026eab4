from collections.abc import Iterator, Sequence

import torch
from torch import Tensor


def batches(
    data: Sequence[Tensor], size: int, order: Tensor | None = None
) -> Iterator[list[Tensor]]:
    """Yield rows of tensors, so many at once, in an order or in their own."""
    rows = torch.arange(len(data[0])) if order is None else order
    for chosen in torch.split(rows.to(data[0].device), size):
        yield [each[chosen] for each in data]
