import torch
import torch.nn.functional as F
from torch import Tensor, nn


class AdditiveAttention(nn.Module):
    """Attention of (N, …, T, size) to (N, …, S, size), scored by tanh(query + key)."""

    def __init__(self, size: int, scaled: bool = True, dropout: float = 0.0) -> None:
        super().__init__()
        self.dropout = dropout
        self.scale = nn.Parameter(torch.ones(size)) if scaled else None

    def forward(
        self,
        query: Tensor,
        value: Tensor,
        key: Tensor | None = None,
        causal: bool = False,
        mask: Tensor | None = None,
    ) -> Tensor:
        return self.with_scores(query, value, key, causal, mask)[0]

    def with_scores(
        self,
        query: Tensor,
        value: Tensor,
        key: Tensor | None = None,
        causal: bool = False,
        mask: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Return the scores too, (N, …, T, S)."""
        key = value if key is None else key
        sums = torch.tanh(query.unsqueeze(-2) + key.unsqueeze(-3))
        scores = (sums if self.scale is None else self.scale * sums).sum(-1)
        if causal or mask is not None:
            scores = scores + self.bias(query, key, causal, mask)
        scores = F.softmax(scores, dim=-1)
        dropped = F.dropout(scores, self.dropout, self.training)
        return dropped @ value, dropped

    def bias(
        self, query: Tensor, key: Tensor, causal: bool, mask: Tensor | None
    ) -> Tensor:
        shape = query.shape[-2], key.shape[-2]
        allowed = torch.ones(shape, dtype=torch.bool, device=query.device)
        if causal:
            allowed = allowed.tril()
        if mask is not None:
            allowed = allowed & mask.unsqueeze(-2)
        bias = torch.zeros(allowed.shape, dtype=query.dtype, device=query.device)
        return bias.masked_fill(~allowed, max(-1e9, torch.finfo(query.dtype).min))
