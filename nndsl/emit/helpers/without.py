from torch import nn


def without(parameter: str, module: nn.Module) -> nn.Module:
    """Take the scale (``"weight"``) or the offset (``"bias"``) from a normalization."""
    module.register_parameter(parameter, None)
    return module
