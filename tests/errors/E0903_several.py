import keras
from keras import layers

x = keras.Input((8,))
left = keras.Model(x, layers.Dense(3)(x))
right = keras.Model(x, layers.Dense(4)(x))
