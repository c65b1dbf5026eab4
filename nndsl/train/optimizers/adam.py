import math

import torch
from torch.optim.optimizer import ParamsT


def correction(beta: float, step: int) -> float:
    """Return 1 - beta ** step as Keras's float32 gives it, a multiple of 2 ** -24."""
    single = round(beta * 2**24) / 2**24
    return round((1 - single**step) * 2**24) / 2**24


class Adam(torch.optim.Optimizer):
    """Keras's Adam: w -= rate * sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + epsilon).

    PyTorch adds epsilon to the corrected root of v, Keras to the plain one. PyTorch's
    fused kernel, told that it is at step infinity, corrects nothing; the rate does.
    """

    def __init__(
        self,
        params: ParamsT,
        learning_rate: float = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
    ) -> None:
        super().__init__(params, {"lr": learning_rate, "step": 0})
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.amsgrad = amsgrad
        slots = ["momentum", "velocity"] + (["greatest"] if amsgrad else [])
        for group in self.param_groups:
            device = group["params"][0].device
            group["infinity"] = torch.full((), math.inf, device=device)
            for p in group["params"]:
                self.state[p] = {slot: torch.zeros_like(p) for slot in slots}

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update the parameters that have gradients, of their parameters' strides."""
        for group in self.param_groups:
            group["step"] += 1
            params = [p for p in group["params"] if p.grad is not None]
            if not params:
                continue
            states = [self.state[p] for p in params]
            first = correction(self.beta_1, group["step"])
            second = correction(self.beta_2, group["step"])
            torch._fused_adam_(
                params,
                [p.grad for p in params],
                [state["momentum"] for state in states],
                [state["velocity"] for state in states],
                [state["greatest"] for state in states] if self.amsgrad else [],
                [group["infinity"]] * len(params),
                lr=group["lr"] * math.sqrt(second) / first,
                beta1=self.beta_1,
                beta2=self.beta_2,
                weight_decay=0.0,
                eps=self.epsilon,
                amsgrad=self.amsgrad,
                maximize=False,
            )
