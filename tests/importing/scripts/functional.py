from keras import layers, models

input_layer = layers.Input(shape=(28, 28, 1))

conv1 = layers.Conv2D(32, (3, 3), activation="relu")(input_layer)
maxpool1 = layers.MaxPooling2D((2, 2))(conv1)
conv2 = layers.Conv2D(64, (3, 3), activation="relu")(maxpool1)
maxpool2 = layers.MaxPooling2D((2, 2))(conv2)

flatten_layer = layers.Flatten()(maxpool2)

dense1 = layers.Dense(128, activation="relu")(flatten_layer)
output_layer = layers.Dense(10, activation="softmax")(dense1)

model = models.Model(inputs=input_layer, outputs=output_layer)
