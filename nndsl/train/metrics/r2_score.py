import warnings
from collections.abc import Mapping

import torch
from torch import Tensor

from nndsl.train.losses.aligned import aligned
from nndsl.train.metrics.sums import sums


class R2Score:
    """1 - Σ(y - p)² / Σ(y - mean y)², for each column of (N, D), then their mean.

    ``class_aggregation`` is "uniform_average", "variance_weighted_average" or None; the
    score is adjusted for ``num_regressors``, if there are samples enough.
    """

    masked = False

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        device: torch.device | str | None = None,
    ) -> None:
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors
        self.seen = sums(4, 1, device=device)
        self.elements = 0

    def update(
        self, target: Tensor, output: Tensor, weight: Tensor | None = None
    ) -> None:
        """Add a batch. Raises ValueError for what is not (N, D)."""
        y, p = aligned(target.to(output.dtype), output)
        if y.dim() != 2:
            shape = tuple(y.shape)
            raise ValueError(f"R² takes outputs (N, D), not of shape {shape}")
        y, p = y.to(self.seen.dtype), p.to(self.seen.dtype)
        w = torch.ones_like(y)
        if weight is not None:
            w = weight.reshape(len(weight), -1).to(y.dtype).expand_as(y)
        found = torch.stack((w * y, w * y * y, w * (y - p).square(), w))
        self.seen = self.seen + found.sum(1)
        self.elements += y.numel()

    def result(self) -> Tensor:
        """Return the score so far, or that of each column."""
        total, squares, residual, count = self.seen
        variance = squares - total * total / count
        scores: Tensor = 1.0 - residual / variance
        scores = torch.where(scores.isinf(), 0.0, scores)
        if self.class_aggregation == "uniform_average":
            scores = scores.mean()
        elif self.class_aggregation == "variance_weighted_average":
            scores = (variance * scores).sum() / variance.sum()
        n, regressors = self.elements, self.num_regressors
        if regressors and n - 1 > regressors:
            scores = 1.0 - (1.0 - scores) * (n - 1) / (n - regressors - 1)
        elif regressors and n:
            message = f"{n} values are too few to adjust R² for {regressors} regressors"
            warnings.warn(message, stacklevel=2)
        return scores

    def reset(self) -> None:
        """Begin anew."""
        self.seen.zero_()
        self.elements = 0

    def state(self) -> dict[str, Tensor]:
        """Return the sums; those of several processes add up."""
        return {"seen": self.seen, "elements": self.seen.new_tensor(self.elements)}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a state."""
        self.seen = state["seen"].to(self.seen, copy=True)
        self.elements = int(state["elements"])
