import torch
import torch.nn.functional as F
from torch import Tensor, nn


class GroupQueryAttention(nn.Module):
    """Attention of (N, T, query_size) to (N, S, value_size).

    Groups of query heads share one head of keys and values.
    """

    def __init__(
        self,
        query_size: int,
        query_heads: int,
        key_value_heads: int,
        head_dim: int,
        value_size: int | None = None,
        key_size: int | None = None,
        bias: bool = True,
        dropout: float = 0.0,
        window: int | None = None,
        gated: bool = False,
    ) -> None:
        super().__init__()
        self.head_dim = head_dim
        self.dropout = dropout
        self.window = window
        value_size = value_size or query_size
        width, shared = query_heads * head_dim, key_value_heads * head_dim
        self.query = nn.Linear(query_size, width, bias)
        self.key = nn.Linear(key_size or value_size, shared, bias)
        self.gate = nn.Linear(query_size, width, bias) if gated else None
        self.value = nn.Linear(value_size, shared, bias)
        self.output = nn.Linear(width, query_size, bias)

    def forward(
        self,
        query: Tensor,
        value: Tensor,
        key: Tensor | None = None,
        mask: Tensor | None = None,
        causal: bool = False,
    ) -> Tensor:
        q, k, v = self.projected(query, value, value if key is None else key)
        if mask is not None or self.window is not None:
            mask, causal = self.allowed(q, k, mask, causal), False
            if not self.dropout:  # where all is masked, the mean of the values
                least = torch.finfo(q.dtype).min
                mask = q.new_zeros(mask.shape).masked_fill(~mask, least)
        dropout = self.dropout if self.training else 0.0
        y = F.scaled_dot_product_attention(
            q, k, v, mask, dropout, causal, enable_gqa=True
        )
        return self.merged(y, query)

    def with_scores(
        self,
        query: Tensor,
        value: Tensor,
        key: Tensor | None = None,
        mask: Tensor | None = None,
        causal: bool = False,
    ) -> tuple[Tensor, Tensor]:
        """Return the scores too, (N, query_heads, T, S)."""
        q, k, v = self.projected(query, value, value if key is None else key)
        group = q.shape[1] // k.shape[1]
        k, v = k.repeat_interleave(group, 1), v.repeat_interleave(group, 1)
        scores = q @ k.mT / self.head_dim**0.5
        if mask is not None or causal or self.window is not None:
            masked = ~self.allowed(q, k, mask, causal)
            scores = scores.masked_fill(masked, torch.finfo(q.dtype).min)
            scores = F.softmax(scores, dim=-1).masked_fill(masked, 0)
        else:
            scores = F.softmax(scores, dim=-1)
        y = F.dropout(scores, self.dropout, self.training) @ v
        return self.merged(y, query), scores

    def projected(self, *inputs: Tensor) -> list[Tensor]:
        layers = self.query, self.value, self.key
        q, v, k = (
            layer(x).unflatten(-1, (-1, self.head_dim)).transpose(1, 2)
            for layer, x in zip(layers, inputs, strict=True)
        )
        return [q, k, v]

    def allowed(
        self, q: Tensor, k: Tensor, mask: Tensor | None, causal: bool
    ) -> Tensor:
        near = q.new_ones(q.shape[-2], k.shape[-2], dtype=torch.bool)
        if self.window is not None:
            near = near.tril(self.window - 1).triu(1 - self.window)
        if causal:
            near = near.tril()
        if mask is None:
            return near
        return near & (mask.unsqueeze(1) if mask.dim() == 3 else mask).bool()

    def merged(self, y: Tensor, query: Tensor) -> Tensor:
        y = y.transpose(1, 2).flatten(2)
        if self.gate is not None:
            y = y * torch.sigmoid(self.gate(query))
        result: Tensor = self.output(y)
        return result
