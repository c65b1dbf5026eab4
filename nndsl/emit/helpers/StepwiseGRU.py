from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class StepwiseGRU(nn.RNNBase):
    """A GRU step by step, for what ``nn.GRU`` has not.

    Takes and gives what ``nn.GRU(batch_first=True)`` does; each direction has its
    activations. ``reset_after=False`` resets the state before it is multiplied. A
    dropout zeroes the same values at all steps, and others for each gate where
    states are dropped too. A masked step leaves the state as it is.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        bidirectional: bool = False,
        activation: tuple[Callable[[Tensor], Tensor], ...] = (torch.tanh,) * 2,
        gate: tuple[Callable[[Tensor], Tensor], ...] = (torch.sigmoid,) * 2,
        input_dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        reset_after: bool = True,
    ) -> None:
        super().__init__(
            "GRU", input_size, hidden_size, 1, bias, True, 0.0, bidirectional
        )
        self.activation = activation
        self.gate = gate
        self.input_dropout = input_dropout
        self.recurrent_dropout = recurrent_dropout
        self.reset_after = reset_after

    def forward(
        self, x: Tensor, state: Tensor | None = None, mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        directions = self.all_weights
        if state is None:
            state = x.new_zeros(len(directions), x.shape[0], self.hidden_size)
        outputs, hidden = [], []
        for direction, (input_kernel, kernel, *biases) in enumerate(directions):
            activation, gate = self.activation[direction], self.gate[direction]
            h = state[direction]
            kernels = kernel.chunk(3)
            bias = biases[1].chunk(3) if biases else (None, None, None)
            inputs = self.inputs(x, input_kernel, *biases[:1])
            masks = self.masks(h, self.recurrent_dropout)
            steps = []
            parts = inputs.unbind(1)
            for place in range(len(parts))[:: -1 if direction else 1]:
                x_r, x_z, x_n = parts[place].chunk(3, -1)
                h_r, h_z, h_n = (h, h, h) if masks is None else h * masks
                r = gate(x_r + F.linear(h_r, kernels[0], bias[0]))
                z = gate(x_z + F.linear(h_z, kernels[1], bias[1]))
                if self.reset_after:
                    n = activation(x_n + r * F.linear(h_n, kernels[2], bias[2]))
                else:
                    n = activation(x_n + F.linear(r * h_n, kernels[2], bias[2]))
                new = z * h + (1 - z) * n
                h = new if mask is None else torch.where(mask[:, place, None], new, h)
                steps.append(h)
            outputs.append(torch.stack(steps[::-1] if direction else steps, 1))
            hidden.append(h)
        return torch.cat(outputs, -1), torch.stack(hidden)

    def masks(self, x: Tensor, rate: float) -> Tensor | None:
        if rate == 0 or not self.training:
            return None
        count = 3 if self.recurrent_dropout else 1
        return F.dropout(x.new_ones(count, *x.shape), rate)

    def inputs(self, x: Tensor, kernel: Tensor, bias: Tensor | None = None) -> Tensor:
        masks = self.masks(x[:, :1], self.input_dropout)
        if masks is None:
            return F.linear(x, kernel, bias)
        parts = zip(masks, kernel.chunk(len(masks)), strict=True)
        y = torch.cat([F.linear(x * mask, part) for mask, part in parts], -1)
        return y if bias is None else y + bias
