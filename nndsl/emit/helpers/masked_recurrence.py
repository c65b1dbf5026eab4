from collections.abc import Callable
from typing import Any

from torch import Tensor

from nndsl.emit.helpers.last_valid import last_valid
from nndsl.emit.helpers.valid_first import valid_first


def masked_recurrence(
    module: Callable[..., Any], x: Tensor, mask: Tensor, state: Any = None
) -> Tensor:
    """The outputs of a recurrent module of one direction, which skips masked steps.

    A masked step repeats the output before it; the first ones are 0.
    """
    return last_valid(module(valid_first(x, mask), state)[0], mask)
