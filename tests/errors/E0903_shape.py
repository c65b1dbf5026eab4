from keras import Sequential, layers

model = Sequential([layers.Flatten(), layers.Dense(3)])
