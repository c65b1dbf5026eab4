from typing import Any

from torch import Tensor


class Log:
    """Losses and metrics over the samples of an epoch."""

    def __init__(self, metrics: dict[str, Any]) -> None:
        self.metrics = metrics
        self.sums: dict[str, float] = {}
        self.samples = 0

    def add(self, values: dict[str, Tensor], samples: int) -> None:
        """Add the means over the samples of a batch."""
        for name, value in values.items():
            self.sums[name] = self.sums.get(name, 0.0) + value.item() * samples
        self.samples += samples

    def results(self) -> dict[str, Any]:
        """Return the means and metrics so far."""
        means = {name: total / self.samples for name, total in self.sums.items()}
        results = {name: each.result().tolist() for name, each in self.metrics.items()}
        return means | results
