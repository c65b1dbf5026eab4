from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from nndsl.emit.helpers.last_valid import last_valid
from nndsl.emit.helpers.valid_first import valid_first


def packed_recurrence(
    module: Callable[..., Any], x: Tensor, mask: Tensor, state: Any = None
) -> tuple[Tensor, Any]:
    """The outputs and last states of a recurrent module that skips masked steps.

    A masked step repeats the output before it; the first ones are 0. Where all are
    masked, the state stays what it was.
    """
    lengths = mask.sum(1)
    packed = nn.utils.rnn.pack_padded_sequence(
        valid_first(x, mask), lengths.clamp(min=1).cpu(), True, enforce_sorted=False
    )
    y, last = module(packed, state)
    steps = mask.shape[1]
    y, _ = nn.utils.rnn.pad_packed_sequence(y, True, total_length=steps)
    some = (lengths > 0).unsqueeze(-1)

    def kept(new: Tensor, old: Tensor | float) -> Tensor:
        return torch.where(some, new, old)

    if not isinstance(last, tuple):
        return last_valid(y, mask), kept(last, 0.0 if state is None else state)
    before = (0.0,) * len(last) if state is None else state
    return last_valid(y, mask), tuple(map(kept, last, before))
