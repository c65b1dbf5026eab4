from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class StepwiseRNN(nn.RNNBase):
    """An RNN step by step, for activations and dropouts that ``nn.RNN`` has not.

    Takes and gives what ``nn.RNN(batch_first=True)`` does; each direction has its
    activation. A dropout zeroes the same values at all steps. A masked step leaves the
    state as it is.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        bidirectional: bool = False,
        activation: tuple[Callable[[Tensor], Tensor], ...] = (torch.tanh,) * 2,
        input_dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
    ) -> None:
        super().__init__(
            "RNN_TANH", input_size, hidden_size, 1, bias, True, 0.0, bidirectional
        )
        self.activation = activation
        self.input_dropout = input_dropout
        self.recurrent_dropout = recurrent_dropout

    def forward(
        self, x: Tensor, state: Tensor | None = None, mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        directions = self.all_weights
        if state is None:
            state = x.new_zeros(len(directions), x.shape[0], self.hidden_size)
        outputs, hidden = [], []
        for direction, (input_kernel, kernel, *biases) in enumerate(directions):
            activation = self.activation[direction]
            h = state[direction]
            x_mask = F.dropout(
                x.new_ones(x[:, :1].shape), self.input_dropout, self.training
            )
            h_mask = F.dropout(
                x.new_ones(h.shape), self.recurrent_dropout, self.training
            )
            inputs = F.linear(x * x_mask, input_kernel) + sum(biases)
            steps = []
            parts = inputs.unbind(1)
            for place in range(len(parts))[:: -1 if direction else 1]:
                new = activation(parts[place] + F.linear(h * h_mask, kernel))
                h = new if mask is None else torch.where(mask[:, place, None], new, h)
                steps.append(h)
            outputs.append(torch.stack(steps[::-1] if direction else steps, 1))
            hidden.append(h)
        return torch.cat(outputs, -1), torch.stack(hidden)
