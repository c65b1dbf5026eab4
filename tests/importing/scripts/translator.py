from keras.layers import *
from keras.models import Model

units = 2 ** 4
source = Input(shape=(None,), dtype="int64", name="source")
_, *states = LSTM(units, return_state=True)(Embedding(50, 8)(source))
target = Input(shape=(None,), dtype="int64", name="target")
decoded, _, _ = LSTM(units, return_sequences=True, return_state=True)(Embedding(60, 8)(target), initial_state=states)
words = TimeDistributed(Dense(60, activation="softmax"))(decoded)
model = Model(inputs=[source, target], outputs=[words])
model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy")
