import torch
from torch.optim.optimizer import ParamsT


class Adagrad(torch.optim.Optimizer):
    """Keras's Adagrad: a += g^2; w -= rate * g / sqrt(a + epsilon).

    PyTorch adds epsilon to the root.
    """

    def __init__(
        self,
        params: ParamsT,
        learning_rate: float = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
    ) -> None:
        super().__init__(params, {"lr": learning_rate})
        self.epsilon = epsilon
        for group in self.param_groups:
            for p in group["params"]:
                start = torch.full_like(p, initial_accumulator_value)
                self.state[p] = {"accumulator": start}

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update the parameters that have gradients."""
        for group in self.param_groups:
            params = [p for p in group["params"] if p.grad is not None]
            if not params:
                continue
            grads = [p.grad for p in params]
            accumulators = [self.state[p]["accumulator"] for p in params]
            torch._foreach_addcmul_(accumulators, grads, grads)
            roots = torch._foreach_add(accumulators, self.epsilon)
            torch._foreach_sqrt_(roots)
            torch._foreach_addcdiv_(params, grads, roots, value=-group["lr"])
