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
    ) -> Tensor:
        return self.with_scores(query, value, key, causal)[0]

    def with_scores(
        self,
        query: Tensor,
        value: Tensor,
        key: Tensor | None = None,
        causal: bool = False,
    ) -> tuple[Tensor, Tensor]:
        """Return the scores too, (N, …, T, S)."""
        key = value if key is None else key
        sums = torch.tanh(query.unsqueeze(-2) + key.unsqueeze(-3))
        scores = (sums if self.scale is None else self.scale * sums).sum(-1)
        if causal:
            later = torch.ones_like(scores, dtype=torch.bool).triu(1)
            scores = scores.masked_fill(later, torch.finfo(scores.dtype).min)
        scores = F.softmax(scores, dim=-1)
        dropped = F.dropout(scores, self.dropout, self.training)
        return dropped @ value, dropped
