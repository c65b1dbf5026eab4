import torch
from torch.optim.optimizer import ParamsT


def correction(beta: float, step: int) -> float:
    """Return 1 - beta ** step as Keras's float32 gives it, a multiple of 2 ** -24."""
    single = round(beta * 2**24) / 2**24
    return round((1 - single**step) * 2**24) / 2**24


class Adamax(torch.optim.Optimizer):
    """Keras's Adamax: u = max(b2 * u, |g|); w -= rate / (1 - b1^t) * m / (u + epsilon).

    PyTorch adds epsilon to |g|, inside the maximum.
    """

    def __init__(
        self,
        params: ParamsT,
        learning_rate: float = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
    ) -> None:
        super().__init__(params, {"lr": learning_rate, "step": 0})
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        for group in self.param_groups:
            for p in group["params"]:
                slots = ("momentum", "norm")
                self.state[p] = {slot: torch.zeros_like(p) for slot in slots}

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update the parameters that have gradients."""
        for group in self.param_groups:
            group["step"] += 1
            params = [p for p in group["params"] if p.grad is not None]
            if not params:
                continue
            grads = [p.grad for p in params]
            momenta = [self.state[p]["momentum"] for p in params]
            norms = [self.state[p]["norm"] for p in params]
            torch._foreach_lerp_(momenta, grads, 1 - self.beta_1)
            torch._foreach_mul_(norms, self.beta_2)
            torch._foreach_maximum_(norms, torch._foreach_abs(grads))
            rate = group["lr"] / correction(self.beta_1, group["step"])
            divisors = torch._foreach_add(norms, self.epsilon)
            torch._foreach_addcdiv_(params, momenta, divisors, value=-rate)
