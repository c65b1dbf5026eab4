"""Tagger, written by nndsl."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def mean_cosine(rows: Tensor) -> Tensor:
    """Return the mean of the absolute cosines between the rows of a matrix."""
    rows = F.normalize(rows, dim=1, eps=1e-7)
    count = rows.shape[0]
    return (rows @ rows.T).triu(1).abs().sum() / (count * (count - 1) / 2)


def limit_norm_(
    weight: Tensor,
    dim: int | tuple[int, ...],
    least: float = 0.0,
    most: float = 1.0,
    rate: float = 1.0,
) -> Tensor:
    """Scale a weight in place so that its norms along ``dim`` come into a range.

    At a ``rate`` below 1 they come nearer to it by that share.
    """
    norms = torch.linalg.vector_norm(weight, dim=dim, keepdim=True)
    wanted = norms.lerp(norms.clamp(least, most), rate)
    return weight.mul_(wanted / (norms + 1e-7))


def last_valid(y: Tensor, mask: Tensor) -> Tensor:
    """For each step what the valid ones, one behind the other, have given so far.

    That is 0 before the first of them.
    """
    counts = mask.cumsum(1).unsqueeze(-1).expand(-1, -1, y.shape[-1])
    return F.pad(y, (0, 0, 1, 0)).gather(1, counts)


def valid_first(x: Tensor, mask: Tensor) -> Tensor:
    """The valid steps of (N, T, …) one behind the other, and zeros behind them."""
    steps = mask.shape[1]
    places = torch.where(mask, mask.cumsum(1) - 1, steps).unsqueeze(-1).expand_as(x)
    moved = x.new_zeros(x.shape[0], steps + 1, x.shape[2])
    return moved.scatter(1, places, x)[:, :-1]


def masked_recurrence(
    module: Callable[..., Any], x: Tensor, mask: Tensor, state: Any = None
) -> Tensor:
    """The outputs of a recurrent module of one direction, which skips masked steps.

    A masked step repeats the output before it; the first ones are 0.
    """
    return last_valid(module(valid_first(x, mask), state)[0], mask)


class Feed(nn.Module):
    """(N, T, 32) float32 -> (N, T, 32) float32."""

    def __init__(self, decay: float) -> None:
        super().__init__()
        self._decay = decay
        self.y_dense = nn.Linear(32, 64)
        self.y_dense_1 = nn.Linear(64, 32)
        self.layer_normalization = nn.LayerNorm(32, eps=0.001)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        for layer in (self.y_dense, self.y_dense_1):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
        self.layer_normalization.reset_parameters()

    def regularization_loss(self) -> Tensor:
        """Return the sum of the penalties on weights."""
        return (
            self._decay * self.y_dense.weight.square().sum()
            + self._decay * self.y_dense_1.weight.square().sum()
        )

    @torch.no_grad()
    def constrain(self) -> None:
        """Bring the weights back to what their constraints allow."""
        limit_norm_(self.y_dense.weight, 1, most=2)
        self.layer_normalization.weight.clamp_(min=0)

    def forward(self, x: Tensor, losses: list[Tensor] | None = None) -> Tensor:
        y = F.gelu(self.y_dense(x))  # (N, T, 64)
        y = self.y_dense_1(y)  # (N, T, 32)
        if losses is not None:
            losses.append(
                (1e-05 * y.abs().sum() + 0.0001 * y.square().sum()) / y.shape[0]
            )
        y = x + y  # (N, T, 32)
        return self.layer_normalization(y)  # (N, T, 32)


class Tagger(nn.Module):
    """(N, T) int64 -> (N, T, 7) float32."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(500, 32)
        self.feed = nn.ModuleList([Feed(0.0001), *(Feed(0.001) for _ in range(2))])
        self.gru = nn.GRU(32, 16, batch_first=True)
        self.tags = nn.Linear(16, 7)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        nn.init.uniform_(self.embedding.weight, -0.05, 0.05)
        nn.init.xavier_uniform_(self.gru.weight_ih_l0)
        nn.init.orthogonal_(self.gru.weight_hh_l0)
        nn.init.zeros_(self.gru.bias_ih_l0)
        nn.init.zeros_(self.gru.bias_hh_l0)
        nn.init.xavier_uniform_(self.tags.weight)
        nn.init.zeros_(self.tags.bias)

    def regularization_loss(self) -> Tensor:
        """Return the sum of the penalties on weights."""
        loss = (
            0.001 * mean_cosine(self.embedding.weight.T)
            + 0.01 * self.gru.bias_ih_l0.abs().sum()
            + 0.01 * self.gru.bias_hh_l0.abs().sum()
        )
        for layer in self.feed:
            loss = loss + layer.regularization_loss()
        return loss

    @torch.no_grad()
    def constrain(self) -> None:
        """Bring the weights back to what their constraints allow."""
        for layer in self.feed:
            layer.constrain()
        limit_norm_(self.gru.weight_hh_l0, 1, least=1, most=1)
        rows = limit_norm_(
            torch.stack((self.gru.bias_ih_l0, self.gru.bias_hh_l0)), 0, least=1, most=1
        )
        self.gru.bias_ih_l0.copy_(rows[0])
        self.gru.bias_hh_l0.copy_(rows[1])

    def forward(
        self,
        tokens: Tensor,
        losses: list[Tensor] | None = None,
        extras: dict[str, Tensor] | None = None,
    ) -> Tensor:
        if tokens.dim() != 2:
            raise ValueError(
                f"tokens must be of shape (N, T), not {tuple(tokens.shape)}"
            )
        mask = tokens != 0  # (N, T)
        x = self.embedding(tokens)  # (N, T, 32)
        for layer in self.feed:
            x = layer(x, losses)  # (N, T, 32)
        if losses is not None:
            losses.append(0.0001 * x.abs().sum() / x.shape[0])
        x = masked_recurrence(self.gru, x, mask)  # (N, T, 16)
        tags = F.softmax(self.tags(x), dim=-1)  # (N, T, 7)
        if extras is not None:
            extras["tags_mask"] = mask
        return tags

    def forward_with_extras(self, tokens: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the outputs, with the activity loss and the masks of outputs."""
        losses: list[Tensor] = []
        extras: dict[str, Tensor] = {}
        outputs = self(tokens, losses, extras)
        return outputs, {"activity_loss": torch.stack(losses).sum(), **extras}
