import torch
from torch.optim.optimizer import ParamsT


class SGD(torch.optim.Optimizer):
    """Keras's SGD: v = momentum * v - rate * g; w += v.

    PyTorch leaves the rate out of the velocity, which differs when the rate changes.
    """

    def __init__(
        self,
        params: ParamsT,
        learning_rate: float = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        super().__init__(params, {"lr": learning_rate})
        self.momentum = momentum
        self.nesterov = nesterov
        if momentum:
            for group in self.param_groups:
                for p in group["params"]:
                    self.state[p] = {"velocity": torch.zeros_like(p)}

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update the parameters that have gradients."""
        for group in self.param_groups:
            params = [p for p in group["params"] if p.grad is not None]
            if not params:
                continue
            grads = [p.grad for p in params]
            rate = group["lr"]
            if not self.momentum:
                torch._foreach_add_(params, grads, alpha=-rate)
                continue
            velocities = [self.state[p]["velocity"] for p in params]
            torch._foreach_mul_(velocities, self.momentum)
            torch._foreach_add_(velocities, grads, alpha=-rate)
            if self.nesterov:
                torch._foreach_add_(params, grads, alpha=-rate)
                torch._foreach_add_(params, velocities, alpha=self.momentum)
            else:
                torch._foreach_add_(params, velocities)
