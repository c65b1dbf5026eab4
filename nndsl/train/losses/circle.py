import torch
import torch.nn.functional as F
from torch import Tensor


def circle(
    target: Tensor,
    output: Tensor,
    gamma: float = 80.0,
    margin: float = 0.4,
    remove_diagonal: bool = True,
) -> Tensor:
    """Circle loss of normalized embeddings (N, D) with labels (N,). (Sun et al., 2020)

    It is 0 for a sample that has no other of its class, or none of another class.
    """
    distances = (1.0 - output @ output.T).clamp(min=0.0)
    alike = target[:, None] == target
    others = ~alike
    if remove_diagonal:
        alike = alike & ~torch.eye(len(target), dtype=torch.bool, device=target.device)
    pulled = ((margin + distances) * alike).clamp(min=0.0)
    pushed = ((1.0 + margin - distances) * others).clamp(min=0.0)
    positive = -gamma * pulled * (margin - distances)
    negative = gamma * pushed * (1.0 - margin - distances)
    positive = positive.masked_fill(~alike, -torch.inf).logsumexp(1)
    negative = negative.masked_fill(~others, -torch.inf).logsumexp(1)
    return F.softplus(positive + negative)
