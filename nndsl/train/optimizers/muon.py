import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT

Axes = tuple[tuple[int, ...], tuple[int, ...]] | None


def correction(beta: float, step: int) -> float:
    """Return 1 - beta ** step as Keras's float32 gives it, a multiple of 2 ** -24."""
    single = round(beta * 2**24) / 2**24
    return round((1 - single**step) * 2**24) / 2**24


def as_keras(tensors: Sequence[Tensor], axes: Axes) -> Tensor:
    """Return a variable as Keras holds it: reshaped, permuted, its parts stacked."""
    views = list(tensors)
    if axes:
        views = [tensor.reshape(axes[0]).permute(axes[1]) for tensor in tensors]
    return views[0] if len(views) == 1 else torch.stack(views)


def as_torch(value: Tensor, params: Sequence[Tensor], axes: Axes) -> list[Tensor]:
    """Return the parts of what is shaped as Keras's variable, each as its parameter."""
    parts = [value] if len(params) == 1 else list(value.unbind())
    if axes:
        order = [axes[1].index(axis) for axis in range(len(axes[1]))]
        parts = [part.permute(order) for part in parts]
    return [part.reshape(p.shape) for part, p in zip(parts, params, strict=True)]


class Muon(torch.optim.Optimizer):
    """Keras's Muon: the momenta of matrices, made orthogonal by Newton and Schulz.

    A group with "axes" is one variable, of which they tell, as (shape, order), how
    Keras's view comes from a parameter; the parameters of other groups are Adam's.
    """

    def __init__(
        self,
        params: ParamsT,
        learning_rate: float = 0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        epsilon: float = 1e-7,
        muon_a: float = 3.4445,
        muon_b: float = -4.775,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1.0,
        momentum: float = 0.95,
        ns_steps: int = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
    ) -> None:
        super().__init__(params, {"lr": learning_rate, "step": 0, "axes": None})
        self.adam_betas = (adam_beta_1, adam_beta_2)
        self.epsilon = epsilon
        self.coefficients = (muon_a, muon_b, muon_c)
        self.adam_lr_ratio = adam_lr_ratio
        self.momentum = momentum
        self.ns_steps = ns_steps
        self.nesterov = nesterov
        self.rms_rate = rms_rate
        for group in self.param_groups:
            device = group["params"][0].device
            group["infinity"] = torch.full((), math.inf, device=device)
            slots = ("momentum",) if group["axes"] else ("momentum", "velocity")
            for p in group["params"]:
                self.state[p] = {slot: torch.zeros_like(p) for slot in slots}

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update the parameters that have gradients, of their parameters' strides."""
        for group in self.param_groups:
            group["step"] += 1
            params = [p for p in group["params"] if p.grad is not None]
            if not group["axes"]:
                self._step_of_adam(group, params)
            elif len(params) == len(group["params"]):
                self._step_of_matrix(group, params)

    def _step_of_matrix(self, group: dict[str, Any], params: list[Any]) -> None:
        grads = [p.grad for p in params]
        momenta = [self.state[p]["momentum"] for p in params]
        torch._foreach_mul_(momenta, self.momentum)
        torch._foreach_add_(momenta, grads)
        if self.nesterov:
            momenta = list(torch._foreach_mul(momenta, self.momentum))
            torch._foreach_add_(momenta, grads)
        update = self._orthogonal(as_keras(momenta, group["axes"]))
        rate = group["lr"]
        if self.rms_rate is not None:
            rate *= math.sqrt(max(update.shape)) * self.rms_rate
        parts = as_torch(update, params, group["axes"])
        torch._foreach_add_(params, parts, alpha=-rate)

    def _orthogonal(self, x: Tensor) -> Tensor:
        a, b, c = self.coefficients
        tall = x.shape[0] > x.shape[1]
        x = x.mT if tall else x
        x = x / (x.norm() + 1e-7)
        for _ in range(self.ns_steps):
            square = x @ x.mT
            x = a * x + (b * square + c * square @ square) @ x
        return x.mT if tall else x

    def _step_of_adam(self, group: dict[str, Any], params: list[Any]) -> None:
        if not params:
            return
        # PyTorch's kernel at step infinity corrects no bias: the rate does.
        beta_1, beta_2 = self.adam_betas
        first = correction(beta_1, group["step"])
        second = correction(beta_2, group["step"])
        rate = group["lr"] * self.adam_lr_ratio
        torch._fused_adam_(
            params,
            [p.grad for p in params],
            [self.state[p]["momentum"] for p in params],
            [self.state[p]["velocity"] for p in params],
            [],
            [group["infinity"]] * len(params),
            lr=rate * math.sqrt(second) / first,
            beta1=beta_1,
            beta2=beta_2,
            weight_decay=0.0,
            eps=self.epsilon,
            amsgrad=False,
            maximize=False,
        )
