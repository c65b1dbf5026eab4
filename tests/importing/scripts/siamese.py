from keras import Input, Model, Sequential, layers, ops

encoder = Sequential([layers.Flatten(), layers.Dense(8, activation="relu"), layers.Dense(4)])

left = Input((6, 3))
right = Input((6, 3))
a, b = encoder(left), encoder(right)
gap = ops.abs(a - b)
score = layers.Dense(1, activation="sigmoid")(gap[:, 1:])

model = Model([left, right], score)
