"""Which layer of several is drawn: a family first, so that large ones do not crowd out the others, then one of it."""

from __future__ import annotations

from collections.abc import Iterable

from nndsl.layers import FAMILIES
from tests.property.pen import Pen

FAMILY_OF = {name: family for family, names in FAMILIES.items() for name in names}

WEIGHTS = {
    "reshaping": 6, "transposed": 4, "upsampling": 11, "bidirectional": 5, "convolution": 4, "pooling": 4, "core": 3,
    "augmentation": 3, "overall_pooling": 3, "conv_lstm": 3, "separable": 2, "borders": 2, "wrappers": 1,
    "resizing": 2, "normalization": 2, "activation_layers": 2, "encoding": 0.5, "noise": 0.5, "activity": 0.3,
    "Dense": 2, "Flatten": 0.5, "Permute": 2.5, "Reshape": 1.5,
}  # fmt: skip
"""How often a family is drawn against the others, which have 1, and a layer against the others of its family.

Rules of shapes with many cases come up often: a mistake in one of them is seen in few of its cases.
"""


def chosen(pen: Pen, names: Iterable[str]) -> str:
    """Draw one of the names of some layers."""
    families: dict[str, list[str]] = {}
    for name in names:
        families.setdefault(FAMILY_OF[name], []).append(name)
    return drawn(pen, families[drawn(pen, list(families))])


def drawn(pen: Pen, names: list[str]) -> str:
    """Draw a name by its weight."""
    return pen.random.choices(names, [WEIGHTS.get(name, 1) for name in names])[0]
