import keras
from keras import layers

WIDTHS = [8, 16]


def block(x, filters, stride=1):
    shortcut = x
    if stride != 1:
        shortcut = layers.Conv2D(filters, 1, strides=stride)(x)
    x = layers.Conv2D(filters, 3, strides=stride, padding="same", kernel_regularizer=keras.regularizers.l2(1e-4))(x)
    x = layers.BatchNormalization()(x)
    x = keras.activations.relu(x)
    return layers.add([shortcut, x])


def make_model(shape, classes=10):
    image = keras.Input(shape, name="image")
    x = layers.Conv2D(WIDTHS[0], 3, padding="same")(image)
    for place, width in enumerate(WIDTHS):
        x = block(x, width, stride=1 if place == 0 else 2)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(classes, activation="softmax", name="class")(x), name="tower")


if __name__ == "__main__":
    net = make_model((16, 16, 3), classes=4)
    net.compile(
        keras.optimizers.SGD(learning_rate=0.01, momentum=0.9),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
        metrics=[keras.metrics.CategoricalAccuracy()],
    )
