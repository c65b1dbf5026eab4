"""Fragments of Python code whose numbers are holes, so that code which differs in numbers alone can be shared."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

from nndsl.dims import Dim

HOLE = "\x00"


@dataclass(frozen=True, slots=True)
class Hole:
    """A number in a fragment, and the word for it (the parameter it is given to, or none).

    An argument that is its parameter's ``default`` is left out, unless another instance of the text has another number.
    """

    value: int | float | Dim
    word: str = ""
    default: int | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """A fragment: ``text`` has one HOLE character for each of ``holes``, in order."""

    text: str
    holes: tuple[Hole, ...] = ()


Part: TypeAlias = "Code | str | bool | int | float | Dim | tuple[Part, ...] | None"


def code(template: str, *parts: Part) -> Code:
    """Put parts into the ``{}`` places of a template.

    A str is code and is taken as it is; a number or a size becomes a hole; a bool or None its literal; a tuple of parts
    a tuple display. User text never comes here but through ``literal``.
    """
    pieces = template.split("{}")
    if len(pieces) != len(parts) + 1:
        raise ValueError(f"{len(parts)} parts for {template!r}")
    text = [pieces[0]]
    holes: list[Hole] = []
    for part, piece in zip(parts, pieces[1:], strict=True):
        fragment = as_code(part)
        text.append(fragment.text)
        text.append(piece)
        holes += fragment.holes
    return Code("".join(text), tuple(holes))


def as_code(part: Part, word: str = "") -> Code:
    """Return a part as a fragment; ``word`` names its hole if it is a number."""
    if isinstance(part, Code):
        return part
    if isinstance(part, str):
        return Code(part)
    if part is None or isinstance(part, bool):
        return Code(repr(part))
    if isinstance(part, tuple):
        items = [as_code(item, word) for item in part]
        comma = "," if len(items) == 1 else ""
        return Code(
            "(" + ", ".join(item.text for item in items) + comma + ")",
            tuple(hole for item in items for hole in item.holes),
        )
    return Code(HOLE, (Hole(part, word),))


def defaulted(part: Part, default: int, word: str) -> Part:
    """Return an argument that is left out where it is its parameter's default, everywhere in a class."""
    number = compact(part)
    return Code(HOLE, (Hole(number, word, default),)) if isinstance(number, int) else number


def join(separator: str, parts: list[Code]) -> Code:
    """Join fragments with a separator."""
    return Code(
        separator.join(part.text for part in parts),
        tuple(hole for part in parts for hole in part.holes),
    )


def call(function: str, *arguments: Part, **keywords: Part) -> Code:
    """Return a call; numbers among the arguments are named after the parameters of PyTorch's constructors.

    A pair or triple of equal numbers is written as one (``3`` for ``(3, 3)``), as PyTorch reads it, for the
    constructors and functions in which it can be.
    """
    words = PARAMETERS.get(function, ())
    items = [
        as_code(compact(argument), words[index] if index < len(words) else "")
        for index, argument in enumerate(arguments)
    ]
    for name, argument in keywords.items():
        items.append(code(name + "={}", as_code(compact(argument), name)))
    inner = join(", ", items)
    return Code(f"{function}({inner.text})", inner.holes)


def compact(part: Part) -> Part:
    """Return a tuple of equal numbers as the number, and anything else as it is."""
    if isinstance(part, tuple) and len(part) > 1 and all(isinstance(item, int) and item == part[0] for item in part):
        return part[0]
    return part


def literal(value: object) -> Code:
    """Return the Python literal of a checked constant; numbers in it are not holes."""
    if isinstance(value, float) and not math.isfinite(value):
        return Code(f'float("{value}")')
    if isinstance(value, str):
        text = repr(value)
        return Code('"' + text[1:-1] + '"' if text[0] == "'" and '"' not in text else text)
    if isinstance(value, (tuple, list)):
        items = ", ".join(literal(item).text for item in value)
        if isinstance(value, list):
            return Code(f"[{items}]")
        return Code(f"({items},)" if len(value) == 1 else f"({items})")
    if value is None or isinstance(value, (bool, int, float)):
        return Code(repr(value))
    raise TypeError(f"no literal for {type(value).__name__}")


_CONVOLUTION = ("in_channels", "out_channels", "kernel_size", "stride", "padding")
_RECURRENT = ("input_size", "hidden_size")

PARAMETERS: dict[str, tuple[str, ...]] = {
    "nn.Linear": ("in_features", "out_features"),
    "nn.Conv1d": _CONVOLUTION,
    "nn.Conv2d": _CONVOLUTION,
    "nn.Conv3d": _CONVOLUTION,
    "nn.ConvTranspose1d": _CONVOLUTION,
    "nn.ConvTranspose2d": _CONVOLUTION,
    "nn.ConvTranspose3d": _CONVOLUTION,
    "nn.Embedding": ("num_embeddings", "embedding_dim"),
    "nn.LayerNorm": ("normalized_shape",),
    "nn.LSTM": _RECURRENT,
    "nn.GRU": _RECURRENT,
    "nn.RNN": _RECURRENT,
}
