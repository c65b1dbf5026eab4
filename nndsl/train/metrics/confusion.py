from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from nndsl.train.losses.aligned import aligned
from nndsl.train.metrics.sums import sums


class Confusion:
    """True and false positives and negatives at thresholds, strictly exceeded.

    Samples are counted by their label (0, or anything else) and by how many of the T
    thresholds they exceed; all counts of all thresholds follow from these when they are
    read. ``least`` is how many each exceeds: those below 0. ``top_k`` leaves the
    k largest predictions of the last axis, ``class_id`` one class; with
    ``multi_label`` each class of the last axis is counted by itself.
    """

    masked = False

    def __init__(
        self,
        thresholds: Sequence[float] = (0.5,),
        *,
        even: bool | None = None,
        least: int = 0,
        top_k: int | None = None,
        class_id: int | None = None,
        multi_label: bool = False,
        device: torch.device | str | None = None,
    ) -> None:
        ordered, order = torch.tensor(thresholds, device=device).sort()
        self.thresholds = ordered
        self.places = order.argsort()
        self.even = is_even(thresholds) if even is None else even
        self.least = least
        self.top_k = top_k
        self.class_id = class_id
        self.multi_label = multi_label
        self.seen = sums(1, 2, len(thresholds) + 1, device=device)

    def update(
        self, target: Tensor, output: Tensor, weight: Tensor | None = None
    ) -> None:
        """Add a batch; ``weight`` is (N,) or has the first axes of the outputs."""
        target, output = aligned(target, output.float(), False)
        if self.top_k is not None:
            values, indices = output.topk(min(self.top_k, output.shape[-1]))
            lowest = torch.full_like(output, -1e10)
            output = lowest.scatter(-1, indices, values)
        if self.class_id is not None:
            target = target[..., self.class_id]
            output = output[..., self.class_id]
        width = self.seen.shape[-1]
        index = self.exceeded(output) + (target != 0) * width
        if self.multi_label:
            classes = output.shape[-1]
            if len(self.seen) != classes:
                self.seen = sums(classes, 2, width, device=output.device)
            index = index + torch.arange(classes, device=output.device) * (2 * width)
        if weight is None:
            weight = self.seen.new_ones(()).expand(index.shape)
        else:
            weight = beside(weight, index).to(self.seen.dtype)
        self.seen.view(-1).index_add_(0, index.reshape(-1), weight.reshape(-1))

    def exceeded(self, output: Tensor) -> Tensor:
        """Return how many thresholds each output exceeds, as int64; NaN none."""
        output = output.nan_to_num(-torch.inf)
        if not self.even:
            return torch.bucketize(output, self.thresholds)
        counts = (output.clamp(0.0, 1.0) * (len(self.thresholds) - 1)).ceil()
        return counts.long().clamp(min=self.least)

    def counts(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return true positives, false positives, true negatives, false negatives.

        Each is (T,), or with ``multi_label`` (classes, T), in float32.
        """
        exceeding = self.seen.flip(-1).cumsum(-1).flip(-1)
        predicted = exceeding[..., 1:][..., self.places]
        rest = exceeding[..., :1] - predicted
        if not self.multi_label:
            predicted, rest = predicted[0], rest[0]
        (fp, tp), (tn, fn) = predicted.unbind(-2), rest.unbind(-2)
        return tp.float(), fp.float(), tn.float(), fn.float()

    def reset(self) -> None:
        """Begin anew."""
        self.seen.zero_()

    def state(self) -> dict[str, Tensor]:
        """Return the sums; those of several processes add up."""
        return {"seen": self.seen}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a state."""
        self.seen = state["seen"].to(self.seen, copy=True)


def is_even(thresholds: Sequence[float]) -> bool:
    """Return whether thresholds are 0, 1/(T - 1), …, 1, as near as Keras takes it."""
    last = len(thresholds) - 1
    if last < 2:
        return False
    pairs = ((each, number / last) for number, each in enumerate(thresholds))
    return all(abs(one - two) <= 1e-7 + 1e-5 * two for one, two in pairs)


def beside(weight: Tensor, values: Tensor) -> Tensor:
    """Return weights for each of the values: they have the first axes of these."""
    if weight.dim() > values.dim() and weight.shape[-1] == 1:
        weight = weight.squeeze(-1)
    missing = values.dim() - weight.dim()
    return weight.reshape(*weight.shape, *(1,) * missing).expand_as(values)


def ratio(part: Tensor, rest: Tensor) -> Tensor:
    """part / (part + rest), and 0 where both are 0."""
    whole = part + rest
    return torch.where(whole == 0, 0.0, part / whole)
