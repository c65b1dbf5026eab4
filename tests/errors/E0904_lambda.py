from keras import Sequential, layers

model = Sequential([layers.Input((8,)), layers.Lambda(lambda x: x * 2)])
