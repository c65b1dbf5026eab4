"""The losses of a part of a batch, so that their mean over all processes is the loss of the batch."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from nndsl.compiler import Compiled
from nndsl.train.batch import Batch
from nndsl.train.distributed.parts import Part
from nndsl.train.distributed.processes import Processes
from nndsl.train.errors import TrainingError
from nndsl.train.losses import LossFunction
from nndsl.train.losses.reduced import reduced
from nndsl.train.objective import Objective


class PartObjective(Objective):
    """An objective that is given parts: of R processes each has the sum over its samples · R / n of the batch.

    What n is, is asked of the other processes where masks or weights decide it. Penalties on weights are the same
    everywhere. A function of Python that gives one number counts by its samples.
    """

    def __init__(self, compiled: Compiled, losses: Mapping[str, LossFunction], processes: Processes) -> None:
        super().__init__(compiled, losses)
        self._processes = processes
        check_divisible(compiled, losses)

    def _mean(self, loss: Tensor, batch: Batch) -> Tensor:
        assert isinstance(batch, Part)
        return loss * batch.share(self._processes.count)

    def _reduced(
        self,
        values: Tensor,
        weight: Tensor | None,
        mask: Tensor | None,
        valid: Tensor | None,
        reduction: str | None,
        batch: Batch,
    ) -> Tensor:
        assert isinstance(batch, Part)
        by_weight = reduction == "mean_with_sample_weight" and weight is not None
        if reduction not in ("sum_over_batch_size", "mean", "mean_with_sample_weight"):
            total = reduced(values, weight, mask, valid, "sum")
            return total * (0 if batch.idle else self._processes.count)
        if values.dim() == 0 or (mask is None and valid is None and not by_weight):
            return self._mean(reduced(values, weight, mask, valid, reduction), batch)
        total = reduced(values, weight, mask, valid, "sum")
        ones = torch.ones_like(values, requires_grad=False)
        count = reduced(ones, weight if by_weight else None, mask, valid, "sum") * (0 if batch.idle else 1)
        whole = self._processes.sum(count.detach().clone())
        return total * (0 if batch.idle else self._processes.count) / torch.where(whole == 0, 1.0, whole)


def check_divisible(compiled: Compiled, losses: Mapping[str, LossFunction]) -> None:
    """Raise TrainingError (E1233) for a loss that looks at all samples of a batch at once."""
    assert compiled.compile is not None
    for (name, _), recipe in zip(compiled.model.outputs, compiled.compile.losses, strict=True):
        kind = type(recipe).__name__
        if recipe is None or name in losses or not (kind == "Circle" or getattr(recipe, "axis", -1) is None):
            continue
        message = f"`{kind}`, the loss of `{name}`, looks at a batch as a whole, which several processes divide"
        help = "train in one process"
        if kind != "Circle":
            help += f", or give the axes of a sample, such as `{kind}(axis=(1, 2, 3))`"
        raise TrainingError("E1233", message, help)
