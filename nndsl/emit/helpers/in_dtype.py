from collections.abc import Callable
from typing import Any

import torch
from torch import nn


def in_dtype(module: nn.Module, dtype: torch.dtype) -> Callable[..., Any]:
    """Return a module as a function that casts its weights to the dtype of its inputs.

    The weights themselves, and their gradients, keep their own dtype.
    """
    weights = {name: weight.to(dtype) for name, weight in module.named_parameters()}

    def apply(*inputs: Any, **keywords: Any) -> Any:
        return torch.func.functional_call(module, weights, inputs, keywords)

    return apply
