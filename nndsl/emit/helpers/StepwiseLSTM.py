from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class StepwiseLSTM(nn.RNNBase):
    """An LSTM step by step, for activations and dropouts that ``nn.LSTM`` has not.

    Takes and gives what ``nn.LSTM(batch_first=True)`` does; each direction has its
    activations. A dropout zeroes the same values at all steps, and others for each
    gate where states are dropped too. A masked step leaves the states as they are.
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
    ) -> None:
        super().__init__(
            "LSTM", input_size, hidden_size, 1, bias, True, 0.0, bidirectional
        )
        self.activation = activation
        self.gate = gate
        self.input_dropout = input_dropout
        self.recurrent_dropout = recurrent_dropout

    def forward(
        self,
        x: Tensor,
        state: tuple[Tensor, Tensor] | None = None,
        mask: Tensor | None = None,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        directions = self.all_weights
        if state is None:
            zeros = x.new_zeros(len(directions), x.shape[0], self.hidden_size)
            state = zeros, zeros
        outputs, hidden, cells = [], [], []
        for direction, (input_kernel, kernel, *biases) in enumerate(directions):
            activation, gate = self.activation[direction], self.gate[direction]
            h, c = state[0][direction], state[1][direction]
            h_masks = self.masks(h, self.recurrent_dropout)
            x_masks = self.masks(x[:, :1], self.input_dropout)
            inputs = self.gates(x, x_masks, input_kernel) + sum(biases)
            steps = []
            parts = inputs.unbind(1)
            for place in range(len(parts))[:: -1 if direction else 1]:
                gates = parts[place] + self.gates(h, h_masks, kernel)
                i, f, g, o = gates.chunk(4, -1)
                before = h, c
                c = gate(f) * c + gate(i) * activation(g)
                h = gate(o) * activation(c)
                if mask is not None:
                    valid = mask[:, place, None]
                    h = torch.where(valid, h, before[0])
                    c = torch.where(valid, c, before[1])
                steps.append(h)
            outputs.append(torch.stack(steps[::-1] if direction else steps, 1))
            hidden.append(h)
            cells.append(c)
        return torch.cat(outputs, -1), (torch.stack(hidden), torch.stack(cells))

    def masks(self, x: Tensor, rate: float) -> Tensor | None:
        if rate == 0 or not self.training:
            return None
        count = 4 if self.recurrent_dropout else 1
        return F.dropout(x.new_ones(count, *x.shape), rate)

    def gates(self, x: Tensor, masks: Tensor | None, kernel: Tensor) -> Tensor:
        if masks is None:
            return F.linear(x, kernel)
        parts = zip(masks, kernel.chunk(len(masks)), strict=True)
        return torch.cat([F.linear(x * mask, part) for mask, part in parts], -1)
