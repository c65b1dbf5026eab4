import torch


@torch.no_grad()
def decay_groups(
    optimizer: torch.optim.Optimizer, matrices: float, others: float
) -> None:
    """Shrink the weights, Muon's matrices by a share of their own."""
    for group in optimizer.param_groups:
        decay = matrices if group["axes"] else others
        for p in group["params"]:
            if p.grad is not None:
                p.mul_(1 - decay * group["lr"])
