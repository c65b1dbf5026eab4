"""Names in the emitted source: what may not be used as such, and how a free one is found."""

from __future__ import annotations

import keyword
from collections.abc import Container

RESERVED = frozenset(keyword.kwlist) | {
    "Any", "Callable", "F", "Tensor", "ValueError",
    "enumerate", "float", "int", "isinstance", "len", "list", "max", "math", "min", "nn",
    "print", "range", "repr", "self", "str", "super", "torch", "tuple", "type", "zip",
}  # fmt: skip
"""Python's keywords, and what the source itself refers to: never the name of a local, a parameter or a class."""


def free(wanted: str, *taken: Container[str]) -> str:
    """Return the name, or the name with the first number behind it that nobody has taken."""
    name, number = (wanted + "_" if wanted in RESERVED else wanted), 0
    while any(name in names for names in taken):
        number += 1
        name = f"{wanted}_{number}"
    return name
