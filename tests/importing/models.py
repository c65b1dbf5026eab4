"""Small models of Keras, one of each kind that is brought over."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
from keras import layers, ops

Input = keras.Input


def sequential() -> keras.Model:
    model = keras.Sequential(
        [
            Input((28, 28, 1)),
            layers.Conv2D(32, (3, 3), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(1e-4), keras.losses.CategoricalCrossentropy(), metrics=["accuracy"])
    return model


def unnamed_shape() -> keras.Model:
    """A Sequential model that was built on data, and never declared its input."""
    model = keras.Sequential([layers.Dense(4, activation="tanh"), layers.Dense(2)])
    model.build((None, 6))
    return model


def residual() -> keras.Model:
    x = image = Input((16, 16, 3), name="image")
    x = layers.Conv2D(8, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    for filters in (8, 16):
        shortcut = x
        strides = 1 if filters == 8 else 2
        y = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(x)
        y = layers.BatchNormalization(axis=3)(y)
        y = layers.Activation("relu")(y)
        y = layers.Conv2D(filters, 3, padding="same", use_bias=False)(y)
        y = layers.BatchNormalization()(y)
        if strides > 1:
            shortcut = layers.Conv2D(filters, 1, strides=strides, use_bias=False)(x)
        x = layers.ReLU()(layers.Add()([shortcut, y]))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(5, activation="softmax", name="digit")(x), name="small_resnet")


def unet() -> keras.Model:
    """Free sizes that must be multiples of 4."""
    image = Input((None, None, 1))
    first = layers.Conv2D(4, 3, padding="same", activation="relu")(image)
    second = layers.Conv2D(8, 3, padding="same", activation="relu")(layers.MaxPooling2D(2)(first))
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(layers.MaxPooling2D(2)(second))
    x = layers.Concatenate()([layers.UpSampling2D(2)(x), second])
    x = layers.Conv2DTranspose(4, 2, strides=2)(x)
    x = layers.Concatenate(axis=3)([x, first])
    return keras.Model(image, layers.Conv2D(1, 1, activation="sigmoid")(x), name="unet")


def siamese() -> keras.Model:
    """Shared layers: one layer, and a model."""
    left, right = Input((12, 12, 1), name="left"), Input((12, 12, 1), name="right")
    encoder = keras.Sequential(
        [Input((12, 12, 1)), layers.Conv2D(4, 3, activation="relu"), layers.Flatten(), layers.Dense(6)], name="encoder"
    )
    head = layers.Dense(3, activation="tanh")
    one, other = head(encoder(left)), head(encoder(right))
    gap = layers.Subtract()([one, other])
    return keras.Model([left, right], layers.Dense(1, activation="sigmoid")(gap * gap))


def several() -> keras.Model:
    """Several inputs and outputs, of different dtypes, by name, with a loss for each."""
    title, tag = Input((None,), dtype="int32", name="title"), Input((12,), name="tag")
    words = layers.LSTM(8)(layers.Embedding(50, 6)(title))
    ticket = layers.Dense(9, activation="relu")(layers.concatenate([words, tag]))
    priority = layers.Dense(1, activation="sigmoid", name="priority")(ticket)
    department = layers.Dense(4, activation="softmax", name="department")(ticket)
    model = keras.Model([title, tag], [priority, department], name="tickets")
    losses = {
        "priority": "binary_crossentropy",
        "department": keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
    }
    model.compile("rmsprop", losses, loss_weights={"priority": 1.0, "department": 0.2})
    return model


def dicts() -> keras.Model:
    """Inputs and outputs in dicts, and a model that gives a dict inside of another."""
    a, b = Input((4,), name="a"), Input((4,), name="b")
    inner = keras.Model({"a": a, "b": b}, {"total": a + b, "product": layers.Multiply()([a, b])}, name="pair")
    p, q = Input((4,), name="p"), Input((4,), name="q")
    found = inner({"a": p, "b": layers.Dense(4)(q)})
    return keras.Model({"p": p, "q": q}, {"second": layers.Dense(2)(found["total"]), "first": found["product"]})


def states() -> keras.Model:
    """Layers with several outputs, which begin another one."""
    source, target = Input((None, 5), name="source"), Input((None, 3), name="target")
    steps, h, c = layers.LSTM(6, return_sequences=True, return_state=True)(source)
    decoded = layers.LSTM(6, return_sequences=True)(target, initial_state=[h, c])
    context, scores = layers.MultiHeadAttention(2, 3)(decoded, steps, return_attention_scores=True)
    out = layers.Dense(2)(layers.Concatenate()([decoded, context]))
    return keras.Model([source, target], [out, scores])


def wrappers() -> keras.Model:
    clips = Input((4, 6, 6, 2))
    frame = Input((6, 6, 2))
    inner = keras.Model(frame, layers.GlobalMaxPooling2D()(layers.Conv2D(3, 3)(frame)), name="frame_encoder")
    x = layers.TimeDistributed(inner)(clips)
    x = layers.Bidirectional(layers.GRU(4, return_sequences=True))(x)
    x = layers.Bidirectional(layers.LSTM(3), merge_mode="sum", backward_layer=layers.LSTM(3, go_backwards=True))(x)
    return keras.Model(clips, x)


def cells() -> keras.Model:
    x = Input((5, 3))
    y = layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)], return_sequences=True)(x)
    return keras.Model(x, layers.RNN(layers.SimpleRNNCell(2))(y))


def recipes() -> keras.Model:
    """Initializers, regularizers and constraints with arguments, one of them again and again."""
    start = keras.initializers.VarianceScaling(2.0, mode="fan_out")
    model = keras.Sequential([Input((7,))])
    for units in (6, 5, 4, 3):
        model.add(layers.Dense(units, kernel_initializer=start, kernel_regularizer=keras.regularizers.L2(1e-4)))
    model.add(
        layers.Dense(
            2,
            kernel_initializer="he_normal",
            bias_initializer=keras.initializers.Constant(0.5),
            bias_regularizer=keras.regularizers.L1L2(0.1, 0.2),
            kernel_constraint=keras.constraints.MaxNorm(2),
        )
    )
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 1000)
    model.compile(keras.optimizers.SGD(schedule, momentum=0.9), "mse")
    return model


def policies() -> keras.Model:
    policy = "mixed_bfloat16"
    x = Input((6,))
    y = layers.Dense(5, activation="relu", dtype=policy)(x)
    y = layers.LayerNormalization(dtype=policy)(y)
    return keras.Model(x, layers.Dense(2, dtype="float32")(y))


def channels_first() -> keras.Model:
    x = Input((3, 9, 9))
    y = layers.Conv2D(4, 3, strides=2, padding="same", data_format="channels_first")(x)
    y = layers.BatchNormalization(axis=1)(y)
    return keras.Model(x, layers.GlobalAveragePooling2D(data_format="channels_first")(y))


def frozen() -> keras.Model:
    base = keras.Sequential([Input((4,)), layers.Dense(3), layers.BatchNormalization()], name="base")
    base.trainable = False
    x = Input((4,))
    tied = layers.Dense(2, trainable=False)
    return keras.Model(x, tied(base(x)))


def operations() -> keras.Model:
    """Functions and operators, which Keras records as layers."""
    x, y = Input((6, 4), name="x"), Input((6, 1), name="y")
    z = 2.0 * x - y / 3.0 + 1.0
    z = ops.concatenate([z[:, 1:, :2], -ops.square(x)[:, :-1, 2:]], axis=-1)
    weights = ops.softmax(ops.mean(z, axis=2, keepdims=True), axis=1)
    pooled = ops.sum(weights * z, axis=1)
    first = ops.reshape(ops.transpose(x, (0, 2, 1)), (-1, 24))[:, 3]
    chosen = ops.where(pooled > 0.0, ops.tanh(pooled), 0.1 * pooled)
    parts = ops.split(ops.clip(chosen, -1.0, 1.0), 2, axis=1)
    joined = ops.maximum(parts[0], keras.activations.elu(parts[1])) ** 2
    return keras.Model([x, y], [joined * ops.expand_dims(first, 1), ops.einsum("btc,bsc->bts", x, z)])


def activations() -> keras.Model:
    x = Input((8,))
    y = ops.leaky_relu(layers.Dense(8)(x), negative_slope=0.1)
    y = ops.hard_silu(ops.relu6(y))
    return keras.Model(x, ops.selu(keras.activations.gelu(y)))


def masked() -> keras.Model:
    """A mask travels; Keras's operators drop it, and its layers keep it."""
    tokens = Input((None,), dtype="int32", name="tokens")
    x = layers.Embedding(20, 6, mask_zero=True)(tokens)
    x = layers.Add()([x, layers.LSTM(6, return_sequences=True)(x)])
    kept = layers.GlobalAveragePooling1D()(x)
    dropped = layers.GlobalAveragePooling1D()(x * 2.0)
    cut = layers.LSTM(3)(x[:, :, 1:])
    return keras.Model(tokens, [kept, dropped, cut])


def normalized() -> keras.Model:
    data = [[1.0, 2.0], [3.0, 6.0], [5.0, 4.0]]
    adapted = layers.Normalization()
    adapted.adapt(np.array(data))
    x = Input((2,))
    y = layers.Normalization(mean=[1.0, 2.0], variance=[4.0, 9.0])(adapted(x))
    return keras.Model(x, layers.Rescaling(0.5, offset=1.0)(y))


def named() -> keras.Model:
    """Names that are none here, and ones that clash with those that follow from the text."""
    x = Input((8,), name="in-put")
    a = layers.Dense(8, name="block 1-dense")(x)
    b = layers.Dense(8, name="dense")(a)
    c = layers.Dense(8, name="for")(layers.Dense(8)(b))
    return keras.Model(x, layers.Add(name="total")([a, c, layers.Dense(8)(c)]), name="named model")


def augmented() -> keras.Model:
    """Keras's own layers that models of ``keras.applications`` bring along."""
    from keras.src.applications.convnext import LayerScale, StochasticDepth
    from keras.src.applications.inception_resnet_v2 import CustomScaleLayer

    x = Input((6, 6, 4))
    y = layers.Dense(4)(layers.Conv2D(4, 3, padding="same")(x))
    y = x + StochasticDepth(0.1)(LayerScale(0.5, 4, name="scale")(y))
    return keras.Model(x, CustomScaleLayer(0.2)([x, y]))


def attention() -> keras.Model:
    query, value = Input((5, 8), name="query"), Input((7, 8), name="value")
    grouped = layers.GroupQueryAttention(4, 6, 3)(query, value)
    dotted = layers.Attention(use_scale=True)([grouped, value])
    added, scores = layers.AdditiveAttention()([dotted, value], return_attention_scores=True)
    return keras.Model(
        [query, value], [layers.MultiHeadAttention(2, 4, value_dim=3, use_gate=True)(added, value), scores]
    )


def masking() -> keras.Model:
    x = Input((6, 4))
    y = layers.Masking(0.0)(x)
    steps = layers.SimpleRNN(3, return_sequences=True)(y)
    stacked = layers.RNN(layers.StackedRNNCells([layers.LSTMCell(4), layers.LSTMCell(4)]))(steps)
    return keras.Model(x, stacked)


def volumes() -> keras.Model:
    x = Input((4, 6, 6, 2))
    y = layers.SpatialDropout3D(0.2)(layers.Conv3D(3, 2, padding="same")(x))
    return keras.Model(x, layers.ConvLSTM2D(2, 3, activation="tanh")(y))


def flips() -> keras.Model:
    """Augmentation, which does nothing in inference, as the crop keeps the size."""
    x = Input((9, 8, 3))
    y = layers.RandomFlip("horizontal")(layers.RandomCrop(9, 8)(x))
    return keras.Model(x, layers.RandomBrightness(0.2, value_range=(0.0, 1.0))(y))


MODELS: dict[str, Callable[[], Any]] = {
    function.__name__: function
    for function in (
        *(sequential, unnamed_shape, residual, unet, siamese, several, dicts, states, wrappers, cells, recipes),
        *(policies, channels_first, frozen, operations, activations, masked, normalized, named, augmented),
        *(attention, masking, volumes, flips),
    )
}
