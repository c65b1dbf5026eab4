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
        mask: Tensor | None = None,
    ) -> Tensor:
        if self.concat_score_weight is not None:
            return self.with_scores(query, value, key, causal, mask)[0]
        key = value if key is None else key
        query = query if self.scale is None else query * self.scale
        dropout = self.dropout if self.training else 0.0
        bias = None if mask is None else self.bias(query, key, causal, mask)
        causal = causal and mask is None
        return F.scaled_dot_product_attention(
            query, key, value, bias, dropout, causal, scale=1.0
        )

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
        scale = 1.0 if self.scale is None else self.scale
        if self.concat_score_weight is None:
            scores = query @ key.mT * scale
        else:
            sums = query.unsqueeze(-2) + key.unsqueeze(-3)
            scores = self.concat_score_weight * torch.tanh(scale * sums).sum(-1)
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
