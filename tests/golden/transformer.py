"""Transformer, written by nndsl."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class MultiHeadAttention(nn.Module):
    """Multi-head attention of (N, …, T, query_size) to (N, …, S, value_size)."""

    def __init__(
        self,
        query_size: int,
        heads: int,
        key_dim: int,
        value_dim: int | None = None,
        value_size: int | None = None,
        key_size: int | None = None,
        output_size: int | None = None,
        bias: bool = True,
        dropout: float = 0.0,
        window: int | None = None,
        gated: bool = False,
    ) -> None:
        super().__init__()
        self.heads = heads
        self.dropout = dropout
        self.window = window
        value_size = value_size or query_size
        values = heads * (value_dim or key_dim)
        self.query = nn.Linear(query_size, heads * key_dim, bias)
        self.key = nn.Linear(key_size or value_size, heads * key_dim, bias)
        self.gate = nn.Linear(query_size, values, bias) if gated else None
        self.value = nn.Linear(value_size, values, bias)
        self.output = nn.Linear(values, output_size or query_size, bias)

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
        y = F.scaled_dot_product_attention(q, k, v, mask, dropout, causal)
        return self.merged(y, query)

    def with_scores(
        self,
        query: Tensor,
        value: Tensor,
        key: Tensor | None = None,
        mask: Tensor | None = None,
        causal: bool = False,
    ) -> tuple[Tensor, Tensor]:
        """Return the scores too, (N, heads, T, S)."""
        q, k, v = self.projected(query, value, value if key is None else key)
        scores = q @ k.mT / q.shape[-1] ** 0.5
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
            layer(x).unflatten(-1, (self.heads, -1)).transpose(-2, -3)
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
        y = y.transpose(-2, -3).flatten(-2)
        if self.gate is not None:
            y = y * torch.sigmoid(self.gate(query))
        result: Tensor = self.output(y)
        return result


class Mixer(nn.Module):
    """(N, T, 64) float32 -> (N, T, 64) float32."""

    def __init__(self) -> None:
        super().__init__()
        self.multi_head_attention = MultiHeadAttention(64, heads=4, key_dim=16)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        nn.init.xavier_uniform_(self.multi_head_attention.query.weight)
        nn.init.zeros_(self.multi_head_attention.query.bias)
        nn.init.xavier_uniform_(self.multi_head_attention.key.weight)
        nn.init.zeros_(self.multi_head_attention.key.bias)
        nn.init.xavier_uniform_(self.multi_head_attention.value.weight)
        nn.init.zeros_(self.multi_head_attention.value.bias)
        nn.init.xavier_uniform_(self.multi_head_attention.output.weight)
        nn.init.zeros_(self.multi_head_attention.output.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.multi_head_attention(x, x, causal=True)  # (N, T, 64)


class PreNorm(nn.Module):
    """(N, T, 64) float32 -> (N, T, 64) float32."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self._rate = rate
        self.inner = Mixer()
        self.layer_normalization = nn.LayerNorm(64, eps=0.001)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        self.layer_normalization.reset_parameters()

    def forward(self, x: Tensor) -> Tensor:
        y = self.layer_normalization(x)  # (N, T, 64)
        y = self.inner(y)  # (N, T, 64)
        y = F.dropout(y, self._rate, self.training)  # (N, T, 64)
        return x + y  # (N, T, 64)


class PreNorm2(nn.Module):
    """(N, T, 64) float32 -> (N, T, 64) float32."""

    def __init__(self) -> None:
        super().__init__()
        self.inner_dense = nn.Linear(64, 256)
        self.inner_dense_1 = nn.Linear(256, 64)
        self.layer_normalization = nn.LayerNorm(64, eps=0.001)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        for layer in (self.inner_dense, self.inner_dense_1):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
        self.layer_normalization.reset_parameters()

    def forward(self, x: Tensor) -> Tensor:
        y = self.layer_normalization(x)  # (N, T, 64)
        y = F.gelu(self.inner_dense(y))  # (N, T, 256)
        y = self.inner_dense_1(y)  # (N, T, 64)
        y = F.dropout(y, 0.1, self.training)  # (N, T, 64)
        return x + y  # (N, T, 64)


class PreNorm3(nn.Module):
    """(N, T, 64) float32 -> (N, T, 64) float32."""

    def __init__(self) -> None:
        super().__init__()
        self.layer_normalization = nn.LayerNorm(64, eps=0.001)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        self.layer_normalization.reset_parameters()

    def forward(self, x: Tensor, inner: nn.Module) -> Tensor:
        y = self.layer_normalization(x)  # (N, T, 64)
        y = F.gelu(inner(y))  # (N, T, 64)
        y = F.dropout(y, 0.1, self.training)  # (N, T, 64)
        return x + y  # (N, T, 64)


class Transformer(nn.Module):
    """(N, T) int64 -> (N, T, 1000) float32."""

    def __init__(self) -> None:
        super().__init__()
        self.x_embedding = nn.Embedding(1000, 64)
        self.x_position_embedding = nn.Embedding(128, 64)
        self.mixer = nn.Linear(64, 64)
        self.x_1_pre_norm = nn.ModuleList(
            PreNorm(rate) for rate in (0.1, 0.2, 0.30000000000000004, 0.4)
        )
        self.x_1_pre_norm_1 = nn.ModuleList(PreNorm2() for _ in range(4))
        self.x_1_pre_norm_2 = nn.ModuleList(PreNorm3() for _ in range(4))
        self.logits_layer_normalization = nn.LayerNorm(64, eps=0.001)
        self.logits_dense = nn.Linear(64, 1000, bias=False)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        nn.init.uniform_(self.x_embedding.weight, -0.05, 0.05)
        for layer in (self.x_position_embedding, self.logits_dense):
            nn.init.xavier_uniform_(layer.weight)
        nn.init.xavier_uniform_(self.mixer.weight)
        nn.init.zeros_(self.mixer.bias)
        self.logits_layer_normalization.reset_parameters()

    def forward(self, tokens: Tensor) -> Tensor:
        if tokens.dim() != 2:
            raise ValueError(
                f"tokens must be of shape (N, T), not {tuple(tokens.shape)}"
            )
        T = tokens.shape[1]
        if T > 128:
            raise ValueError(
                "T must be at most 128 (PositionEmbedding(128), line 17), not " + str(T)
            )
        x = self.x_embedding(tokens)  # (N, T, 64)
        x = x + self.x_position_embedding.weight[: x.shape[1]]  # (N, T, 64)
        for x_1_pre_norm, x_1_pre_norm_1, x_1_pre_norm_2 in zip(
            self.x_1_pre_norm, self.x_1_pre_norm_1, self.x_1_pre_norm_2
        ):
            x = x_1_pre_norm(x)  # (N, T, 64)
            x = x_1_pre_norm_1(x)  # (N, T, 64)
            x = x_1_pre_norm_2(x, self.mixer)  # (N, T, 64)
        logits = self.logits_layer_normalization(x)  # (N, T, 64)
        return self.logits_dense(logits)  # (N, T, 1000)
