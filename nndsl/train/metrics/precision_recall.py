from collections.abc import Sequence

import torch
from torch import Tensor

from nndsl.train.metrics.confusion import Confusion, ratio

KINDS = ("true_positives", "false_positives", "true_negatives", "false_negatives")


class ConfusionCount(Confusion):
    """One of the four counts: a number, or one for each threshold."""

    def __init__(
        self,
        kind: str,
        thresholds: Sequence[float] | None = None,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__(thresholds or (0.5,), device=device)
        self.kind = KINDS.index(kind)

    def result(self) -> Tensor:
        """Return the count so far."""
        return single(self.counts()[self.kind])


class Precision(Confusion):
    """True positives over all that were predicted to be positive; 0/0 is 0."""

    def __init__(
        self,
        thresholds: Sequence[float] | None = None,
        top_k: int | None = None,
        class_id: int | None = None,
        device: torch.device | str | None = None,
    ) -> None:
        default = (0.5,) if top_k is None else (-1e10,)
        chosen = thresholds or default
        super().__init__(chosen, top_k=top_k, class_id=class_id, device=device)

    def result(self) -> Tensor:
        """Return the precision so far."""
        tp, fp, _, _ = self.counts()
        return single(ratio(tp, fp))


class Recall(Precision):
    """True positives over all that are positive; 0/0 is 0."""

    def result(self) -> Tensor:
        """Return the recall so far."""
        tp, _, _, fn = self.counts()
        return single(ratio(tp, fn))


class BestUnder(Confusion):
    """The best of one measure among thresholds at which another reaches a value.

    The measures are "precision", "recall" (or "sensitivity") and "specificity".
    """

    def __init__(
        self,
        best: str,
        other: str,
        value: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        device: torch.device | str | None = None,
    ) -> None:
        steps = num_thresholds - 1
        chosen = [each / steps for each in range(num_thresholds)] if steps else [0.5]
        super().__init__(chosen, even=steps > 0, class_id=class_id, device=device)
        self.best = best
        self.other = other
        self.value = value

    def result(self) -> Tensor:
        """Return the best so far, or 0."""
        best, other = self.measure(self.best), self.measure(self.other)
        return torch.where(other >= self.value, best, 0.0).amax()

    def measure(self, name: str) -> Tensor:
        """Return a measure at each threshold."""
        tp, fp, tn, fn = self.counts()
        if name == "precision":
            return ratio(tp, fp)
        return ratio(tn, fp) if name == "specificity" else ratio(tp, fn)


def single(values: Tensor) -> Tensor:
    """Return the only value as a number, or all."""
    return values[0] if len(values) == 1 else values
