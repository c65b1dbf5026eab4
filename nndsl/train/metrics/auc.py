from collections.abc import Sequence

import torch
from torch import Tensor

from nndsl.train.metrics.confusion import Confusion, beside, is_even, ratio


class AUC(Confusion):
    """The area under the curve of ROC, PR or PR-gain, by Riemann sums over thresholds.

    The curve of PR is interpolated as Davis and Goadrich (2006) do it.
    """

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        label_weights: Sequence[float] | None = None,
        from_logits: bool = False,
        device: torch.device | str | None = None,
    ) -> None:
        steps = num_thresholds - 1
        inner = [each / steps for each in range(1, steps)]
        if thresholds is not None:
            inner = sorted(thresholds)
        even = thresholds is None or is_even([0.0, *inner, 1.0])
        chosen = [-1e-7, *inner, 1.0 + 1e-7]
        super().__init__(
            chosen, even=even, least=1, multi_label=multi_label, device=device
        )
        self.curve = curve.upper()
        self.summation_method = summation_method
        self.from_logits = from_logits
        self.label_weights = None
        if label_weights is not None:
            self.label_weights = torch.tensor(label_weights, device=device)

    def update(
        self, target: Tensor, output: Tensor, weight: Tensor | None = None
    ) -> None:
        """Add a batch; weights of labels count here, unless each has its own curve."""
        output = output.float()
        if self.from_logits:
            output = output.sigmoid()
        if self.label_weights is not None and not self.multi_label:
            each = self.label_weights.expand(output.shape)
            weight = each if weight is None else each * beside(weight, output)
        super().update(target, output, weight)

    def result(self) -> Tensor:
        """Return the area so far; of several curves their mean, weighted by label."""
        terms = self.interpolated() if self.interpolates else self.riemann()
        areas = terms.sum(-1)
        if not self.multi_label:
            return areas
        if self.label_weights is None:
            return areas.mean()
        return quotient((areas * self.label_weights).sum(), self.label_weights.sum())

    @property
    def interpolates(self) -> bool:
        """Whether precision is interpolated."""
        return self.curve == "PR" and self.summation_method == "interpolation"

    def riemann(self) -> Tensor:
        """Return the areas between thresholds."""
        x, y = self.points()
        one, two = y[..., :-1], y[..., 1:]
        if self.summation_method == "interpolation":
            heights = (one + two) / 2.0
        elif self.summation_method == "minoring":
            heights = torch.minimum(one, two)
        else:
            heights = torch.maximum(one, two)
        return (x[..., :-1] - x[..., 1:]) * heights

    def points(self) -> tuple[Tensor, Tensor]:
        """Return x and y of the curve at each threshold."""
        tp, fp, tn, fn = self.counts()
        if self.curve == "ROC":
            return ratio(fp, tn), ratio(tp, fn)
        if self.curve == "PR":
            return ratio(tp, fn), ratio(tp, fp)
        scale = quotient(tp + fn, tn + fp)
        recall_gain = 1.0 - scale * quotient(fn, tp)
        precision_gain = 1.0 - scale * quotient(fp, tp)
        recall_gain = torch.where(tp == 0, 0.0, recall_gain).clamp(min=0.0)
        return recall_gain, torch.where(tp == 0, 1.0, precision_gain)

    def interpolated(self) -> Tensor:
        """Return the areas under PR: between thresholds true positives are linear."""
        tp, fp, _, fn = self.counts()
        p = tp + fp
        gained = tp[..., :-1] - tp[..., 1:]
        before, behind = p[..., :-1], p[..., 1:]
        slope = quotient(gained, (before - behind).clamp(min=0.0))
        intercept = tp[..., 1:] - slope * behind
        both = (before > 0) & (behind > 0)
        ratios = torch.where(both, quotient(before, behind.clamp(min=0.0)), 1.0)
        area = slope * (gained + intercept * ratios.log())
        return quotient(area, (tp[..., 1:] + fn[..., 1:]).clamp(min=0.0))


def quotient(one: Tensor, two: Tensor) -> Tensor:
    """one / two, and 0 where two is 0."""
    return torch.where(two == 0, 0.0, one / two)
