from keras import Sequential, layers

model = Sequential([layers.Input((8,))])
for i in range(10000):
    for j in range(10000):
        model.add(layers.Dense(i * j))
