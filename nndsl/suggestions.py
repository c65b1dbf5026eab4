"""What was meant: names that are spelt nearly so, and names that people bring from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from nndsl.elsewhere import INSTEAD

Kind = Literal["layer", "argument", "statement", "value"]

# Names of layers elsewhere, and what is written here instead.
LAYERS = {
    "Linear": "Dense(units)",
    "LazyLinear": "Dense(units)",
    "FullyConnected": "Dense(units)",
    "FC": "Dense(units)",
    "Bilinear": "Dense(units)",
    "Conv": "Conv2D(filters, kernel_size)",
    "Convolution": "Conv2D(filters, kernel_size)",
    "Convolution2D": "Conv2D(filters, kernel_size)",
    "Conv1d": "Conv1D(filters, kernel_size)",
    "Conv2d": "Conv2D(filters, kernel_size)",
    "Conv3d": "Conv3D(filters, kernel_size)",
    "LazyConv2d": "Conv2D(filters, kernel_size)",
    "ConvTranspose1d": "Conv1DTranspose(filters, kernel_size)",
    "ConvTranspose2d": "Conv2DTranspose(filters, kernel_size)",
    "ConvTranspose3d": "Conv3DTranspose(filters, kernel_size)",
    "Deconv2D": "Conv2DTranspose(filters, kernel_size)",
    "Deconvolution2D": "Conv2DTranspose(filters, kernel_size)",
    "BatchNorm": "BatchNormalization()",
    "BatchNorm1d": "BatchNormalization()",
    "BatchNorm2d": "BatchNormalization()",
    "BatchNorm3d": "BatchNormalization()",
    "BN": "BatchNormalization()",
    "LayerNorm": "LayerNormalization()",
    "GroupNorm": "GroupNormalization(groups)",
    "InstanceNorm2d": "GroupNormalization(groups=-1)",
    "RMSNorm": "RMSNormalization()",
    "MaxPool": "MaxPooling2D(pool_size)",
    "MaxPool1d": "MaxPooling1D(pool_size)",
    "MaxPool2d": "MaxPooling2D(pool_size)",
    "MaxPool3d": "MaxPooling3D(pool_size)",
    "AvgPool": "AveragePooling2D(pool_size)",
    "AvgPool1d": "AveragePooling1D(pool_size)",
    "AvgPool2d": "AveragePooling2D(pool_size)",
    "AvgPool3d": "AveragePooling3D(pool_size)",
    "GlobalAvgPool": "GlobalAveragePooling2D()",
    "AdaptiveAvgPool1d": "AdaptiveAveragePooling1D(output_size)",
    "AdaptiveAvgPool2d": "AdaptiveAveragePooling2D(output_size)",
    "AdaptiveAvgPool3d": "AdaptiveAveragePooling3D(output_size)",
    "AdaptiveMaxPool1d": "AdaptiveMaxPooling1D(output_size)",
    "AdaptiveMaxPool2d": "AdaptiveMaxPooling2D(output_size)",
    "AdaptiveMaxPool3d": "AdaptiveMaxPooling3D(output_size)",
    "Dropout1d": "SpatialDropout1D(rate)",
    "Dropout2d": "SpatialDropout2D(rate)",
    "Dropout3d": "SpatialDropout3D(rate)",
    "Upsample": "UpSampling2D(size)",
    "UpsamplingNearest2d": "UpSampling2D(size)",
    "ZeroPad2d": "ZeroPadding2D(padding)",
    "Resize": "Resizing(height, width)",
    "EmbeddingBag": "Embedding(input_dim, output_dim)",
    "MultiheadAttention": "MultiHeadAttention(num_heads, key_dim)",
    "SelfAttention": "MultiHeadAttention(num_heads, key_dim)",
    "RNN": "SimpleRNN(units)",
    "BiLSTM": "Bidirectional(LSTM(units))",
    "BLSTM": "Bidirectional(LSTM(units))",
    "Sigmoid": 'Activation("sigmoid")',
    "Tanh": 'Activation("tanh")',
    "GELU": 'Activation("gelu")',
    "SiLU": 'Activation("silu")',
    "Swish": 'Activation("silu")',
    "Mish": 'Activation("mish")',
    "SELU": 'Activation("selu")',
    "ReLU6": "ReLU(max_value=6)",
    "Hardswish": 'Activation("hard_silu")',
    "Hardsigmoid": 'Activation("hard_sigmoid")',
    "Softplus": 'Activation("softplus")',
    "LogSoftmax": 'Activation("log_softmax")',
    "LeakyRelu": "LeakyReLU()",
    "relu": 'Activation("relu")',
    "sigmoid": 'Activation("sigmoid")',
    "tanh": 'Activation("tanh")',
    "softmax": 'Activation("softmax")',
    "gelu": 'Activation("gelu")',
    "View": "Reshape(target_shape)",
    "Unflatten": "Reshape(target_shape)",
    "Transpose": "Permute(dims)",
    "Concat": "Concatenate()",
    "Cat": "Concatenate()",
    "Sum": "Add()",
    "Parameter": "Weight(shape)",
    "InputLayer": "input name: (28, 28, 1)",
    "Input": "input name: (28, 28, 1)",
    "Sequential": "Dense(8) -> Dense(4)",
    "ModuleList": "for i in range(n) { … }",
    "Model": "model Name { … }",
    "Merge": "Add()",
}

# Names of arguments and settings elsewhere, and here.
# (None: there is no such argument, since what comes in is known).
ARGUMENTS: dict[str, str | None] = {
    "lr": "learning_rate",
    "betas": "beta_1=…, beta_2=…",
    "eps": "epsilon",
    "wd": "weight_decay",
    "decay": "weight_decay",
    "in_channels": None,
    "in_features": None,
    "input_shape": None,
    "input_dim": None,
    "input_size": None,
    "num_features": None,
    "normalized_shape": None,
    "batch_input_shape": None,
    "d_model": None,
    "embed_dim": None,
    "out_channels": "filters",
    "out_features": "units",
    "hidden_size": "units",
    "num_units": "units",
    "nb_filter": "filters",
    "num_filters": "filters",
    "n_filters": "filters",
    "channels": "filters",
    "kernel": "kernel_size",
    "ksize": "kernel_size",
    "filter_size": "kernel_size",
    "stride": "strides",
    "subsample": "strides",
    "pad": "padding",
    "border_mode": "padding",
    "dilation": "dilation_rate",
    "bias": "use_bias",
    "pool": "pool_size",
    "p": "rate",
    "prob": "rate",
    "keep_prob": "rate",
    "act": "activation",
    "nonlinearity": "activation",
    "alpha": "negative_slope",
    "dim": "axis",
    "dims": "axis",
    "heads": "num_heads",
    "nhead": "num_heads",
    "n_heads": "num_heads",
    "head_dim": "key_dim",
    "num_embeddings": "input_dim",
    "vocab_size": "input_dim",
    "embedding_dim": "output_dim",
    "padding_idx": "mask_zero=true",
    "num_groups": "groups",
    "init": "kernel_initializer",
    "weights_init": "kernel_initializer",
    "kernel_init": "kernel_initializer",
    "bias_init": "bias_initializer",
    "W_regularizer": "kernel_regularizer",
    "l2": "kernel_regularizer=L2(…)",
    "scale_factor": "size",
    "return_seq": "return_sequences",
    "batch": "batch_size",
    "bs": "batch_size",
    "nb_epoch": "epochs",
    "num_epochs": "epochs",
    "n_epochs": "epochs",
    "optim": "optimizer",
    "opt": "optimizer",
    "criterion": "loss",
    "losses": "loss",
    "metric": "metrics",
}

# Words of other languages where a statement or an expression stands.
STATEMENTS = {
    "elif": "write `else if`",
    "elsif": "write `else if`",
    "return": "write `output …`",
    "class": "write `model Name { … }` or `block Name { … }`",
    "network": "write `model Name { … }`",
    "module": "write `block Name { … }`",
    "layer": "write `block Name { … }`",
    "func": "write `def name(a) = expression`, or a block for a part of a network",
    "function": "write `def name(a) = expression`, or a block for a part of a network",
    "lambda": "write `def name(a) = expression` at the top level",
    "while": "write `for … in … { … }`: every loop is bounded",
    "repeat": "write `for i in range(n) { … }`",
    "let": "write `name = value`",
    "var": "write `name = value`",
    "const": "write `name = value`",
    "inputs": "write `input name: shape`, one a line",
    "outputs": "write `output a, b`",
    "null": "write `none`",
    "nil": "write `none`",
    "pass": "leave the body empty: `{ }`",
    "switch": "write `if … { … } else if … { … }`",
    "match": "write `if … { … } else if … { … }`",
    "training": "write `fit { … }`",
    "train": "write `fit { … }`",
    "include": 'write `from "file.nn" import Name`',
    "require": 'write `from "file.nn" import Name`',
    "self": "name values without `self.`",
}

# Names of options, losses and metrics elsewhere, and here.
VALUES = {
    "lrelu": "leaky_relu",
    "hardswish": "hard_silu",
    "hardtanh": "hard_tanh",
    "identity": "linear",
    "none": "linear",
    "zero": "zeros",
    "one": "ones",
    "xavier": "glorot_uniform",
    "xavier_uniform": "glorot_uniform",
    "xavier_normal": "glorot_normal",
    "kaiming_uniform": "he_uniform",
    "kaiming_normal": "he_normal",
    "kaiming": "he_normal",
    "CrossEntropyLoss": "SparseCategoricalCrossentropy",
    "CrossEntropy": "CategoricalCrossentropy",
    "cross_entropy": "categorical_crossentropy",
    "NLLLoss": "SparseCategoricalCrossentropy",
    "BCELoss": "BinaryCrossentropy",
    "BCEWithLogitsLoss": "BinaryCrossentropy(from_logits=true)",
    "MSELoss": "MeanSquaredError",
    "L1Loss": "MeanAbsoluteError",
    "SmoothL1Loss": "Huber",
    "KLDivLoss": "KLDivergence",
    "acc": "accuracy",
    "NCHW": "channels_first",
    "NHWC": "channels_last",
    "half": "mixed_float16",
    "bf16": "mixed_bfloat16",
    "float": "float32",
    "int": "int64",
    "long": "int64",
}


def nearest(name: str, candidates: Iterable[str], limit: int = 3) -> tuple[str, ...]:
    """Return the candidates that are spelt nearly like ``name``, the nearest first.

    Another case or other underscores are no distance, and what is that near leaves out the rest; else a name of 3
    letters may be 1 edit away (an insertion, deletion, substitution or exchange of neighbours), one of 6 letters 2.
    """
    wanted = _folded(name)
    allowed = 0 if len(wanted) < 3 else 1 if len(wanted) < 6 else 2
    found = []
    for candidate in dict.fromkeys(candidates):
        distance = _distance(wanted, _folded(candidate), allowed)
        if distance <= allowed and candidate != name:
            found.append((distance, candidate[:1] != name[:1], candidate))
    found.sort()
    if found and found[0][0] == 0:
        return tuple(candidate for distance, _, candidate in found if distance == 0)[:limit]
    return tuple(candidate for *_, candidate in found[:limit])


def suggest(name: str, candidates: Iterable[str], kind: Kind) -> str:
    """Return a line of help for a name that is not among ``candidates``, or nothing.

    ``name`` may be dotted, as in ``nn.Linear``: its last part is what is looked up.
    """
    names = tuple(candidates)
    module, _, last = name.rpartition(".")
    elsewhere = _from_elsewhere(last, names, kind)
    if elsewhere:
        return elsewhere
    if module and last in names:
        return f"write `{last}`, without `{module}.`"
    near = nearest(last, names)
    if not near:
        return ""
    *others, final = (f"`{candidate}`" for candidate in near)
    return f"did you mean {', '.join(others)} or {final}?" if others else f"did you mean {final}?"


def _from_elsewhere(name: str, names: tuple[str, ...], kind: Kind) -> str:
    if name in names:
        return ""
    if kind == "statement":
        return STATEMENTS.get(name, "")
    if kind == "argument":
        return _argument_from_elsewhere(name, names)
    if kind == "layer" and name in INSTEAD:
        return INSTEAD[name]
    table = LAYERS if kind == "layer" else VALUES
    return f"write `{table[name]}`" if name in table else ""


def _argument_from_elsewhere(name: str, names: tuple[str, ...]) -> str:
    here = ARGUMENTS.get(name, name)
    if here is None:
        return f"leave `{name}` out: what comes in is known from the layer before, or from `input`"
    words = here.replace("=", " ").split()
    return f"write `{here}`" if here != name and words[0] in names else ""


def _folded(name: str) -> str:
    return name.replace("_", "").casefold()


def _distance(a: str, b: str, most: int) -> int:
    """The number of edits from a to b (optimal string alignment), or ``most + 1`` if it is more."""
    if a == b:
        return 0
    if abs(len(a) - len(b)) > most:
        return most + 1
    far = most + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        above, before, row = before, row, [far] * (len(b) + 1)
        row[0] = i
        for j in range(max(1, i - most), min(len(b), i + most) + 1):  # the rest is further away
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != b[j - 1]))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == b[j - 1]:
                cost = min(cost, above[j - 2] + 1)
            row[j] = cost
    return min(row[-1], far)
