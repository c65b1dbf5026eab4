"""Cases of convolutions, pooling, and the layers that move values."""

from __future__ import annotations

from itertools import product

from tests.layers.oracle import Case

FIRST = {"data_format": "channels_first"}
CASES = [
    *(
        Case("Conv1D", {"filters": 3, "kernel_size": kernel, "strides": stride, "padding": padding}, ((9, 2),))
        for kernel, stride, padding in product((1, 2, 3, 4), (1, 2, 3), ("valid", "same", "causal"))
    ),
    Case("Conv1D", {"filters": 4, "kernel_size": 3, "dilation_rate": 2, "padding": "causal", "groups": 2}, ((9, 4),)),
    Case("Conv1D", {"filters": 4, "kernel_size": 3, "dilation_rate": 3, "padding": "same", **FIRST}, ((2, 11),)),
    Case("Conv1D", {"filters": 4, "kernel_size": 2, "activation": "glu"}, ((9, 2),)),
    Case("Conv1D", {"filters": 4, "kernel_size": 2, "activation": "softmax", **FIRST}, ((2, 9),)),
    *(
        Case("Conv2D", {"filters": 3, "kernel_size": kernel, "strides": stride, "padding": padding}, ((8, 7, 2),))
        for kernel, stride, padding in product((1, 2, 3, (3, 2)), (1, 2, (1, 3)), ("valid", "same"))
    ),
    Case("Conv2D", {"filters": 4, "kernel_size": 5, "strides": 3, "padding": "same", "use_bias": False}, ((8, 7, 2),)),
    Case("Conv2D", {"filters": 6, "kernel_size": 3, "groups": 3, "activation": "relu", **FIRST}, ((3, 8, 7),)),
    Case("Conv2D", {"filters": 3, "kernel_size": 3, "dilation_rate": (2, 1), "padding": "same"}, ((8, 7, 2),)),
    Case("Conv2D", {"filters": 3, "kernel_size": 1, "strides": 2, "padding": "same"}, ((7, 7, 2),)),
    Case("Conv3D", {"filters": 3, "kernel_size": 2, "strides": 2, "padding": "same"}, ((5, 4, 6, 2),)),
    Case("Conv3D", {"filters": 2, "kernel_size": (1, 2, 3)}, ((5, 4, 6, 2),)),
    *(
        Case(
            "DepthwiseConv1D",
            {"kernel_size": 3, "strides": stride, "padding": padding, "depth_multiplier": multiplier},
            ((8, 3),),
        )
        for stride, padding, multiplier in product((1, 2), ("valid", "same"), (1, 2))
    ),
    *(
        Case(
            "DepthwiseConv2D",
            {"kernel_size": kernel, "strides": stride, "padding": padding, "depth_multiplier": multiplier},
            ((8, 7, 3),),
        )
        for kernel, stride, padding, multiplier in product((2, 3), (1, 2), ("valid", "same"), (1, 2))
    ),
    Case("DepthwiseConv2D", {"kernel_size": 3, "dilation_rate": 2, "use_bias": False, **FIRST}, ((3, 8, 7),)),
    *(
        Case("SeparableConv1D", {"filters": 4, "kernel_size": 3, "strides": stride, "padding": padding}, ((8, 3),))
        for stride, padding in product((1, 2), ("valid", "same"))
    ),
    *(
        Case(
            "SeparableConv2D",
            {"filters": 4, "kernel_size": kernel, "strides": stride, "padding": padding},
            ((8, 7, 3),),
        )
        for kernel, stride, padding in product((2, 3), (1, 2), ("valid", "same"))
    ),
    Case(
        "SeparableConv2D",
        {
            "filters": 4,
            "kernel_size": 3,
            "depth_multiplier": 2,
            "dilation_rate": 2,
            "activation": "relu",
            "use_bias": False,
            **FIRST,
        },
        ((3, 8, 7),),
    ),
    *(
        Case("Conv1DTranspose", {"filters": 3, "kernel_size": kernel, "strides": stride, "padding": padding}, ((5, 2),))
        for kernel, stride, padding in product((1, 2, 3, 4, 5), (1, 2, 3), ("valid", "same"))
    ),
    *(
        Case(
            "Conv2DTranspose",
            {"filters": 3, "kernel_size": kernel, "strides": stride, "padding": padding},
            ((4, 5, 2),),
        )
        for kernel, stride, padding in product((1, 2, 3, 4, (3, 2)), (1, 2, (2, 1)), ("valid", "same"))
    ),
    *(
        Case(
            "Conv2DTranspose",
            {"filters": 3, "kernel_size": kernel, "strides": 3, "padding": padding, "output_padding": more},
            ((4, 5, 2),),
        )
        for kernel, padding, more in product((2, 3, 5), ("valid", "same"), (0, 1, 2))
    ),
    Case("Conv2DTranspose", {"filters": 3, "kernel_size": 3, "dilation_rate": 2, "padding": "same"}, ((4, 5, 2),)),
    Case(
        "Conv2DTranspose",
        {"filters": 3, "kernel_size": 3, "dilation_rate": 2, "activation": "relu", **FIRST},
        ((2, 4, 5),),
    ),
    Case("Conv1DTranspose", {"filters": 3, "kernel_size": 4, "strides": 2, "use_bias": False, **FIRST}, ((2, 5),)),
    *(
        Case(f"{kind}Pooling1D", {"pool_size": pool, "strides": stride, "padding": padding}, ((9, 2),))
        for kind, pool, stride, padding in product(("Max", "Average"), (1, 2, 3, 4), (None, 1, 2, 3), ("valid", "same"))
    ),
    *(
        Case(f"{kind}Pooling2D", {"pool_size": pool, "strides": stride, "padding": padding}, ((8, 7, 2),))
        for kind, pool, stride, padding in product(
            ("Max", "Average"), (2, 3, (3, 2)), (None, 1, 2, (1, 3)), ("valid", "same")
        )
    ),
    Case("MaxPooling1D", {}, ((9, 2),)),
    Case("MaxPooling2D", {}, ((8, 7, 2),)),
    Case("MaxPooling2D", {"padding": "same", **FIRST}, ((2, 8, 7),)),
    Case("AveragePooling2D", {"pool_size": 2, "padding": "same", **FIRST}, ((2, 8, 7),)),
    *(
        Case(f"Global{kind}Pooling{dimensions}D", {"keepdims": keep, "data_format": place}, (shape,))
        for kind, (dimensions, shape), keep, place in product(
            ("Average", "Max"), ((1, (5, 3)), (2, (4, 5, 3))), (False, True), ("channels_last", "channels_first")
        )
    ),
    *(
        Case("Flatten", {"data_format": place}, (shape,))
        for place in ("channels_last", "channels_first")
        for shape in ((), (3,), (4, 3), (4, 5, 3))
    ),
    Case("Flatten", {}, ((4, 3),), "int32"),
    *(Case("Reshape", {"target_shape": shape}, ((4, 6),)) for shape in ((24,), (-1,), (2, 12), (3, -1, 2), (2, 3, 4))),
    *(Case("Permute", {"dims": dims}, ((4, 5, 3),)) for dims in ((1, 2, 3), (2, 1, 3), (3, 1, 2))),
    Case("RepeatVector", {"n": 4}, ((3,),)),
    Case("ZeroPadding1D", {}, ((5, 3),)),
    Case("ZeroPadding1D", {"padding": (0, 2)}, ((5, 3),)),
    *(Case("ZeroPadding2D", {"padding": padding}, ((4, 5, 3),)) for padding in (0, 2, (1, 0), ((0, 1), (2, 3)))),
    Case("ZeroPadding2D", {"padding": (1, 2), **FIRST}, ((3, 4, 5),)),
    *(Case("Cropping1D", {"cropping": cropping}, ((5, 3),)) for cropping in (0, 1, (0, 2), (3, 1))),
    *(
        Case("Cropping2D", {"cropping": cropping}, ((4, 5, 3),))
        for cropping in (0, 1, (1, 0), (0, 2), ((0, 1), (2, 0)))
    ),
    Case("Cropping2D", {"cropping": ((1, 0), (0, 2)), **FIRST}, ((3, 4, 5),)),
    Case("Cropping2D", {}, ((4, 5, 3),)),
    Case("UpSampling1D", {"size": 3}, ((5, 3),)),
    *(
        Case("UpSampling2D", {"size": size, "interpolation": how}, ((4, 5, 3),))
        for size, how in product((1, 2, (3, 2)), ("nearest", "bilinear"))
    ),
    Case("UpSampling2D", FIRST, ((3, 4, 5),)),
]
