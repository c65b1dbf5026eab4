"""Operations, written by nndsl."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Attend(nn.Module):
    """(N, T, 8) float32 -> (N, T, 8) float32."""

    def __init__(self, width: int, value: float) -> None:
        super().__init__()
        self._value = value
        self.query = nn.Linear(8, width, bias=False)
        self.key = nn.Linear(8, width, bias=False)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        for layer in (self.query, self.key):
            nn.init.xavier_uniform_(layer.weight)

    def forward(self, x: Tensor) -> Tensor:
        T = x.shape[1]
        query = self.query(x)  # (N, T, width)
        key = self.key(x)  # (N, T, width)
        scores = key.permute(0, 2, 1)  # (N, width, T)
        scores = query @ scores  # (N, T, T)
        scores = scores / self._value  # (N, T, T)
        steps = torch.arange(T, dtype=torch.int32, device=x.device)  # (T,)
        seen = steps.unsqueeze(1)  # (T, 1)
        seen_1 = steps.unsqueeze(0)  # (1, T)
        seen = seen >= seen_1  # (T, T)
        weights = torch.where(seen, scores, -1000000000.0)  # (N, T, T)
        weights = weights.softmax(-1)  # (N, T, T)
        return torch.einsum("nts,nsc->ntc", weights, x)  # (N, T, 8)


class Operations(nn.Module):
    """(N, T, 8) float32, (N, 16, 16, 3) float32 -> (N, 4) float32, (N, 3) float32,
    (N, 3, 8) float32, (N,) float32.
    """

    def __init__(self) -> None:
        super().__init__()
        self.attended = Attend(4, 2.0)
        self.again = Attend(6, 2.449489742783178)
        self.features = nn.Conv2d(3, 4, 3, padding=1)
        self.reset_parameters()
        self.to(memory_format=torch.channels_last)

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        nn.init.xavier_uniform_(self.features.weight)
        nn.init.zeros_(self.features.bias)

    def forward(
        self, x: Tensor, image: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        if x.dim() != 3 or x.shape[2] != 8:
            raise ValueError(f"x must be of shape (N, T, 8), not {tuple(x.shape)}")
        if image.shape[1:] != (16, 16, 3):
            raise ValueError(
                f"image must be of shape (N, 16, 16, 3), not {tuple(image.shape)}"
            )
        attended = self.attended(x)  # (N, T, 8)
        attended = x + attended  # (N, T, 8)
        again = self.again(attended)  # (N, T, 8)
        mean = again.mean(1)  # (N, 8)
        mean, deviation = mean.chunk(2, dim=-1)  # (N, 4), (N, 4)
        code = 0.5 * deviation  # (N, 4)
        code = code.exp()  # (N, 4)
        code_1 = torch.randn_like(mean)  # (N, 4)
        code = code * code_1  # (N, 4)
        code = mean + code  # (N, 4)
        features = self.features(image.permute(0, 3, 1, 2))  # (N, 4, 16, 16)
        gate = features.mean((2, 3), keepdim=True)  # (N, 4, 1, 1)
        gate = gate.sigmoid()  # (N, 4, 1, 1)
        padded = features * gate  # (N, 4, 16, 16)
        padded = F.pad(padded, (1, 1, 1, 1), mode="reflect")  # (N, 4, 18, 18)
        pooled = padded.amax((2, 3))  # (N, 4)
        values = torch.cat((code, pooled), dim=-1)  # (N, 8)
        values, indices = values.topk(3)
        places = indices.to(torch.int32)  # (N, 3)
        hot = places.unsqueeze(-1) == torch.arange(8, device=places.device)
        classes = hot.to(torch.float32)  # (N, 3, 8)
        kl = code.square()  # (N, 4)
        kl = kl.sum(-1)  # (N,)
        kl = kl.clamp(0.0, 10.0)  # (N,)
        return code, values, classes, kl
