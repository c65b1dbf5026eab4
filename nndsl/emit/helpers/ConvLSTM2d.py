from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nndsl.emit.helpers.pad_same import pad_same


class ConvLSTM2d(nn.Module):
    """An LSTM whose products are convolutions.

    Takes (N, T, C, H, W), gives the outputs of all steps and the last states; there is
    one of these for each direction. What comes in is convolved at once for all steps,
    the states step by step. A dropout zeroes the same values at all steps, and others
    for each gate. A masked step leaves the states as they are; ``mask`` broadcasts to
    the outputs.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: str = "valid",
        dilation: int | tuple[int, int] = 1,
        bias: bool = True,
        bidirectional: bool = False,
        activation: tuple[Callable[[Tensor], Tensor], ...] = (torch.tanh,) * 2,
        gate: tuple[Callable[[Tensor], Tensor], ...] = (torch.sigmoid,) * 2,
        input_dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        pairs = kernel_size, stride, dilation
        self.kernel_size, self.stride, self.dilation = (
            (each, each) if isinstance(each, int) else each for each in pairs
        )
        self.padding = padding
        self.suffixes = ("", "_reverse") if bidirectional else ("",)
        self.activation = activation
        self.gate = gate
        self.input_dropout = input_dropout
        self.recurrent_dropout = recurrent_dropout
        size = 4 * out_channels
        for end in self.suffixes:
            kernel = torch.empty(size, in_channels, *self.kernel_size)
            recurrent = torch.empty(size, out_channels, *self.kernel_size)
            offset = nn.Parameter(torch.empty(size)) if bias else None
            self.register_parameter(f"kernel{end}", nn.Parameter(kernel))
            self.register_parameter(f"recurrent_kernel{end}", nn.Parameter(recurrent))
            self.register_parameter(f"bias{end}", offset)

    def forward(
        self,
        x: Tensor,
        state: tuple[Tensor, Tensor] | None = None,
        mask: Tensor | None = None,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        outputs, hidden, cells = [], [], []
        for direction, end in enumerate(self.suffixes):
            activation, gate = self.activation[direction], self.gate[direction]
            recurrent = getattr(self, f"recurrent_kernel{end}")
            parts = self.inputs(x, end).unbind(1)
            if state is None:
                shape = x.shape[0], recurrent.shape[1], *parts[0].shape[2:]
                h = c = parts[0].new_zeros(shape)
            else:
                h, c = state[0][direction], state[1][direction]
            masks = self.masks(h, self.recurrent_dropout)
            steps = []
            for place in range(len(parts))[:: -1 if direction else 1]:
                gates = parts[place] + self.recurred(h, masks, recurrent)
                i, f, g, o = gates.chunk(4, 1)
                before = h, c
                c = gate(f) * c + gate(i) * activation(g)
                h = gate(o) * activation(c)
                if mask is not None:
                    h = torch.where(mask[:, place], h, before[0])
                    c = torch.where(mask[:, place], c, before[1])
                steps.append(h)
            outputs.append(torch.stack(steps[::-1] if direction else steps, 1))
            hidden.append(h)
            cells.append(c)
        return torch.cat(outputs, 2), (torch.stack(hidden), torch.stack(cells))

    def inputs(self, x: Tensor, end: str) -> Tensor:
        kernel, bias = getattr(self, f"kernel{end}"), getattr(self, f"bias{end}")
        masks = self.masks(x[:, :1], self.input_dropout)
        y = self.spread(x, masks).flatten(0, 1)
        if self.padding == "same":
            spans = zip(self.kernel_size, self.dilation, strict=True)
            span = tuple((size - 1) * rate + 1 for size, rate in spans)
            y = pad_same(y, span, self.stride)
        groups = 1 if masks is None else 4
        y = F.conv2d(y, kernel, bias, self.stride, 0, self.dilation, groups)
        return y.view(x.shape[:2] + y.shape[1:])

    def recurred(self, h: Tensor, masks: Tensor | None, kernel: Tensor) -> Tensor:
        groups = 1 if masks is None else 4
        h = self.spread(h, masks)
        if any(size % 2 == 0 for size in self.kernel_size):
            h = pad_same(h, self.kernel_size, (1, 1))
            return F.conv2d(h, kernel, groups=groups)
        padding = [size // 2 for size in self.kernel_size]
        return F.conv2d(h, kernel, padding=padding, groups=groups)

    def masks(self, x: Tensor, rate: float) -> Tensor | None:
        if rate == 0 or not self.training:
            return None
        return F.dropout(x.new_ones(*x.shape[:-3], 4, *x.shape[-3:]), rate)

    def spread(self, x: Tensor, masks: Tensor | None) -> Tensor:
        if masks is None:
            return x
        return (x.unsqueeze(-4) * masks).flatten(-4, -3)
