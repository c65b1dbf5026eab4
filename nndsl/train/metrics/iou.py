from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from nndsl.train.metrics.confusion import beside
from nndsl.train.metrics.sums import sums


class IoU:
    """The mean intersection over union of some classes, of those that occur.

    Labels and predictions are classes if they are sparse, else scores along ``axis``;
    with ``threshold`` predictions are of class 1 from there on. What is no class, or is
    ``ignore_class``, is left out. With ``whole``, as in Keras, weights are cut to whole
    numbers.
    """

    masked = False

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int] | None = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
        threshold: float | None = None,
        whole: bool = True,
        device: torch.device | str | None = None,
    ) -> None:
        chosen = range(num_classes) if target_class_ids is None else target_class_ids
        self.targets = torch.tensor(list(chosen), device=device)
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis
        self.threshold = threshold
        self.whole = whole
        self.seen = sums(num_classes, num_classes, device=device)

    def update(
        self, target: Tensor, output: Tensor, weight: Tensor | None = None
    ) -> None:
        """Add a batch; ``weight`` is (N,) or has the first axes of the labels."""
        classes = len(self.seen)
        label = target if self.sparse_y_true else target.argmax(self.axis)
        if self.threshold is not None:
            output = output >= self.threshold
        found = output if self.sparse_y_pred else output.argmax(self.axis)
        if label.numel() != found.numel():
            one, two = tuple(target.shape), tuple(output.shape)
            raise ValueError(f"labels of shape {one} do not fit outputs of {two}")
        each = torch.ones_like(label) if weight is None else beside(weight, label)
        if self.whole:
            each = each.trunc()
        label, found = label.reshape(-1).long(), found.reshape(-1).long()
        known = (label >= 0) & (label < classes) & (found >= 0) & (found < classes)
        if self.ignore_class is not None:
            known &= label != self.ignore_class
        index = torch.where(known, label * classes + found, 0)
        counted = each.reshape(-1).to(self.seen.dtype) * known
        self.seen.view(-1).index_add_(0, index, counted)

    def result(self) -> Tensor:
        """Return the mean so far; a class that is in no label or prediction is out."""
        hits = self.seen.diagonal()
        union = (self.seen.sum(0) + self.seen.sum(1) - hits)[self.targets].float()
        valid = union > 1e-9
        ratios = torch.where(valid, hits[self.targets].float() / (union + 1e-7), 0.0)
        return ratios.sum() / (valid.sum() + 1e-7)

    def reset(self) -> None:
        """Begin anew."""
        self.seen.zero_()

    def state(self) -> dict[str, Tensor]:
        """Return the sums; those of several processes add up."""
        return {"seen": self.seen}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a state."""
        self.seen.copy_(state["seen"])
