"""The operations of ``ops.name(…)``, one file per family; families load on first use, by an index of names."""

from __future__ import annotations

from importlib import import_module

from nndsl.ops.base import Op

FAMILIES: dict[str, tuple[str, ...]] = {
    "elementwise": (
        "abs", "ceil", "cos", "erf", "exp", "expm1", "floor", "gelu", "log", "log1p", "negative", "relu", "round",
        "rsqrt", "sigmoid", "sign", "silu", "sin", "softplus", "sqrt", "square", "tanh",
    ),
    "arithmetic": ("add", "clip", "divide", "maximum", "minimum", "multiply", "power", "subtract"),
    "comparing": (
        "equal", "greater", "greater_equal", "less", "less_equal", "logical_and", "logical_not", "logical_or",
        "not_equal", "where",
    ),
    "reductions": (
        "all", "any", "argmax", "argmin", "logsumexp", "max", "mean", "min", "norm", "prod", "std", "sum", "var",
    ),
    "along_axes": ("cumsum", "log_softmax", "normalize", "softmax", "top_k"),
    "linear_algebra": ("dot", "einsum", "matmul", "tensordot"),
    "shaping": ("expand_dims", "flip", "reshape", "roll", "squeeze", "swapaxes", "transpose"),
    "joining": ("concatenate", "pad", "repeat", "split", "stack", "tile"),
    "values": ("arange", "cast", "one_hot", "ones_like", "stop_gradient", "take", "zeros_like"),
    "random": ("random.normal", "random.uniform"),
}  # fmt: skip
"""The names that each file of this folder defines."""

_FAMILY_OF = {name: family for family, members in FAMILIES.items() for name in members}


def names() -> list[str]:
    """Return the names of all operations, without the ``ops.`` before them."""
    return list(_FAMILY_OF)


def find(name: str) -> type[Op] | None:
    """Return the operation of a name, ``"log_softmax"``, or None if there is none; its family is imported now."""
    family = _FAMILY_OF.get(name)
    if family is None:
        return None
    words = name.rpartition(".")[2].split("_")
    found: type[Op] = getattr(import_module(f"nndsl.ops.{family}"), "".join(word.capitalize() for word in words))
    return found
