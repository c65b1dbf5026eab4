"""Cases of layers that give images a fixed size; bicubic and Lanczos are in ``test_resizing.py``."""

from __future__ import annotations

from itertools import product

from tests.layers.oracle import Case

FIRST = {"data_format": "channels_first"}
SIZES = ((4, 4), (7, 5), (12, 9), (3, 10), (1, 1), (14, 2))
IMAGE = ((7, 5, 2),)
CASES = [
    *(
        Case(
            "Resizing",
            {"height": height, "width": width, "interpolation": how, "antialias": smooth, **kept},
            IMAGE,
        )
        for (height, width), how, smooth, kept in product(
            SIZES,
            ("bilinear", "nearest"),
            (False, True),
            ({}, {"crop_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True, "fill_value": 1.5}),
        )
    ),
    *(
        Case("Resizing", {"height": height, "width": width, "interpolation": "bicubic", "antialias": True}, IMAGE)
        for height, width in SIZES
        if height <= 7 and width <= 5
    ),
    Case("Resizing", {"height": 4, "width": 9, "pad_to_aspect_ratio": True, **FIRST}, ((3, 6, 8),)),
    Case("Resizing", {"height": 4, "width": 9, "crop_to_aspect_ratio": True, **FIRST}, ((3, 6, 8),)),
    *(
        Case("Resizing", {"height": 5, "width": 4, "interpolation": how, **kept}, IMAGE, dtype)
        for how, kept, dtype in product(
            ("bilinear", "nearest"), ({}, {"pad_to_aspect_ratio": True, "fill_value": 3.0}), ("uint8", "int16", "int64")
        )
    ),
    *(
        Case("CenterCrop", {"height": height, "width": width, "data_format": place}, ((7, 5, 6),), dtype)
        for height, width, place, dtype in product(
            (1, 4, 5, 7, 12), (2, 5, 6, 9), ("channels_last", "channels_first"), ("float32", "uint8")
        )
    ),
]
