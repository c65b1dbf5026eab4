"""The examples once more, in Keras, by hand: for shapes and numbers of parameters."""

from __future__ import annotations

import os
from collections.abc import Callable

os.environ["KERAS_BACKEND"] = "torch"

import keras
from keras import layers

Tensor = keras.KerasTensor


class Positions(layers.Layer):
    """Learned positions, added to (T, C)."""

    def __init__(self, length: int, width: int) -> None:
        super().__init__()
        self.table = self.add_weight((length, width))

    def call(self, x: Tensor) -> Tensor:
        return x + self.table[: x.shape[1]]

    def compute_output_spec(self, x: Tensor) -> Tensor:
        return Tensor(x.shape, x.dtype)


class Sampling(layers.Layer):
    """A draw from normal distributions, given by means and logarithms of variances."""

    def call(self, mean: Tensor, log_variance: Tensor) -> Tensor:
        return mean + keras.ops.exp(0.5 * log_variance) * keras.random.normal(keras.ops.shape(mean))


class Divergence(layers.Layer):
    """The Kullback-Leibler divergence of such distributions from the normal one."""

    def call(self, mean: Tensor, log_variance: Tensor) -> Tensor:
        each = keras.ops.square(mean) + keras.ops.exp(log_variance) - log_variance - 1.0
        return 0.5 * keras.ops.sum(each, axis=-1)


def sequential() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, (3, 3), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def functional() -> keras.Model:
    image = keras.Input((28, 28, 1))
    x = layers.MaxPooling2D((2, 2))(layers.Conv2D(32, (3, 3), activation="relu")(image))
    x = layers.MaxPooling2D((2, 2))(layers.Conv2D(64, (3, 3), activation="relu")(x))
    x = layers.Dense(128, activation="relu")(layers.Flatten()(x))
    return keras.Model(image, layers.Dense(10, activation="softmax")(x))


def siamese() -> keras.Model:
    left, right = keras.Input((64, 64, 1)), keras.Input((64, 64, 1))
    encoder = keras.Sequential(
        [
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(64),
        ]
    )
    gap = layers.Subtract()([encoder(left), encoder(right)])
    alike = layers.Dense(1, activation="sigmoid")(layers.Multiply()([gap, gap]))
    return keras.Model([left, right], alike)


def tagger() -> keras.Model:
    tokens = keras.Input((None,), dtype="int64")
    x = layers.Embedding(10000, 128)(tokens)
    x = layers.Bidirectional(layers.LSTM(64, return_sequences=True))(x)
    return keras.Model(tokens, layers.Dense(17, activation="softmax")(x))


def unet() -> keras.Model:
    def double(x: Tensor, filters: int) -> Tensor:
        for _ in range(2):
            x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
            x = layers.ReLU()(layers.BatchNormalization()(x))
        return x

    image = x = keras.Input((None, None, 3))
    skips = []
    for filters in (32, 64, 128, 256):
        x = double(x, filters)
        skips.append(x)
        x = layers.MaxPooling2D(2)(x)
    x = double(x, 512)
    for filters in (256, 128, 64, 32):
        x = layers.Conv2DTranspose(filters, 2, strides=2)(x)
        x = double(layers.Concatenate()([x, skips.pop()]), filters)
    return keras.Model(image, layers.Conv2D(2, 1, activation="softmax")(x))


def transformer() -> keras.Model:
    tokens = keras.Input((None,), dtype="int64")
    x = Positions(200, 64)(layers.Embedding(20000, 64)(tokens))
    for _ in range(2):
        attended = layers.MultiHeadAttention(4, 16, dropout=0.1)(x, x)
        x = layers.LayerNormalization(epsilon=1e-6)(x + layers.Dropout(0.1)(attended))
        fed = layers.Dense(64)(layers.Dense(256, activation="relu")(x))
        x = layers.LayerNormalization(epsilon=1e-6)(x + layers.Dropout(0.1)(fed))
    x = layers.Dropout(0.1)(layers.GlobalAveragePooling1D()(x))
    return keras.Model(tokens, layers.Dense(2, activation="softmax")(x))


def gpt() -> keras.Model:
    tokens = keras.Input((None,), dtype="int64")
    embedding = layers.ReversibleEmbedding(256, 128)
    x = layers.Dropout(0.1)(Positions(256, 128)(embedding(tokens)))
    for _ in range(4):
        normed = layers.LayerNormalization(epsilon=1e-5)(x)
        attention = layers.MultiHeadAttention(4, 32, dropout=0.1)
        x = x + layers.Dropout(0.1)(attention(normed, normed, use_causal_mask=True))
        fed = layers.LayerNormalization(epsilon=1e-5)(x)
        fed = layers.Dense(128)(layers.Dense(512, activation="gelu")(fed))
        x = x + layers.Dropout(0.1)(fed)
    x = layers.LayerNormalization(epsilon=1e-5)(x)
    return keras.Model(tokens, embedding(x, reverse=True))


def multi_io() -> keras.Model:
    title, tag = keras.Input((None,), dtype="int64"), keras.Input((12,))
    words = layers.LSTM(64)(layers.Embedding(10000, 64)(title))
    ticket = layers.Dense(64, activation="relu")(layers.Concatenate()([words, tag]))
    priority = layers.Dense(1, activation="sigmoid")(ticket)
    department = layers.Dense(4, activation="softmax")(ticket)
    return keras.Model([title, tag], [priority, department])


def autoencoder() -> keras.Model:
    same = {"strides": 2, "padding": "same"}
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 3, activation="relu", **same),
            layers.Conv2D(32, 3, activation="relu", **same),
            layers.Flatten(),
            layers.Dense(32),
            layers.Dense(7 * 7 * 32, activation="relu"),
            layers.Reshape((7, 7, 32)),
            layers.Conv2DTranspose(16, 3, activation="relu", **same),
            layers.Conv2DTranspose(1, 3, activation="sigmoid", **same),
        ]
    )


def digits() -> keras.Model:
    def strokes(x: Tensor, filters: int) -> Tensor:
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))

    images = keras.Input((8, 8, 1))
    x = layers.RandomTranslation(0.15, 0.15, fill_mode="constant")(images)
    x = layers.Dropout(0.2)(layers.MaxPooling2D(2)(strokes(strokes(x, 32), 32)))
    x = layers.Dropout(0.5)(layers.MaxPooling2D(2)(strokes(strokes(x, 64), 64)))
    return keras.Model(images, layers.Dense(10, activation="softmax")(layers.Flatten()(x)))


def digits_rnn() -> keras.Model:
    images = keras.Input((8, 8, 1))
    x = layers.Bidirectional(layers.GRU(32))(layers.Reshape((8, 8))(images))
    return keras.Model(images, layers.Dense(10, activation="softmax")(x))


def digits_autoencoder() -> keras.Model:
    same = {"strides": 2, "padding": "same"}
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(16, 3, activation="relu", **same),
            layers.Flatten(),
            layers.Dense(8),
            layers.Dense(4 * 4 * 16, activation="relu"),
            layers.Reshape((4, 4, 16)),
            layers.Conv2DTranspose(1, 3, activation="sigmoid", **same),
        ]
    )


def digits_vae(size: int = 4) -> keras.Model:
    images = keras.Input((8, 8, 1))
    hidden = layers.Dense(64, activation="relu")(layers.Flatten()(images))
    mean, log_variance = layers.Dense(size)(hidden), layers.Dense(size)(hidden)
    code = Sampling()(mean, log_variance)
    x = layers.Dense(64, activation="sigmoid")(layers.Dense(64, activation="relu")(code))
    return keras.Model(images, [layers.Reshape((8, 8, 1))(x), Divergence()(mean, log_variance)])


def cancer() -> keras.Model:
    nuclei = keras.Input((10,))
    x = layers.Dense(16, activation="relu")(layers.Normalization()(nuclei))
    return keras.Model(nuclei, layers.Dense(1, activation="sigmoid")(x))


def diabetes() -> keras.Model:
    patient = keras.Input((10,))
    x = layers.Dense(32, activation="relu")(layers.Normalization()(patient))
    return keras.Model(patient, layers.Dense(1)(layers.Dropout(0.1)(x)))


def iris() -> keras.Model:
    flower = keras.Input((4,))
    x = layers.Dense(16, activation="tanh")(layers.Normalization()(flower))
    return keras.Model(flower, layers.Dense(3, activation="softmax")(x))


def wine() -> keras.Model:
    chemistry = keras.Input((8,))
    x = layers.Dense(24, activation="relu")(layers.Normalization()(chemistry))
    return keras.Model(chemistry, [layers.Dense(3, activation="softmax")(x), layers.Dense(1)(x)])


def resnet(depth: int = 18) -> keras.Model:
    repeats = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3)}
    repeats |= {101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}

    def conv(x: Tensor, filters: int, kernel_size: int, strides: int = 1) -> Tensor:
        x = layers.Conv2D(filters, kernel_size, strides, padding="same", use_bias=False)(x)
        return layers.BatchNormalization(epsilon=1e-5, momentum=0.9)(x)

    def residual(x: Tensor, filters: int, strides: int) -> Tensor:
        if depth < 50:
            y = conv(layers.ReLU()(conv(x, filters, 3, strides)), filters, 3)
        else:
            y = layers.ReLU()(conv(x, filters, 1))
            y = layers.ReLU()(conv(y, filters, 3, strides))
            y = conv(y, filters := 4 * filters, 1)
        if strides != 1 or x.shape[-1] != filters:
            x = conv(x, filters, 1, strides)
        return layers.ReLU()(y + x)

    image = keras.Input((224, 224, 3))
    x = layers.ReLU()(conv(image, 64, 7, 2))
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    for stage, count in enumerate(repeats[depth]):
        for i in range(count):
            x = residual(x, 64 * 2**stage, 2 if i == 0 and stage > 0 else 1)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(1000, activation="softmax")(x))


def mobilenet(width: float = 1.0) -> keras.Model:
    return keras.applications.MobileNetV2(alpha=width, weights=None)


TWINS: dict[str, Callable[..., keras.Model]] = {
    twin.__name__: twin
    for twin in (
        sequential,
        functional,
        siamese,
        tagger,
        unet,
        transformer,
        gpt,
        multi_io,
        autoencoder,
        digits,
        digits_rnn,
        digits_autoencoder,
        digits_vae,
        cancer,
        diabetes,
        iris,
        wine,
        resnet,
        mobilenet,
    )
}
