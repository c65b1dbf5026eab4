"""Cases of noise, preprocessing and augmentation, as far as they draw nothing or what they draw changes nothing."""

from __future__ import annotations

from tests.layers.oracle import Case

VECTOR, STEPS, IMAGE = ((8,),), ((5, 4),), ((4, 6, 3),)
BINS = [-0.5, 0.0, 0.25, 1.5]
FIRST = {"data_format": "channels_first"}

NOISE = [
    Case("GaussianNoise", {"stddev": 0.0}, STEPS),
    Case("GaussianDropout", {"rate": 0.0}, IMAGE),
    Case("AlphaDropout", {"rate": 0.0}, IMAGE),
    Case("AlphaDropout", {"rate": 0, "noise_shape": (None, 1, 4)}, STEPS),
    *(Case("GaussianNoise", {"stddev": 0.5, "seed": 3}, shape) for shape in (VECTOR, STEPS, IMAGE)),
    *(Case("GaussianDropout", {"rate": 0.5, "seed": 3}, shape) for shape in (VECTOR, STEPS, IMAGE)),
    *(Case("AlphaDropout", {"rate": 0.5, "seed": 3}, shape) for shape in (VECTOR, STEPS, IMAGE)),
    Case("AlphaDropout", {"rate": 0.5, "noise_shape": (None, 1, 4)}, STEPS),
]
NORMALIZATION = [
    *(
        Case("Normalization", {"axis": axis, "invert": invert}, IMAGE)
        for axis in (-1, 1, 2, (1, 3), (-1, 1), (1, 2, 3), None, ())
        for invert in (False, True)
    ),
    *(
        Case("Normalization", {"mean": mean, "variance": variance, "axis": axis, "invert": invert}, shape, dtype)
        for shape, axis, mean, variance in (
            (VECTOR, -1, [float(n) for n in range(8)], [1.0, 4.0, 0.25, 0.0, 2.0, 3.0, 1e-20, 100.0]),
            (VECTOR, None, 0.5, 0.25),
            (VECTOR, -1, -3, 7),
            (VECTOR, -1, [2.0], [3.0]),
            (STEPS, 1, [0.1, 0.2, 0.3, 0.4, 0.5], [1.0, 2.0, 3.0, 4.0, 5.0]),
            (STEPS, (1, 2), [1.0, 2.0, 3.0, 4.0], [2.0, 2.0, 3.0, 3.0]),
            (STEPS, (2, 1), [[1.0], [2.0], [3.0], [4.0], [5.0]], [[2.0], [2.0], [3.0], [3.0], [9.0]]),
            (IMAGE, -1, [123.675, 116.28, 103.53], [3409.976025, 3262.6944, 3291.890625]),
            (IMAGE, 1, [1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0]),
            (IMAGE, (1, 3), [[1.0, 2.0, 3.0]] * 4, [[1.0, 2.0, 3.0]] * 4),
            (IMAGE, (1, 3), [1.0, 2.0, 3.0], [4.0, 5.0, 6.0]),
        )
        for invert in (False, True)
        for dtype in ("float32", "uint8")
    ),
]
ENCODING = [
    *(
        Case("Discretization", {"bin_boundaries": bins, "output_mode": mode}, shape, dtype)
        for mode in ("int", "one_hot", "multi_hot", "count")
        for bins in (BINS, [1.0])
        for shape in (VECTOR, STEPS, IMAGE, ((1,),), ((5, 1),))
        for dtype in ("float32",)
    ),
    Case("Discretization", {"bin_boundaries": [2, 2, 3]}, STEPS),
    *(Case("CategoryEncoding", {"num_tokens": 5, "output_mode": "one_hot"}, shape, "int64")
      for shape in (VECTOR, STEPS, IMAGE, ((1,),), ((4, 1),), ((),))),
    *(
        Case("CategoryEncoding", {"num_tokens": tokens, "output_mode": mode}, shape, dtype)
        for mode in ("multi_hot", "count")
        for tokens in (5, 9)
        for shape in (VECTOR, ((1,),))
        for dtype in ("int64", "int32", "uint8")
    ),
]  # fmt: skip
AUGMENTATION = [
    *(
        Case(name, {**dict.fromkeys(factors, factor), **FIRST}, IMAGE)
        for factor in (0.0, 0.3, (0.1, 0.4))
        for name, factors in (
            ("RandomRotation", ("factor",)),
            ("RandomZoom", ("height_factor", "width_factor")),
            ("RandomTranslation", ("height_factor", "width_factor")),
        )
    ),
    *(Case("RandomContrast", {"factor": factor, "value_range": (-9, 9)}, IMAGE) for factor in (0.0, 0.3, (0.1, 0.4))),
]
CASES = [*NOISE, *NORMALIZATION, *ENCODING, *AUGMENTATION]
