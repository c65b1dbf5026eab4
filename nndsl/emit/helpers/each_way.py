from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from nndsl.emit.helpers.packed_recurrence import packed_recurrence


def each_way(
    module: Callable[..., Any],
    first: Tensor,
    second: Tensor,
    state: Any = None,
    mask: Tensor | None = None,
    packed: bool = False,
    dropout: float = 0.0,
    training: bool = False,
) -> tuple[Tensor, Any]:
    """What a recurrent module gives whose two directions read different inputs.

    The inputs are one batch, of whose results half is taken: that is faster than a loop
    over the steps. In training each input loses the same features at all steps.
    """

    def run(x: Tensor, state: Any, mask: Tensor | None) -> tuple[Tensor, Any]:
        if mask is None:
            found = module(x, state)
        elif packed:
            found = packed_recurrence(module, x, mask, state)
        else:
            found = module(x, state, mask)
        return found[0], found[1]

    dropout = dropout if training else 0.0
    if first is second and dropout == 0:
        return run(first, state, mask)
    if dropout > 0:
        first, second = (F.dropout1d(x.mT, dropout).mT for x in (first, second))
    twice = None if mask is None else torch.cat((mask, mask))
    if isinstance(state, tuple):
        state = tuple(torch.cat((each, each), 1) for each in state)
    elif state is not None:
        state = torch.cat((state, state), 1)
    y, last = run(torch.cat((first, second)), state, twice)
    count = first.shape[0]

    def taken(state: Tensor) -> Tensor:
        return torch.stack((state[0, :count], state[1, count:]))

    y = torch.cat((y[:count].chunk(2, -1)[0], y[count:].chunk(2, -1)[1]), -1)
    return y, tuple(map(taken, last)) if isinstance(last, tuple) else taken(last)
