"""Cases of layers for volumes, and of pooling to a given size."""

from __future__ import annotations

from itertools import product

from tests.layers.oracle import Case

FIRST = {"data_format": "channels_first"}
VOLUME = ((5, 4, 6, 2),)
PLACES = ("channels_last", "channels_first")
CASES = [
    *(
        Case("Conv3D", {"filters": 4, "kernel_size": kernel, "strides": stride, "padding": padding}, VOLUME)
        for kernel, stride, padding in product((1, 3, (3, 2, 1)), (1, 2, (1, 3, 2)), ("valid", "same"))
    ),
    Case("Conv3D", {"filters": 4, "kernel_size": 2, "groups": 2, "dilation_rate": (2, 1, 2), **FIRST}, ((2, 5, 4, 6),)),
    *(
        Case("Conv3DTranspose", {"filters": 3, "kernel_size": kernel, "strides": stride, "padding": padding}, VOLUME)
        for kernel, stride, padding in product((1, 2, 3, 4, (3, 1, 2)), (1, 2, (2, 1, 3)), ("valid", "same"))
    ),
    *(
        Case(
            "Conv3DTranspose",
            {"filters": 2, "kernel_size": kernel, "strides": 3, "padding": padding, "output_padding": more},
            ((2, 3, 2, 2),),
        )
        for kernel, padding, more in product((1, 2, 4), ("valid", "same"), (0, 2, (0, 1, 2)))
    ),
    Case("Conv3DTranspose", {"filters": 2, "kernel_size": 3, "dilation_rate": (1, 2, 1), "padding": "same"}, VOLUME),
    Case(
        "Conv3DTranspose",
        {"filters": 3, "kernel_size": 2, "strides": 2, "activation": "relu", "use_bias": False, **FIRST},
        ((2, 4, 5, 3),),
    ),
    *(
        Case(f"{kind}Pooling3D", {"pool_size": pool, "strides": stride, "padding": padding}, VOLUME)
        for kind, pool, stride, padding in product(
            ("Max", "Average"), (2, 3, (3, 2, 1), 4), (None, 1, 2, (1, 3, 2)), ("valid", "same")
        )
    ),
    *(
        Case(f"{kind}Pooling3D", {"pool_size": 3, "strides": stride, "padding": "same"}, ((1, 2, 4, 2),))
        for kind, stride in product(("Max", "Average"), (1, 2))
    ),
    Case("MaxPooling3D", {}, VOLUME),
    Case("MaxPooling3D", {"padding": "same", **FIRST}, ((2, 5, 4, 6),)),
    Case("AveragePooling3D", {"pool_size": 2, "padding": "same", **FIRST}, ((2, 5, 4, 6),)),
    *(
        Case(f"Global{kind}Pooling3D", {"keepdims": keep, "data_format": place}, ((4, 5, 2, 3),))
        for kind, keep, place in product(("Average", "Max"), (False, True), PLACES)
    ),
    *(
        Case(f"Adaptive{kind}Pooling1D", {"output_size": size, "data_format": place}, ((7, 5),))
        for kind, size, place in product(("Average", "Max"), (1, 2, 3, 7, 9, (4,)), PLACES)
    ),
    *(
        Case(f"Adaptive{kind}Pooling2D", {"output_size": size, "data_format": place}, ((7, 6, 5),))
        for kind, size, place in product(("Average", "Max"), (1, 2, 3, (4, 1), (9, 8)), PLACES)
    ),
    *(
        Case(f"Adaptive{kind}Pooling3D", {"output_size": size, "data_format": place}, ((5, 4, 6, 3),))
        for kind, size, place in product(("Average", "Max"), (1, 2, 3, (4, 1, 5), (2, 9, 8)), PLACES)
    ),
    *(
        Case("ZeroPadding3D", {"padding": padding}, VOLUME)
        for padding in (0, 2, (1, 0, 2), ((0, 1), (2, 3), (0, 0)), ((1, 0), 2, 1))
    ),
    Case("ZeroPadding3D", {"padding": (1, 2, 0), **FIRST}, VOLUME),
    Case("ZeroPadding3D", {}, VOLUME),
    *(
        Case("Cropping3D", {"cropping": cropping}, VOLUME)
        for cropping in (0, (2, 0, 1), ((0, 1), (2, 0), (0, 5)), ((3, 0), 1, 2))
    ),
    Case("Cropping3D", {"cropping": ((1, 0), (0, 2), 0), **FIRST}, ((2, 4, 5, 3),)),
    Case("Cropping3D", {}, VOLUME),
    *(Case("UpSampling3D", {"size": size}, VOLUME) for size in (1, 3, (1, 2, 3))),
    Case("UpSampling3D", FIRST, VOLUME),
    Case("UpSampling3D", {"size": (41, 1, 1)}, ((3, 1, 2, 1),)),
    *(Case("UpSampling2D", {"size": size}, ((3, 1, 1),)) for size in ((40, 1), (41, 1), (47, 2), (164, 1))),
]
