import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT

Axes = tuple[tuple[int, ...], tuple[int, ...]] | None


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


class Adafactor(torch.optim.Optimizer):
    """Keras's Adafactor: second moments as the product of a row and a column.

    The rate is at most 1 / sqrt(t), whatever Keras's relative_step says, there too.
    Each variable is a group of its own, which tells in "axes", as (shape, order), how
    Keras's view comes from a parameter: the last two axes of it are factored.
    """

    def __init__(
        self,
        params: ParamsT,
        learning_rate: float = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 0.001,
        clip_threshold: float = 1.0,
    ) -> None:
        super().__init__(params, {"lr": learning_rate, "step": 0, "axes": None})
        self.beta_2_decay = beta_2_decay
        self.epsilon_1 = epsilon_1
        self.epsilon_2 = epsilon_2
        self.clip_threshold = clip_threshold
        for group in self.param_groups:
            zeros = torch.zeros_like(as_keras(group["params"], group["axes"]))
            first = group["params"][0]
            if zeros.ndim < 2:
                self.state[first] = {"velocity": zeros}
            else:
                row, column = zeros[..., 0].clone(), zeros[..., 0, :].clone()
                self.state[first] = {"row": row, "column": column}

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update the variables that have gradients."""
        for group in self.param_groups:
            group["step"] += 1
            params, axes = group["params"], group["axes"]
            if any(p.grad is None for p in params):
                continue
            rate = min(group["lr"], 1 / math.sqrt(group["step"]))
            weight = as_keras(params, axes)
            update = self._update(
                as_keras([p.grad for p in params], axes),
                self.state[params[0]],
                group["step"] ** self.beta_2_decay,
            )
            update *= weight.square().mean().sqrt().clamp(min=self.epsilon_2) * rate
            torch._foreach_sub_(params, as_torch(update, params, axes))

    def _update(
        self, gradient: Tensor, state: dict[str, Tensor], share: float
    ) -> Tensor:
        squares = gradient.square() + self.epsilon_1
        if "velocity" in state:
            velocity = state["velocity"].lerp_(squares, share)
        else:
            row = state["row"].lerp_(squares.mean(-1), share)
            column = state["column"].lerp_(squares.mean(-2), share)
            scaled = row / row.mean(-1, keepdim=True)
            velocity = scaled.unsqueeze(-1) * column.unsqueeze(-2)
        update = gradient / velocity.sqrt()
        size = update.square().mean().sqrt()
        return update / (size / self.clip_threshold).clamp(min=1)
