import torch
from torch.optim.optimizer import ParamsT


class Adadelta(torch.optim.Optimizer):
    """Keras's Adadelta: steps of the root mean square of the steps before, by gradient.

    d = sqrt(s + epsilon) / sqrt(a + epsilon) * g, where a and s are moving averages of
    g^2 and d^2; w -= rate * d.
    """

    def __init__(
        self,
        params: ParamsT,
        learning_rate: float = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
    ) -> None:
        super().__init__(params, {"lr": learning_rate})
        self.rho = rho
        self.epsilon = epsilon
        for group in self.param_groups:
            for p in group["params"]:
                slots = ("gradients", "steps")
                self.state[p] = {slot: torch.zeros_like(p) for slot in slots}

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update the parameters that have gradients."""
        for group in self.param_groups:
            params = [p for p in group["params"] if p.grad is not None]
            if not params:
                continue
            grads = [p.grad for p in params]
            gradients = [self.state[p]["gradients"] for p in params]
            steps = [self.state[p]["steps"] for p in params]
            torch._foreach_mul_(gradients, self.rho)
            torch._foreach_addcmul_(gradients, grads, grads, value=1 - self.rho)
            deltas = torch._foreach_add(steps, self.epsilon)
            torch._foreach_div_(deltas, torch._foreach_add(gradients, self.epsilon))
            torch._foreach_sqrt_(deltas)
            torch._foreach_mul_(deltas, grads)
            torch._foreach_mul_(steps, self.rho)
            torch._foreach_addcmul_(steps, deltas, deltas, value=1 - self.rho)
            torch._foreach_add_(params, deltas, alpha=-group["lr"])
