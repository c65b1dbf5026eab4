from torch import Tensor


class Log:
    """The means of losses and metrics over the samples of an epoch."""

    def __init__(self) -> None:
        self.sums: dict[str, float] = {}
        self.samples = 0

    def add(self, values: dict[str, Tensor], samples: int) -> None:
        """Add the means over the samples of a batch."""
        for name, value in values.items():
            self.sums[name] = self.sums.get(name, 0.0) + value.item() * samples
        self.samples += samples

    def results(self) -> dict[str, float]:
        """Return the means so far."""
        return {name: total / self.samples for name, total in self.sums.items()}
