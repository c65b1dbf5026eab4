"""Small models that are awkward to write down as Python: long names, many values, deep lists, holes, clashes."""

from __future__ import annotations

LONG = "a_name_that_goes_on_and_on_until_no_line_of_python_can_hold_it_any_longer"
LONGER = f"{LONG}_and_some_more_of_the_same"


def many(count: int, form: str, separator: str = ", ") -> str:
    """A form with the numbers 0, 1, … put in."""
    return separator.join(form.format(number) for number in range(count))


RESIDUAL = """
block Residual(filters, strides=1) {
  input x: (H, W, C)

  y = x -> Conv2D(filters, 3, strides=strides, padding="same", use_bias=false) -> BatchNormalization() -> ReLU()
  if strides != 1 or C != filters {
    x = x -> Conv2D(filters, 1, strides=strides)
  }
  output x + y
}
"""

MODELS = {
    "long names": f"""
block {LONG.title().replace("_", "")}({LONG}) {{
  input {LONG}_input: (C)

  {LONG}_value = {LONG}_input -> Dense({LONG}, activation="relu") -> Dense(2 * {LONG})
  output {LONG}_value
}}

model {LONGER.title().replace("_", "")} {{
  input {LONG}: (8)
  input {LONGER}: (8)

  first = {LONG.title().replace("_", "")}(4)({LONG})
  second = {LONG.title().replace("_", "")}(5)({LONGER})

  output {LONG}_a: first, {LONGER}_b: second -> Dense(3)
}}
""",
    "many inputs and outputs": f"""
model Wide {{
{many(12, "  input input_number_{0}: (4, 4, 3)", chr(10))}

  total = [{many(12, "input_number_{0}")}] -> Add()
  wide = [{many(12, "input_number_{0} -> Conv2D(8, 1)")}] -> Concatenate() -> Dense(5)

  output {many(12, "output_number_{0}: total -> Dense({0} + 1)")}, wide
}}
""",
    "lists in lists": f"""{RESIDUAL}
model Deep {{
  input x: (8, 8, 3)

  for a in range(2) {{
    for b in range(3) {{
      for c in range(2) {{
        x = x -> Residual(4 + a * b)
        if c > 0 or b == 1 {{
          x = x -> Dense(6) as between
        }}
      }}
      if b > 0 {{
        x = x -> BatchNormalization() as after
      }}
    }}
  }}

  output y: x
}}
""",
    "holes": """
model Holes {
  input x: (8)

  for i in range(5) {
    if i != 2 {
      x = x -> Dense(8)
    }
    if i == 3 {
      x = x -> LayerNormalization()
    }
  }

  output y: x
}
""",
    "lists of weights": """
model Weights {
  input x: (4)

  for i in range(3) {
    scale = Weight((4,), initializer="ones")
    x = x * scale
    if i > 0 {
      x = x + Weight((4,)) as offset
    }
  }
  for i in range(2) {
    for j in range(2) {
      x = x * (Weight((4,), initializer="random_normal") as grid)
    }
  }

  output y: x * Weight((4,))
}
""",
    "lifted floats": """
block Scaled(rate, epsilon=1e-7, units=4) {
  input x: (T, C)

  x -> Dropout(rate) -> LayerNormalization(epsilon=epsilon) -> Dense(units) -> LeakyReLU(negative_slope=rate)
}

model Floats {
  input x: (6, 4)

  Scaled(0.1)
  Scaled(0.25, epsilon=1e-3)
  Scaled(0.3333333333333333, 12345678.9, 7)
  for rate in [0.1, 1e-12, 0.999999999999] {
    Scaled(rate)
  }
}
""",
    "long texts": """
model Texts {
  input a_rather_long_name_of_an_input: (16 * H + 3, 32 * W + 5, 3)
  input another_rather_long_name: (2 * H, 3)

  x = a_rather_long_name_of_an_input -> Conv2D(8, (7, 5), strides=(3, 2)) -> Conv2D(8, 5, strides=3)
  y = another_rather_long_name -> Conv1D(8, 11, strides=2, activation="relu") -> GlobalAveragePooling1D()

  output x, y
}
""",
    "symbols": """
model Symbols {
  input left: (T, 8)
  input right: (T, 8)
  input image: (4 * H, 4 * W, 3)

  both = left + right
  tokens = image -> Conv2D(8, 4, strides=4) -> Reshape((H * W, 8))
  cut = both[:, 1:] -> Conv1D(4, 3)
  seen = [tokens[:, :5], tokens[:, -5:]] -> Concatenate()

  output cut, seen, tokens
}
""",
    "no weights": """
model Nothing {
  input x: (4, 4, 3)

  x -> MaxPooling2D(2) -> Flatten()
}
""",
    "untouched": """
model Same {
  input x: (4)

  output y: x -> Identity()
}
""",
    "many arguments": f"""
block Mixed({many(9, "number_of_units_{0}")}) {{
  input x: (C)

{many(9, "  Dense(number_of_units_{0})", chr(10))}
}}

model Many {{
  input x: (8)

  a = x -> Mixed({many(9, "{0} + 1")})
  b = a -> Mixed({many(9, "{0} + 2")})

  output b
}}
""",
    "recurrent": """
model Recurrent {
  input x: (5, 3)
  input state: (4)

  sequence, last = GRU(4, return_sequences=true, return_state=true)(x, initial_state=[state])
  steps = sequence -> TimeDistributed(Dense(3) -> ReLU()) -> Bidirectional(LSTM(4, return_sequences=true))
  all, h, c = LSTM(4, return_sequences=true, return_state=true)(steps)

  output all, h, c, last
}
""",
}

CLASHES = {
    "model nn": "model nn {\n  input (4)\n\n  Dense(2)\n}\n",
    "model torch": "model torch {\n  input (4)\n\n  Dense(2) -> Softmax()\n}\n",
    "classes": """
block F(units) {
  Dense(units) -> ReLU()
}

block Tensor(units) {
  Dense(units) -> F(units)
}

block BatchNorm(units) {
  Dense(units) -> BatchNormalization() -> Tensor(units)
}

block Optional(units) {
  BatchNorm(units) -> Softmax()
}

model Module {
  input (4)

  Optional(3)
  Optional(5)
}
""",
    "blocks of one name in another case": """
block Mlp(units) {
  Dense(units)
}

block MLP(units) {
  Dense(units) -> ReLU()
}

model Mlp2 {
  input (4)

  Mlp(3)
  MLP(4)
  Mlp(5)
}
""",
    "parameters": """
block Odd(self, torch, nn, x, F, weight, range, zip, super, layer, print) {
  input y: (C)

  y -> Dense(self) -> Dense(torch) -> Dense(nn) -> Dense(x) -> Dense(F) -> Dense(weight) -> Dense(range)
    -> Dense(zip) -> Dense(super) -> Dense(layer) -> Dense(print)
}

model Odds {
  input a: (4)

  Odd(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
  Odd(12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22)
}
""",
    "values": """
model Values {
  input self: (4)
  input torch: (4)
  input F: (4)

  nn = [self, torch] -> Add() -> Dense(4, activation="relu")
  Tensor = nn -> Dense(4) -> Softmax()
  layer = Tensor -> Dense(4)
  super = layer -> Dropout(0.5)
  int = super -> Dense(2)
  lambda = int -> Dense(2)

  output lambda, F: F -> Dense(1)
}
""".replace("F: F ->", "f: F ->"),
    "loop variables": """
block Layer(units) {
  Dense(units)
}

model Loops {
  input layer: (4)

  dense = layer
  layers = layer
  for i in range(3) {
    layer = layer -> Dense(4) -> ReLU()
    dense = [layer, dense] -> Add() -> Layer(4)
    layers = layers + dense
  }

  output layer_: layers
}
""",
    "attributes": """
model Attributes {
  input x: (4)

  weight = x -> Dense(4)
  forward = weight -> Dense(4)
  training = forward -> Dense(4)
  parameters = training -> Dense(4)
  reset_parameters = parameters -> Dense(4)
  T = reset_parameters -> Dense(4)
  call = T -> Dense(4)
  register_buffer = call -> Dense(4)

  output register_buffer
}
""",
    "methods of methods": """
set dtype_policy = "bfloat16"

model Frozen {
  input image: (9, 9, 4)

  SeparableConv2D(4, 2, strides=(1, 2), use_bias=false, trainable=false) as a_separable_convolution
  BatchNormalization(momentum=0.9, epsilon=1e-5, trainable=false) as a_batch_normalization
  for i in range(2) {
    SeparableConv2D(4, 2, use_bias=false, trainable=false, activation="relu") as more
  }
}
""",
}
