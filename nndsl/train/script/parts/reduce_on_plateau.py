import math

import numpy as np


class ReduceOnPlateau:
    """Lowers a rate when a value has not improved for ``patience`` epochs."""

    def __init__(
        self,
        factor: float = 0.1,
        patience: int = 10,
        larger_is_better: bool = False,
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        self.factor = factor
        self.patience = patience
        self.sign = -1.0 if larger_is_better else 1.0
        self.min_delta = abs(min_delta)
        self.cooldown = cooldown
        self.min_lr = min_lr
        self.best = math.inf
        self.wait = 0
        self.resting = 0

    def rate(self, value: float, rate: float) -> float:
        """Return the rate of the next epoch."""
        value *= self.sign
        if self.resting:
            self.resting -= 1
            self.wait = 0
        if np.float32(value + self.min_delta) < np.float32(self.best):
            self.best = value
            self.wait = 0
        elif not self.resting:
            self.wait += 1
            single = float(np.float32(rate))
            if self.wait >= self.patience and single > float(np.float32(self.min_lr)):
                self.resting = self.cooldown
                self.wait = 0
                return max(single * self.factor, self.min_lr)
        return rate
