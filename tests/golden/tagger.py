"""Tagger, written by nndsl."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Tagger(nn.Module):
    """(N, T) int64, (N, 2) float32 -> (N, T, 7) float32, (N, 1) float32."""

    def __init__(self) -> None:
        super().__init__()
        self.start = nn.Linear(2, 32)
        self.words = nn.Embedding(500, 32)
        self.sequence = nn.GRU(32, 32, batch_first=True)
        self.both_bidirectional = nn.LSTM(32, 16, batch_first=True, bidirectional=True)
        self.both_time_distributed = nn.Linear(32, 24)
        self.tags = nn.Linear(24, 7)
        self.summary = nn.Linear(32, 1)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        for layer in (self.start, self.both_time_distributed, self.tags, self.summary):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
        nn.init.uniform_(self.words.weight, -0.05, 0.05)
        nn.init.xavier_uniform_(self.sequence.weight_ih_l0)
        nn.init.orthogonal_(self.sequence.weight_hh_l0)
        nn.init.zeros_(self.sequence.bias_ih_l0)
        nn.init.zeros_(self.sequence.bias_hh_l0)
        nn.init.xavier_uniform_(self.both_bidirectional.weight_ih_l0)
        nn.init.orthogonal_(self.both_bidirectional.weight_hh_l0)
        nn.init.zeros_(self.both_bidirectional.bias_ih_l0)
        nn.init.zeros_(self.both_bidirectional.bias_hh_l0.requires_grad_(False))
        nn.init.xavier_uniform_(self.both_bidirectional.weight_ih_l0_reverse)
        nn.init.orthogonal_(self.both_bidirectional.weight_hh_l0_reverse)
        nn.init.zeros_(self.both_bidirectional.bias_ih_l0_reverse)
        nn.init.zeros_(self.both_bidirectional.bias_hh_l0_reverse.requires_grad_(False))
        nn.init.ones_(self.both_bidirectional.bias_ih_l0[16:32])
        nn.init.ones_(self.both_bidirectional.bias_ih_l0_reverse[16:32])

    def forward(self, tokens: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        if tokens.dim() != 2:
            raise ValueError(
                f"tokens must be of shape (N, T), not {tuple(tokens.shape)}"
            )
        if lengths.shape[1:] != (2,):
            raise ValueError(
                f"lengths must be of shape (N, 2), not {tuple(lengths.shape)}"
            )
        start = torch.tanh(self.start(lengths))  # (N, 32)
        words = self.words(tokens)  # (N, T, 32)
        sequence, h = self.sequence(words, start[None])
        last = h[0]  # (N, 32)
        both = self.both_bidirectional(sequence)[0]  # (N, T, 32)
        both_1 = both.flatten(0, 1)  # (N, 32)
        both_1 = self.both_time_distributed(both_1)  # (N, 24)
        both_1 = F.relu(both_1)  # (N, 24)
        both = both_1.unflatten(0, (-1, both.shape[1]))  # (N, T, 24)
        tags = F.softmax(self.tags(both), dim=-1)  # (N, T, 7)
        summary = torch.sigmoid(self.summary(last))  # (N, 1)
        return tags, summary
