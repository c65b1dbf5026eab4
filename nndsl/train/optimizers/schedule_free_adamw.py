import torch
from torch.optim.optimizer import ParamsT


def correction(beta: float, step: int) -> float:
    """Return 1 - beta ** step as Keras's float32 gives it, a multiple of 2 ** -24."""
    single = round(beta * 2**24) / 2**24
    return round((1 - single**step) * 2**24) / 2**24


class ScheduleFreeAdamW(torch.optim.Optimizer):
    """Keras's ScheduleFreeAdamW (Defazio et al., 2024), by its formula.

    z takes Adam's steps without momentum, x is the mean of all z, and the weights are
    between them: y = (1 - b1) * z + b1 * x. Only z is kept: x follows from y and z.
    """

    def __init__(
        self,
        params: ParamsT,
        learning_rate: float = 0.0025,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        warmup_steps: int = 0,
    ) -> None:
        super().__init__(params, {"lr": learning_rate, "step": 0})
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.warmup_steps = warmup_steps
        for group in self.param_groups:
            for p in group["params"]:
                z, velocity = p.detach().clone(), torch.zeros_like(p)
                self.state[p] = {"momentum": z, "velocity": velocity}

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update the parameters that have gradients."""
        for group in self.param_groups:
            group["step"] += 1
            params = [p for p in group["params"] if p.grad is not None]
            if not params:
                continue
            step, rate = group["step"], group["lr"]
            if step < self.warmup_steps:
                rate *= step / self.warmup_steps
            grads = [p.grad for p in params]
            zs = [self.state[p]["momentum"] for p in params]
            velocities = [self.state[p]["velocity"] for p in params]
            torch._foreach_mul_(velocities, self.beta_2)
            torch._foreach_addcmul_(velocities, grads, grads, value=1 - self.beta_2)
            roots = torch._foreach_div(velocities, correction(self.beta_2, step))
            torch._foreach_sqrt_(roots)
            torch._foreach_add_(roots, self.epsilon)
            # b1 * x = y - (1 - b1) * z, and the mean moves by 1 / t to the new z.
            torch._foreach_add_(params, zs, alpha=self.beta_1 - 1)
            torch._foreach_mul_(params, 1 - 1 / step)
            torch._foreach_addcdiv_(zs, grads, roots, value=-rate)
            torch._foreach_add_(params, zs, alpha=1 - self.beta_1 + self.beta_1 / step)
