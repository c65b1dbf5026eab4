import torch


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Give an optimizer a learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = float(rate)
