import torch
from torch.optim.optimizer import ParamsT


class Lion(torch.optim.Optimizer):
    """Keras's Lion: w -= rate · sign(b1·m + (1 - b1)·g); m = b2·m + (1 - b2)·g."""

    def __init__(
        self,
        params: ParamsT,
        learning_rate: float = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
    ) -> None:
        super().__init__(params, {"lr": learning_rate})
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p] = {"momentum": torch.zeros_like(p)}

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update the parameters that have gradients."""
        for group in self.param_groups:
            params = [p for p in group["params"] if p.grad is not None]
            if not params:
                continue
            grads = [p.grad for p in params]
            momenta = [self.state[p]["momentum"] for p in params]
            # The sign jumps where the sum is near 0: summed as Keras sums, not by lerp.
            signs = torch._foreach_mul(momenta, self.beta_1)
            torch._foreach_add_(signs, grads, alpha=1 - self.beta_1)
            torch._foreach_sign_(signs)
            torch._foreach_add_(params, signs, alpha=-group["lr"])
            torch._foreach_mul_(momenta, self.beta_2)
            torch._foreach_add_(momenta, grads, alpha=1 - self.beta_2)
