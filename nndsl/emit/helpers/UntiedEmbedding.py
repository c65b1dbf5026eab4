import torch
from torch import nn


class UntiedEmbedding(nn.Embedding):
    """An embedding with a second table for the way back, from rows to integers."""

    def __init__(self, num_embeddings: int, embedding_dim: int) -> None:
        super().__init__(num_embeddings, embedding_dim)
        self.reverse_embeddings = nn.Parameter(torch.empty_like(self.weight))
