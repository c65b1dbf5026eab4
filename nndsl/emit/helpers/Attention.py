import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Attention(nn.Module):
    """Attention of (N, …, T, size) to (N, …, S, values) by products.

    With ``concat`` a score is no product, but the weighted sum of tanh(query + key).
    """

    def __init__(
        self, scaled: bool = False, concat: bool = False, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.dropout = dropout
        self.scale = nn.Parameter(torch.ones(())) if scaled else None
        self.concat_score_weight = nn.Parameter(torch.ones(())) if concat else None

    def forward(
        self,
        query: Tensor,
        value: Tensor,
        key: Tensor | None = None,
        causal: bool = False,
    ) -> Tensor:
        if self.concat_score_weight is not None:
            return self.with_scores(query, value, key, causal)[0]
        key = value if key is None else key
        query = query if self.scale is None else query * self.scale
        dropout = self.dropout if self.training else 0.0
        return F.scaled_dot_product_attention(
            query, key, value, None, dropout, causal, scale=1.0
        )

    def with_scores(
        self,
        query: Tensor,
        value: Tensor,
        key: Tensor | None = None,
        causal: bool = False,
    ) -> tuple[Tensor, Tensor]:
        """Return the scores too, (N, …, T, S)."""
        key = value if key is None else key
        scale = 1.0 if self.scale is None else self.scale
        if self.concat_score_weight is None:
            scores = query @ key.mT * scale
        else:
            sums = query.unsqueeze(-2) + key.unsqueeze(-3)
            scores = self.concat_score_weight * torch.tanh(scale * sums).sum(-1)
        if causal:
            later = torch.ones_like(scores, dtype=torch.bool).triu(1)
            scores = scores.masked_fill(later, torch.finfo(scores.dtype).min)
        scores = F.softmax(scores, dim=-1)
        dropped = F.dropout(scores, self.dropout, self.training)
        return dropped @ value, dropped
