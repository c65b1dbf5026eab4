from typing import Any

from torch import nn


class Scored(nn.Module):
    """An attention that gives its scores too."""

    def __init__(self, attention: Any) -> None:
        super().__init__()
        self.attention = attention

    def forward(self, *inputs: Any, **keywords: Any) -> Any:
        return self.attention.with_scores(*inputs, **keywords)
