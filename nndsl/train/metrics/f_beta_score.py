from collections.abc import Mapping

import torch
from torch import Tensor

from nndsl.train.losses.aligned import aligned
from nndsl.train.metrics.sums import sums


class FBetaScore:
    """The weighted harmonic mean of precision and recall, for each class of (N, C).

    Without a threshold the largest prediction of a row is positive, ties included.
    ``average`` is "micro" (one score of all counts), "macro", "weighted" or None.
    """

    masked = False

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        device: torch.device | str | None = None,
    ) -> None:
        self.average = average
        self.beta = beta
        self.threshold = threshold
        self.seen = sums(3, 1, device=device)

    def update(
        self, target: Tensor, output: Tensor, weight: Tensor | None = None
    ) -> None:
        """Add a batch. Raises ValueError for what is not (N, C)."""
        target, output = aligned(target.to(output.dtype), output)
        if output.dim() != 2:
            shape = tuple(output.shape)
            raise ValueError(f"an F-score takes outputs (N, C), not of shape {shape}")
        if self.threshold is None:
            largest = output >= output.amax(-1, keepdim=True)
            positive = (largest & (output.abs() > 1e-9)).to(target.dtype)
        else:
            positive = (output > self.threshold).to(target.dtype)
        counts = torch.stack(
            (positive * target, positive * (1 - target), (1 - positive) * target)
        )
        if weight is not None:
            counts = counts * weight.reshape(-1, 1)
        if self.average == "micro":
            self.seen += counts.sum((1, 2)).unsqueeze(1)
        else:
            self.seen = self.seen + counts.sum(1)

    def result(self) -> Tensor:
        """Return the score so far, or that of each class."""
        tp, fp, fn = self.seen.float()
        precision = tp / (tp + fp + 1e-7)
        recall = tp / (tp + fn + 1e-7)
        square = self.beta**2
        mean = precision * recall / (square * precision + recall + 1e-7)
        score: Tensor = mean * (1 + square)
        if self.average == "weighted":
            score = (score * ((tp + fn) / ((tp + fn).sum() + 1e-7))).sum()
        elif self.average is not None:
            score = score.mean()
        return score

    def reset(self) -> None:
        """Begin anew."""
        self.seen.zero_()

    def state(self) -> dict[str, Tensor]:
        """Return the sums; those of several processes add up."""
        return {"seen": self.seen}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a state."""
        self.seen = state["seen"].to(self.seen, copy=True)
