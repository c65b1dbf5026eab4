import torch
import torch.nn.functional as F
from torch import Tensor


def ctc(target: Tensor, output: Tensor) -> Tensor:
    """Connectionist temporal classification of logits (N, T, C); class 0 is the blank.

    The labels are (N, L), each row filled up with 0.
    """
    steps = torch.full((len(output),), output.shape[1], device=output.device)
    counts = (target != 0).sum(-1)
    log_p = F.log_softmax(output.transpose(0, 1), dim=-1)
    return F.ctc_loss(log_p, target, steps, counts, reduction="none")
