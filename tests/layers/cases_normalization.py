"""Cases of the normalizations, and where they lie against the ways that PyTorch lays out its channels."""

from __future__ import annotations

from itertools import product
from typing import Any

from tests.layers.oracle import Case

VECTOR, STEPS, IMAGE, VIDEO = ((8,),), ((5, 8),), ((4, 6, 8),), ((3, 4, 6, 8),)
FLAGS = [dict(zip(("center", "scale"), flags, strict=True)) for flags in product((True, False), repeat=2)]
AFFINE: list[dict[str, Any]] = [{}, *FLAGS, {"epsilon": 0.1}]
CASES = [
    *(Case("BatchNormalization", {"momentum": 0.9, **flags}, shape) for flags in AFFINE for shape in (VECTOR, IMAGE)),
    *(Case("BatchNormalization", {}, shape) for shape in (STEPS, VIDEO)),
    *(Case("BatchNormalization", {"axis": axis}, IMAGE) for axis in (1, 2, 3, -2)),
    *(Case("LayerNormalization", flags, shape) for flags in AFFINE for shape in (VECTOR, STEPS)),
    *(
        Case("LayerNormalization", {"axis": axis, **flags}, IMAGE)
        for axis in ((1, 3), (2, 3), (-1, -2), (3, 1), (1, 2, 3))
        for flags in ({}, {"center": False})
    ),
    *(Case("GroupNormalization", {"groups": 2, **flags}, shape) for flags in AFFINE for shape in (VECTOR, IMAGE)),
    *(Case("GroupNormalization", {"groups": groups}, IMAGE) for groups in (1, 4, 8, -1)),
    *(Case("GroupNormalization", {"groups": 2, "axis": axis}, IMAGE) for axis in (1, 2, -2)),
    *(Case("RMSNormalization", {}, shape) for shape in (VECTOR, IMAGE)),
    *(Case("RMSNormalization", {"axis": axis, "epsilon": 0.1}, IMAGE) for axis in (3, (3, 2), (1, 2, 3))),
    *(Case("UnitNormalization", {}, shape) for shape in (VECTOR, IMAGE)),
    *(Case("UnitNormalization", {"axis": axis}, IMAGE) for axis in (1, (1, 2), (-1, 1))),
]
APART = [
    Case("LayerNormalization", {"axis": axis, **flags}, IMAGE)
    for axis in (1, 2, -2, (1, 2))
    for flags in ({}, {"center": False})
]
"""What Keras refuses on PyTorch, and calculates elsewhere."""
FROZEN = Case("BatchNormalization", {"trainable": False}, IMAGE)
