from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from nndsl.train.metrics.sums import sums
from nndsl.train.metrics.weighed import weighed, weights_of_steps

Values = Callable[[Tensor, Tensor], Tensor]


class Average:
    """The mean of values over all samples: Σ w·v / Σ w, or 0 if nothing counts.

    ``values`` gives those of targets and outputs, (N,) or (N, …); ``mean`` gives the
    mean of all at once, if there is such a function. ``valid`` tells, by targets and
    values, which count where there are weights, as in Keras. Outputs come without
    gradients.
    """

    masked = True

    def __init__(
        self,
        values: Values,
        mean: Values | None = None,
        valid: Values | None = None,
        device: torch.device | str | None = None,
    ) -> None:
        self.values = values
        self.mean = mean
        self.valid = valid
        self.total = sums(device=device)
        self.weight = sums(device=device)
        self.samples = 0.0

    def update(
        self, target: Tensor, output: Tensor, weight: Tensor | None = None
    ) -> None:
        """Add a batch; ``weight`` is (N,) or (N, T)."""
        if weight is not None:
            values = self.values(target, output)
            if self.valid is not None:
                weight = weights_of_steps(self.valid(target, values), weight)
            total, weight = weighed(values, weight)
            self.total += total
            self.weight += weight
            return
        samples = len(output)
        if self.mean is not None:
            self.total.add_(self.mean(target, output), alpha=samples)
        else:
            values = self.values(target, output)
            # The loss of a batch as a whole counts once, as in Keras.
            samples = len(values) if values.dim() else 1
            self.total.add_(values.sum(), alpha=samples / max(values.numel(), 1))
        self.samples += samples

    def result(self) -> Tensor:
        """Return the mean so far."""
        count = self.weight + self.samples
        return torch.where(count == 0, 0.0, self.total / count)

    def reset(self) -> None:
        """Begin anew."""
        self.total.zero_()
        self.weight.zero_()
        self.samples = 0.0

    def state(self) -> dict[str, Tensor]:
        """Return the sums; those of several processes add up."""
        return {"total": self.total, "count": self.weight + self.samples}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a state."""
        self.total.copy_(state["total"])
        self.weight.copy_(state["count"])
        self.samples = 0.0
