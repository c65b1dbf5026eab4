import copy
import math

import numpy as np
from torch import Tensor, nn


class EarlyStopping:
    """Says when a value has not improved for ``patience`` epochs, as Keras's does."""

    def __init__(
        self,
        patience: int = 0,
        min_delta: float = 0.0,
        larger_is_better: bool = False,
        baseline: float | None = None,
        start_from_epoch: int = 0,
        restore_best_weights: bool = False,
    ) -> None:
        self.patience = patience
        self.min_delta = abs(min_delta)
        self.sign = -1.0 if larger_is_better else 1.0
        self.baseline = baseline
        self.start_from_epoch = start_from_epoch
        self.restore_best_weights = restore_best_weights
        self.best: float | None = None
        self.wait = 0
        self.weights: dict[str, Tensor] = {}

    def stops(self, epoch: int, value: float, model: nn.Module) -> bool:
        """Return whether training ends; ``weights`` are those of the best epoch."""
        if epoch < self.start_from_epoch:
            return False
        self.wait += 1
        improved = self.is_better(value, self.best)
        if self.restore_best_weights and (improved or not self.weights):
            self.weights = copy.deepcopy(model.state_dict())
        if not improved:
            return self.wait >= self.patience and epoch > 0
        self.best = value
        if self.baseline is None or self.is_better(value, self.baseline):
            self.wait = 0
        return False

    def is_better(self, value: float, reference: float | None) -> bool:
        """Return whether a value is better than another, in float32; NaN never is."""
        if reference is None:
            return not math.isnan(value)
        value = self.sign * value + self.min_delta
        return bool(np.float32(value) < np.float32(self.sign * reference))
