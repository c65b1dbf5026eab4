"""What stands in the place of operations that are not there: names of Keras, NumPy and PyTorch."""

from __future__ import annotations

from nndsl.ops import names
from nndsl.suggestions import nearest

_HERE = {
    "absolute": "ops.abs(x)",
    "fabs": "ops.abs(x)",
    "amax": "ops.max(x)",
    "amin": "ops.min(x)",
    "true_divide": "ops.divide(x1, x2)",
    "div": "ops.divide(x1, x2)",
    "sub": "ops.subtract(x1, x2)",
    "mul": "ops.multiply(x1, x2)",
    "neg": "ops.negative(x)",
    "pow": "ops.power(x1, x2)",
    "reciprocal": "1 / x",
    "mod": "x - y * ops.floor(x / y)",
    "floor_divide": "ops.floor(x / y)",
    "tan": "ops.sin(x) / ops.cos(x)",
    "average": "ops.mean(x, axis=1)",
    "swish": "ops.silu(x)",
    "cat": "ops.concatenate([a, b], axis=1)",
    "concat": "ops.concatenate([a, b], axis=1)",
    "hstack": "ops.concatenate([a, b], axis=1)",
    "append": "ops.concatenate([a, b], axis=1)",
    "permute": "ops.transpose(x, (0, 2, 1))",
    "moveaxis": "ops.transpose(x, (0, 2, 1))",
    "view": "ops.reshape(x, (-1, 8))",
    "ravel": "ops.reshape(x, (-1, 8))",
    "flatten": "x -> Flatten()",
    "unsqueeze": "ops.expand_dims(x, 1)",
    "bmm": "ops.matmul(x1, x2)",
    "mm": "ops.matmul(x1, x2)",
    "inner": "ops.tensordot(x1, x2, 1)",
    "clamp": "ops.clip(x, x_min, x_max)",
    "gather": "ops.take(x, indices, axis=1)",
    "topk": "ops.top_k(x, k)",
    "onehot": "ops.one_hot(x, num_classes)",
    "range": "ops.arange(n)",
    "detach": "ops.stop_gradient(x)",
    "eq": "ops.equal(x1, x2)",
    "ne": "ops.not_equal(x1, x2)",
    "gt": "ops.greater(x1, x2)",
    "ge": "ops.greater_equal(x1, x2)",
    "lt": "ops.less(x1, x2)",
    "le": "ops.less_equal(x1, x2)",
    "slice": "x[:, 2:5]",
    "get_item": "x[:, 2:5]",
    "unstack": "x[:, 0]",
    "size": "shape(x)",
    "zeros": "Weight((3, 4), trainable=false)",
    "ones": 'Weight((3, 4), initializer="ones", trainable=false)',
    "full_like": "0.5 * ops.ones_like(x)",
    "elu": "x -> ELU()",
    "selu": 'x -> Activation("selu")',
    "relu6": "x -> ReLU(max_value=6)",
    "leaky_relu": "x -> LeakyReLU(0.2)",
    "hard_sigmoid": 'x -> Activation("hard_sigmoid")',
    "hard_silu": 'x -> Activation("hard_silu")',
    "softsign": 'x -> Activation("softsign")',
    "log_sigmoid": 'x -> Activation("log_sigmoid")',
    "conv": "x -> Conv2D(filters, kernel_size)",
    "conv_transpose": "x -> Conv2DTranspose(filters, kernel_size)",
    "depthwise_conv": "x -> DepthwiseConv2D(kernel_size)",
    "separable_conv": "x -> SeparableConv2D(filters, kernel_size)",
    "max_pool": "x -> MaxPooling2D(pool_size)",
    "average_pool": "x -> AveragePooling2D(pool_size)",
    "batch_normalization": "x -> BatchNormalization()",
    "layer_normalization": "x -> LayerNormalization()",
    "rms_normalization": "x -> RMSNormalization()",
    "dot_product_attention": "MultiHeadAttention(num_heads, key_dim)(query, value)",
    "random.dropout": "x -> Dropout(rate)",
    "random.randn": "ops.random.normal(x)",
    "random.rand": "ops.random.uniform(x)",
    "normal": "ops.random.normal(x)",
    "uniform": "ops.random.uniform(x)",
}
"""What to write instead."""

_NONE = {
    "convert_to_tensor": "a tensor is one already, and a number stands as it is",
    "shape": "`shape(x)` leaves the batch out; what takes a shape takes `x` too: `ops.random.normal(x)`",
    "nonzero": "its shape follows from values: write `ops.where(condition, x1, x2)`",
    "unique": "its shape follows from values",
    "while_loop": "a model has no loops over values: `for` is unfolded",
    "scan": "recurrences are layers: `x -> LSTM(units)`",
    "cond": "a model has no branches over values: write `ops.where(condition, x1, x2)`",
}
"""Why there is no such thing."""


def suggested(name: str) -> str:
    """Return what to do about the name of an operation that is not there."""
    if name in _HERE:
        return f"write `{_HERE[name]}`"
    if name in _NONE:
        return _NONE[name]
    found = nearest(name, names())
    if found:
        return f"did you mean `ops.{found[0]}`?"
    return "the operations are a closed list: `nndsl layers` prints it"
