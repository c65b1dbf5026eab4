import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT


def correction(beta: float, step: int) -> float:
    """Return 1 - beta ** step as Keras's float32 gives it, a multiple of 2 ** -24."""
    single = round(beta * 2**24) / 2**24
    return round((1 - single**step) * 2**24) / 2**24


class Lamb(torch.optim.Optimizer):
    """Keras's Lamb: Adam's step, scaled to the norm of the variable that it changes.

    Each variable is a group of its own; its norm is taken over all parameters of the
    group. They all have the rate of the first.
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
                slots = ("momentum", "velocity")
                self.state[p] = {slot: torch.zeros_like(p) for slot in slots}

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update the parameters that have gradients."""
        params, groups = [], []
        for number, group in enumerate(self.param_groups):
            group["step"] += 1
            used = [p for p in group["params"] if p.grad is not None]
            params += used
            groups += [number] * len(used)
        if not params:
            return
        rate, step = self.param_groups[0]["lr"], self.param_groups[0]["step"]
        grads = [p.grad for p in params]
        momenta = [self.state[p]["momentum"] for p in params]
        velocities = [self.state[p]["velocity"] for p in params]
        torch._foreach_lerp_(momenta, grads, 1 - self.beta_1)
        torch._foreach_mul_(velocities, self.beta_2)
        torch._foreach_addcmul_(velocities, grads, grads, value=1 - self.beta_2)
        roots = torch._foreach_div(velocities, correction(self.beta_2, step))
        torch._foreach_sqrt_(roots)
        torch._foreach_add_(roots, self.epsilon)
        updates = list(torch._foreach_div(momenta, correction(self.beta_1, step)))
        torch._foreach_div_(updates, roots)
        owners = torch.tensor(groups, device=params[0].device)
        weights, changes = self._norms(params, owners), self._norms(updates, owners)
        ratios = (weights / changes).where((weights > 0) & (changes > 0), 1.0)
        torch._foreach_mul_(updates, list(ratios[owners].unbind()))
        torch._foreach_add_(params, updates, alpha=-rate)

    def _norms(self, tensors: list[Tensor], owners: Tensor) -> Tensor:
        norms = torch.stack(torch._foreach_norm(tensors))
        squares = norms.new_zeros(len(self.param_groups))
        return squares.index_add_(0, owners, norms.square()).sqrt()
