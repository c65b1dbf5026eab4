"""Expressions that mean the same here and in ``keras.ops``: value by value, comparing, reducing, along axes."""

from __future__ import annotations

_FLOATING = ("exp", "expm1", "sin", "cos", "tanh", "erf", "sigmoid")
_POSITIVE = ("log", "log1p", "sqrt", "rsqrt")
_ANY = ("negative", "abs", "sign", "square", "relu", "floor", "ceil", "round")
_FLOATS = ("silu", "softplus", "gelu")

ELEMENTWISE = [
    *(f"ops.{name}({x})" for name in _FLOATING for x in ("x", "i", "b", "h", "a")),
    *(f"ops.{name}({x})" for name in _POSITIVE for x in ("p", "j", "a * a + 0.5")),
    *(f"ops.{name}({x})" for name in _ANY for x in ("3 * x", "i", "h", "a")),
    *(f"ops.{name}({x})" for name in _FLOATS for x in ("x", "h", "a")),
    "ops.gelu(x, approximate=false)",
    "ops.gelu(x, false)",
    "ops.round(x, decimals=1)",
    "ops.round(i * 10, -1)",
    "ops.floor(u)",
]

ARITHMETIC = [
    *(
        f"ops.{name}({pair})"
        for name in ("add", "subtract", "multiply", "divide", "maximum", "minimum")
        for pair in (
            "x, y", "x, x", "x, 2", "x, -0.5", "2, p", "i, 3", "i, 0.5", "i, j", "x, i", "h, x", "h, g", "u, i",
            "t, x", "x, w1", "a, c", "u, s", "x, w0",
        )
    ),
    *(f"ops.{name}(b, {other})" for name in ("add", "multiply", "maximum") for other in ("x", "i", "2")),
    "ops.power(x, 2)",
    "ops.power(p, 0.5)",
    "ops.power(p, y)",
    "ops.power(2, x)",
    "ops.power(2.0, i)",
    "ops.power(i, 2)",
    "ops.power(p, -1.5)",
    "ops.clip(x, -0.5, 0.5)",
    "ops.clip(x, x_min=0, x_max=1)",
    "ops.clip(i, 1, 3)",
    "ops.clip(i, 0.5, 2.5)",
    "ops.clip(x, y, p)",
    "ops.clip(x, -0.5, p)",
    "ops.clip(x, -p, 0.5)",
    "ops.clip(a, 0.0, 0.5)",
]  # fmt: skip

COMPARING = [
    *(
        f"ops.{name}({pair})"
        for name in ("equal", "not_equal", "greater", "greater_equal", "less", "less_equal")
        for pair in ("i, j", "i, 2", "2, i", "x, 0.0", "x, y", "i, x", "b, b", "x, t")
    ),
    *(f"ops.logical_{name}({pair})" for name in ("and", "or") for pair in ("b, i", "i, j", "b, ops.greater(x, 0)")),
    *(f"ops.logical_not({x})" for x in ("b", "i", "x")),
    "ops.where(b, x, y)",
    "ops.where(ops.greater(x, 0), x, 0.0)",
    "ops.where(b, 1.0, x)",
    "ops.where(b, 1, 0)",
    "ops.where(b, 1.0, 0)",
    "ops.where(i, x, y)",
    "ops.where(b, i, 0.5)",
    "ops.where(b, i, 2)",
    "ops.where(b, x, i)",
    "ops.where(b, h, x)",
    "ops.where(condition=b, x1=t, x2=x)",
    "ops.where(ops.less(a, 0.2), a, c)",
]

_AXES = ("axis=1", "axis=-1", "1, true", "axis=(1, 2)", "axis=(-1, 1), keepdims=true", "axis=2")
REDUCTIONS = [
    *(
        f"ops.{name}({x}, {axis})"
        for name in ("mean", "sum", "prod", "max", "min", "var", "std", "any", "all", "logsumexp")
        for x, axis in (*(("m", axis) for axis in _AXES), ("a", "axis=(1, 2)"), ("a", "axis=-1"), ("a", "2, true"))
    ),
    *(
        f"ops.{name}({x}, axis=1)"
        for name in ("mean", "sum", "prod", "max", "var", "any", "all")
        for x in ("i", "b", "u", "h")
    ),
    *(
        f"ops.{name}({rest})"
        for name in ("argmax", "argmin")
        for rest in ("m, axis=1", "m, -1", "m, axis=2, keepdims=true", "i, axis=1", "b, axis=1", "a, axis=-1")
    ),
    *(f"ops.add(v, ops.{name}(w))" for name in ("mean", "sum", "prod", "max", "min", "var", "std", "logsumexp")),
    "ops.add(v, ops.norm(w))",
    *(f"ops.add(ops.expand_dims(v, 1), ops.{name}(w, axis=0))" for name in ("mean", "sum", "max", "norm")),
    *(
        f"ops.add(ops.expand_dims(v, 1), ops.{name}(w, keepdims=true))"
        for name in ("mean", "sum", "prod", "argmax", "norm", "any", "logsumexp")
    ),
    "ops.add(v, ops.argmax(w))",
    "ops.prod(i, axis=1, dtype=\"float32\")",
    "ops.max(x, axis=1, initial=0.5)",
    "ops.max(i, axis=1, initial=3)",
    "ops.min(x, axis=1, initial=0)",
    "ops.min(m, axis=(1, 2), keepdims=true, initial=-0.5)",
    "ops.norm(x, axis=1)",
    "ops.norm(x, axis=-1, keepdims=true)",
    "ops.norm(x, 1, axis=1)",
    "ops.norm(x, ord=3, axis=1)",
    "ops.norm(x, ord=0.5, axis=1)",
    "ops.norm(m, axis=(1, 2))",
    'ops.norm(m, ord="fro", axis=(1, 2), keepdims=true)',
    'ops.norm(m, ord="nuc", axis=(1, 2))',
    "ops.norm(m, ord=-1, axis=(1, 2))",
    "ops.norm(i, axis=1)",
    "ops.norm(a, axis=-1)",
]  # fmt: skip

ALONG_AXES = [
    *(
        f"ops.{name}({rest})"
        for name in ("softmax", "log_softmax")
        for rest in ("x", "m, axis=1", "m, 2", "a", "a, axis=1", "m, axis=(1, 2)", "m, (2,)", "a, axis=(1, 3)")
    ),
    *(f"ops.add(x, ops.{name}(t, axis=none))" for name in ("softmax", "log_softmax")),
    "ops.cumsum(x, axis=1)",
    "ops.cumsum(m, -1)",
    "ops.cumsum(i, axis=1)",
    "ops.cumsum(b, axis=1)",
    'ops.cumsum(i, axis=1, dtype="float32")',
    "ops.cumsum(a, axis=-1)",
    "ops.add(ops.expand_dims(v, 1), ops.cumsum(w))",
    "ops.normalize(x)",
    "ops.normalize(m, axis=1)",
    "ops.normalize(m, axis=(1, 2))",
    "ops.normalize(x, order=1)",
    "ops.normalize(x, -1, 3, 0.5)",
    "ops.normalize(x, epsilon=2.0)",
    "ops.normalize(a)",
    "ops.top_k(x, 2)",
    "ops.top_k(m, k=3, sorted=true)",
    "ops.top_k(a, 1)",
    "ops.top_k(x, 4, sorted=false)[0] * 0",
]  # fmt: skip
