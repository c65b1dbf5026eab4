import torch
import torch.nn.functional as F
from torch import Tensor

from nndsl.train.losses.aligned import aligned
from nndsl.train.metrics.average import Average


class RootMeanSquaredError(Average):
    """The root of the mean squared error of all samples together."""

    masked = False

    def __init__(self, device: torch.device | str | None = None) -> None:
        super().__init__(squared_error, device=device)

    def result(self) -> Tensor:
        """Return the root of the mean so far."""
        return super().result().sqrt()


def squared_error(target: Tensor, output: Tensor) -> Tensor:
    """(y - p)² of each element."""
    target, output = aligned(target.to(output.dtype), output, False)
    return F.mse_loss(output, target, reduction="none")
