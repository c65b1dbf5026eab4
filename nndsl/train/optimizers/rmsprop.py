import torch
from torch.optim.optimizer import ParamsT


class RMSprop(torch.optim.Optimizer):
    """Keras's RMSprop: v = rho * v + (1 - rho) * g^2; w -= rate * g / sqrt(v + eps).

    PyTorch adds eps to the root, and leaves the rate out of the momentum.
    """

    def __init__(
        self,
        params: ParamsT,
        learning_rate: float = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
    ) -> None:
        super().__init__(params, {"lr": learning_rate})
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered
        slots = ["velocity"]
        slots += ["momentum"] if momentum else []
        slots += ["average_gradient"] if centered else []
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p] = {slot: torch.zeros_like(p) for slot in slots}

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update the parameters that have gradients."""
        for group in self.param_groups:
            params = [p for p in group["params"] if p.grad is not None]
            if not params:
                continue
            grads = [p.grad for p in params]
            velocities = [self.state[p]["velocity"] for p in params]
            torch._foreach_mul_(velocities, self.rho)
            torch._foreach_addcmul_(velocities, grads, grads, value=1 - self.rho)
            roots = torch._foreach_add(velocities, self.epsilon)
            if self.centered:
                averages = [self.state[p]["average_gradient"] for p in params]
                torch._foreach_mul_(averages, self.rho)
                torch._foreach_add_(averages, grads, alpha=1 - self.rho)
                torch._foreach_addcmul_(roots, averages, averages, value=-1)
            torch._foreach_sqrt_(roots)
            if self.momentum:
                momenta = [self.state[p]["momentum"] for p in params]
                torch._foreach_mul_(momenta, self.momentum)
                torch._foreach_addcdiv_(momenta, grads, roots, value=group["lr"])
                torch._foreach_add_(params, momenta, alpha=-1)
            else:
                torch._foreach_addcdiv_(params, grads, roots, value=-group["lr"])
