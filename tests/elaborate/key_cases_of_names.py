"""The worked cases of names: chains, statements, numbers, outputs, branches (1 to 12)."""

from __future__ import annotations

from tests.elaborate.key_case import KeyCase

BRANCHES = """
model Case(deep=true) {
  input x: (4, 8)

  if deep {
    y = x -> Dense(8)
  } else {
    y = x -> Conv1D(8, 3)
  }
  y = y -> Dense(1)

  output y
}
"""

CHOICE = """
model Case(p=0.1) {
  input x: (4, 8)

  y = x -> (Dropout(p) if p > 0 else Identity()) -> Dense(8)
  z = x -> (Dense(8) if p > 0 else Conv1D(8, 1))

  output y, z
}
"""

CASES = (
    KeyCase(
        "1",
        """
model Case {
  input (8)

  Dense(8)
  Dropout(0.1)
  Dense(4)
  Dense(2) as p
}
""",
        "dense.weight dense.bias dense_1.weight dense_1.bias p.weight p.bias",
    ),
    KeyCase(
        "2",
        """
model Case {
  input x: (9, 9, 3)

  y = x -> Conv2D(8, 3) -> ReLU() -> Dropout(0.1)

  output y
}
""",
        "y.weight y.bias",
    ),
    KeyCase(
        "3",
        """
model Case {
  input x: (9, 9, 3)

  y = x -> Conv2D(8, 3) -> BatchNormalization() -> Conv2D(8, 3)

  output y
}
""",
        """
y_conv2d.weight y_conv2d.bias
y_batch_normalization.weight y_batch_normalization.bias
y_batch_normalization.running_mean y_batch_normalization.running_var
y_conv2d_1.weight y_conv2d_1.bias
""",
    ),
    KeyCase(
        "4",
        """
model Case {
  input x: (9, 9, 3)

  y = x -> Conv2D(8, 3) as skip -> Conv2D(8, 3) -> BatchNormalization()

  output y, skip
}
""",
        """
skip.weight skip.bias
y_conv2d.weight y_conv2d.bias
y_batch_normalization.weight y_batch_normalization.bias
y_batch_normalization.running_mean y_batch_normalization.running_var
""",
    ),
    KeyCase(
        "5",
        """
model Case {
  input (9, 9, 3)

  Conv2D(8, 3) -> BatchNormalization() -> ReLU() as stem -> Conv2D(8, 3)

  output Identity(), stem
}
""",
        """
stem_conv2d.weight stem_conv2d.bias
stem_batch_normalization.weight stem_batch_normalization.bias
stem_batch_normalization.running_mean stem_batch_normalization.running_var
conv2d.weight conv2d.bias
""",
    ),
    KeyCase(
        "6",
        """
model Case {
  input x: (9, 9, 3)

  y = (x -> (Conv2D(8, 3, padding="same") -> ReLU()) -> Conv2D(8, 3, padding="same")) + (x -> Conv2D(8, 1) as side)

  output y, side
}
""",
        "y_conv2d.weight y_conv2d.bias y_conv2d_1.weight y_conv2d_1.bias side.weight side.bias",
    ),
    KeyCase(
        "7",
        """
model Case {
  input x: (8)

  y = x -> Dense(8)
  y = y -> Dropout(0.1)
  y = y -> Dense(8) -> Dense(4)

  output y
}
""",
        "y.weight y.bias y_1_dense.weight y_1_dense.bias y_1_dense_1.weight y_1_dense_1.bias",
    ),
    KeyCase("8", BRANCHES, "y.weight y.bias y_2.weight y_2.bias", without_key="y_1"),
    KeyCase("8 else", BRANCHES, "y_1.weight y_1.bias y_2.weight y_2.bias", {"deep": False}, without_key="y"),
    KeyCase(
        "9",  # what `_` drops reaches no output: the name is taken, and there is no key
        """
model Case {
  input x: (5, 3)

  _, h, c = LSTM(8, return_state=true)(x)
  _ = Dense(2)(h)
  a, b = (Dense(8), Dense(4))

  output c -> a -> b
}
""",
        """
h.weight_ih_l0 h.weight_hh_l0 h.bias_ih_l0 h.bias_hh_l0
a_dense.weight a_dense.bias a_dense_1.weight a_dense_1.bias
""",
        without_key="dense",
    ),
    KeyCase(
        "9 kept",
        """
model Case {
  input x: (5, 3)

  _, h, c = LSTM(8, return_state=true)(x)
  _kept = Dense(2)(h)
  a, b = (Dense(8), Dense(4))

  output c -> a -> b, kept: _kept
}
""",
        """
h.weight_ih_l0 h.weight_hh_l0 h.bias_ih_l0 h.bias_hh_l0
dense.weight dense.bias
a_dense.weight a_dense.bias a_dense_1.weight a_dense_1.bias
""",
    ),
    KeyCase(
        "10",
        """
model Case {
  input x: (3, 3)

  encoder = Flatten() -> Dense(8) -> Dense(4, name="code")
  z = encoder(x)

  output z
}
""",
        "encoder.weight encoder.bias code.weight code.bias",
    ),
    KeyCase(
        "11",
        """
model Case {
  input x: (8)

  output x + (x -> Dense(8)), z: x -> Dense(4)
}
""",
        "dense.weight dense.bias z.weight z.bias",
    ),
    KeyCase("12", CHOICE, "y.weight y.bias z_dense.weight z_dense.bias", without_key="z_conv1d"),
    KeyCase("12 else", CHOICE, "y.weight y.bias z_conv1d.weight z_conv1d.bias", {"p": 0}, without_key="z_dense"),
)
