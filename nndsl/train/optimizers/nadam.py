import math

import torch
from torch.optim.optimizer import ParamsT


def correction(beta: float, step: int) -> float:
    """Return 1 - beta ** step as Keras's float32 gives it, a multiple of 2 ** -24."""
    single = round(beta * 2**24) / 2**24
    return round((1 - single**step) * 2**24) / 2**24


class Nadam(torch.optim.Optimizer):
    """Keras's Nadam: Adam with Nesterov's momentum b1 * (1 - 0.5 * 0.96^t) at step t.

    The products of these momenta correct the bias of m, 1 - b2^t that of v.
    """

    def __init__(
        self,
        params: ParamsT,
        learning_rate: float = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
    ) -> None:
        super().__init__(params, {"lr": learning_rate, "step": 0, "product": 1.0})
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        for group in self.param_groups:
            for p in group["params"]:
                slots = ("momentum", "velocity")
                self.state[p] = {slot: torch.zeros_like(p) for slot in slots}

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update the parameters that have gradients."""
        for group in self.param_groups:
            group["step"] += 1
            current = self.beta_1 * (1 - 0.5 * 0.96 ** group["step"])
            following = self.beta_1 * (1 - 0.5 * 0.96 ** (group["step"] + 1))
            group["product"] *= current
            params = [p for p in group["params"] if p.grad is not None]
            if not params:
                continue
            grads = [p.grad for p in params]
            momenta = [self.state[p]["momentum"] for p in params]
            velocities = [self.state[p]["velocity"] for p in params]
            torch._foreach_lerp_(momenta, grads, 1 - self.beta_1)
            torch._foreach_mul_(velocities, self.beta_2)
            torch._foreach_addcmul_(velocities, grads, grads, value=1 - self.beta_2)
            roots = torch._foreach_sqrt(velocities)
            second = correction(self.beta_2, group["step"])
            torch._foreach_div_(roots, math.sqrt(second))
            torch._foreach_add_(roots, self.epsilon)
            share = following / (1 - group["product"] * following)
            means = torch._foreach_mul(momenta, share)
            share = (1 - current) / (1 - group["product"])
            torch._foreach_add_(means, grads, alpha=share)
            torch._foreach_addcdiv_(params, means, roots, value=-group["lr"])
