from keras import Sequential, layers

model = Sequential([layers.Input((8,)), layers.Dense(3, activaton="relu")])
