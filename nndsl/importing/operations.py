"""The operations that Keras records in a graph: its classes by the names of their functions."""

from __future__ import annotations

import re

_NAMES = {
    "absolute": "abs",
    "fabs": "abs",
    "amax": "max",
    "amin": "min",
    "true_divide": "divide",
    "copy": "identity",
    "fmax": "maximum",
    "fmin": "minimum",
}
"""The operations that are another one under a second name."""


def operation_name(kind: str) -> str:
    """Return the name of the function that a class of ``keras.ops`` belongs to: ``LogSoftmax``, ``log_softmax``."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind).lower()
    return _NAMES.get(name, {"re_lu": "relu"}.get(name, name))
