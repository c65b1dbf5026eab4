import keras
from keras import layers

image = keras.Input(shape=(16,))
code = layers.Dense(4, activation="relu")(image)
encoder = keras.Model(image, code, name="encoder")

small = keras.Input(shape=(4,))
decoder = keras.Model(small, layers.Dense(16, activation="sigmoid")(small), name="decoder")

autoencoder = keras.Model(image, decoder(encoder(image)), name="autoencoder")
autoencoder.compile("adam", "mse", run_eagerly=False)
