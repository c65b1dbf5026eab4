"""Cases of the core layers, activations and merges."""

from __future__ import annotations

from nndsl.layers.activations import TEMPLATES
from tests.layers.oracle import Case

VECTOR, STEPS, IMAGE = ((8,),), ((5, 8),), ((4, 6, 8),)
CASES = [
    *(Case("Activation", {"activation": name}, shape) for name in TEMPLATES for shape in (VECTOR, IMAGE)),
    Case("Dense", {"units": 3}, VECTOR),
    Case("Dense", {"units": 4, "activation": "softmax", "use_bias": False}, STEPS),
    Case("Dense", {"units": 2, "activation": "tanh"}, IMAGE),
    Case("Dense", {"units": 6, "activation": "glu"}, STEPS),
    Case("Identity", {}, IMAGE),
    Case("ActivityRegularization", {"l1": 0.1, "l2": 0.2}, IMAGE),
    Case("ActivityRegularization", {}, STEPS),
    Case("Identity", {}, STEPS, "int32"),
    Case("Embedding", {"input_dim": 5, "output_dim": 3}, ((7,),), "int64"),
    Case("Embedding", {"input_dim": 5, "output_dim": 3, "mask_zero": True}, ((2, 3),), "int32"),
    Case("Embedding", {"input_dim": 5, "output_dim": 1}, ((),), "uint8"),
    *(
        Case("ReLU", {"max_value": most, "negative_slope": slope, "threshold": least}, STEPS)
        for most in (None, 0.5, 6.0)
        for slope in (0.0, 0.2)
        for least in (0.0, 0.3)
    ),
    Case("LeakyReLU", {}, STEPS),
    Case("LeakyReLU", {"negative_slope": 0.05}, IMAGE),
    Case("ELU", {}, STEPS),
    Case("ELU", {"alpha": 0.7}, STEPS),
    Case("Softmax", {}, STEPS),
    *(Case("Softmax", {"axis": axis}, IMAGE) for axis in (1, -2, (1, 2), (-1,), (-1, 1))),
    Case("PReLU", {}, STEPS),
    Case("PReLU", {"shared_axes": (1, 2)}, IMAGE),
    Case("PReLU", {"shared_axes": 1}, STEPS),
    *(
        Case(name, {}, shapes)
        for name in ("Add", "Multiply", "Average", "Maximum", "Minimum")
        for shapes in (
            ((5, 8),),
            ((5, 8), (5, 8)),
            ((5, 8), (5, 8), (5, 8)),
            ((5, 8), (1, 8)),
            ((8,), (5, 8)),
            ((5, 8), (8,), (3, 5, 8)),
            ((4, 1, 8), (1, 6, 1)),
        )
    ),
    *(Case(name, {}, ((5, 8), (5, 8)), "int32") for name in ("Add", "Subtract", "Multiply", "Maximum")),
    Case("Subtract", {}, ((5, 8), (5, 8))),
    Case("Subtract", {}, ((8,), (5, 8))),
    Case("Concatenate", {}, ((5, 8), (5, 2))),
    Case("Concatenate", {}, ((5, 8),)),
    Case("Concatenate", {"axis": 1}, ((5, 8), (2, 8), (1, 8))),
    Case("Concatenate", {"axis": -2}, ((4, 6, 8), (4, 1, 8))),
    Case("Dot", {"axes": 1}, ((8,), (8,))),
    Case("Dot", {"axes": 1, "normalize": True}, ((8,), (8,))),
    Case("Dot", {"axes": 2}, ((5, 8), (3, 8))),
    Case("Dot", {"axes": (1, 2)}, ((5, 8), (3, 5))),
    Case("Dot", {"axes": (2, 1), "normalize": True}, ((5, 8), (8,))),
    Case("Dot", {"axes": (1, 2)}, ((8,), (5, 8))),
    Case("Dot", {"axes": -1}, ((4, 5, 8), (3, 8))),
    Case("Dot", {"axes": (1, -1)}, ((4, 5, 8), (2, 3, 4))),
    Case("Rescaling", {"scale": 1 / 255}, IMAGE, "uint8"),
    Case("Rescaling", {"scale": 2, "offset": -1}, IMAGE),
    Case("Rescaling", {"scale": 1}, STEPS, "int64"),
    Case("Rescaling", {"scale": 0.5, "offset": [float(n) for n in range(8)]}, STEPS),
    Case("Rescaling", {"scale": [1.0, 2.0] * 4, "offset": 0.25}, IMAGE, "uint8"),
    *(
        Case(name, {"rate": 0.0}, shape)
        for name, shape in (("Dropout", IMAGE), ("SpatialDropout1D", STEPS), ("SpatialDropout2D", IMAGE))
    ),
]
