import torch
from torch.optim.optimizer import ParamsT


class Ftrl(torch.optim.Optimizer):
    """Keras's Ftrl, follow the regularized leader (McMahan et al., 2013).

    The weights follow from the sums alone: w = (clip(z, -l1, l1) - z) / quadratic, with
    quadratic = n^-power / rate + 2 * l2, where n sums g^2 and z the shifted gradients.
    """

    def __init__(
        self,
        params: ParamsT,
        learning_rate: float = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
    ) -> None:
        super().__init__(params, {"lr": learning_rate})
        self.power = -learning_rate_power
        self.l1 = l1_regularization_strength
        self.l2 = l2_regularization_strength
        self.shrinkage = l2_shrinkage_regularization_strength
        self.beta = beta
        for group in self.param_groups:
            for p in group["params"]:
                start = torch.full_like(p, initial_accumulator_value)
                linear = torch.zeros_like(p)
                self.state[p] = {"accumulator": start, "linear": linear}

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update the parameters that have gradients; a rate of 0 changes nothing."""
        for group in self.param_groups:
            params = [p for p in group["params"] if p.grad is not None]
            rate = group["lr"]
            if not params or rate == 0:
                continue
            grads = [p.grad for p in params]
            accumulators = [self.state[p]["accumulator"] for p in params]
            linears = [self.state[p]["linear"] for p in params]
            before = torch._foreach_pow(accumulators, self.power)
            torch._foreach_addcmul_(accumulators, grads, grads)
            quadratics = torch._foreach_pow(accumulators, self.power)
            # Differences of large numbers follow: in the order of Keras, for its bits.
            shifts = torch._foreach_sub(quadratics, before)
            torch._foreach_div_(shifts, rate)
            torch._foreach_mul_(shifts, params)
            gradients = torch._foreach_add(grads, params, alpha=2 * self.shrinkage)
            torch._foreach_sub_(gradients, shifts)
            torch._foreach_add_(linears, gradients)
            torch._foreach_div_(quadratics, rate)
            torch._foreach_add_(quadratics, 2 * self.l2 + self.beta / rate)
            clipped = torch._foreach_clamp_min(linears, -self.l1)
            torch._foreach_clamp_max_(clipped, self.l1)
            torch._foreach_sub_(clipped, linears)
            torch._foreach_div_(clipped, quadratics)
            torch._foreach_copy_(params, clipped)
