from collections.abc import Mapping

import torch
from torch import Tensor

from nndsl.train.metrics.sums import sums
from nndsl.train.metrics.weighed import weighed


class Sum:
    """The weighted sum of an output over all samples and elements."""

    masked = True

    def __init__(self, device: torch.device | str | None = None) -> None:
        self.total = sums(device=device)

    def update(
        self, target: Tensor | None, output: Tensor, weight: Tensor | None = None
    ) -> None:
        """Add a batch; the targets mean nothing."""
        if weight is None:
            self.total += output.sum()
            return
        total, _ = weighed(output, weight)
        self.total.add_(total, alpha=output.numel() // max(len(output), 1))

    def result(self) -> Tensor:
        """Return the sum so far."""
        return self.total.clone()

    def reset(self) -> None:
        """Begin anew."""
        self.total.zero_()

    def state(self) -> dict[str, Tensor]:
        """Return the sum; those of several processes add up."""
        return {"total": self.total}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a state."""
        self.total.copy_(state["total"])
