import torch


@torch.no_grad()
def decay_weights(optimizer: torch.optim.Optimizer, decay: float) -> None:
    """Shrink the weights by a share of themselves, apart from the gradients."""
    for group in optimizer.param_groups:
        for p in group["params"]:
            if p.grad is not None:
                p.mul_(1 - decay * group["lr"])
