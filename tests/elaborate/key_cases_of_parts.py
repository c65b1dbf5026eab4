"""The worked cases of loops, blocks, arguments, wrappers and clashes (13 to 25)."""

from __future__ import annotations

from tests.elaborate.key_case import KeyCase

RESIDUAL = """
block Residual(filters) {
  input x: (H, W, C)

  y = x -> Conv2D(filters, 3, padding="same") -> BatchNormalization()

  output x + y
}
"""

PRE_NORM = """
block PreNorm(inner) {
  LayerNormalization()
  inner
}
"""

TWO = """
block Two {
  input x: (C)

  output x -> Dense(8), x -> Dense(4)
}
"""

CASES = (
    KeyCase(
        "13",
        """
model Case {
  input x: (9, 9, 8)

  values = []
  for i in range(2) {
    Dense(8)
    y = x -> Conv2D(8, 3) -> BatchNormalization()
    values = values + [y]
  }
  Dense(8)

  output Identity(), sum: values -> Add()
}
""",
        """
dense.0.weight dense.0.bias dense.1.weight dense.1.bias
y_conv2d.0.weight y_conv2d.0.bias y_conv2d.1.weight y_conv2d.1.bias
y_batch_normalization.0.weight y_batch_normalization.0.bias
y_batch_normalization.0.running_mean y_batch_normalization.0.running_var
y_batch_normalization.1.weight y_batch_normalization.1.bias
y_batch_normalization.1.running_mean y_batch_normalization.1.running_var
dense_1.weight dense_1.bias
""",
    ),
    KeyCase(
        "14",
        RESIDUAL
        + """
model Case {
  input (9, 9, 8)

  for s in range(2) {
    if s > 0 {
      LayerNormalization()
    }
    for i in range(2) {
      Residual(8)
    }
  }
}
""",
        """
layer_normalization.1.weight layer_normalization.1.bias
residual.0.0.y_conv2d.weight residual.0.0.y_conv2d.bias
residual.0.0.y_batch_normalization.weight residual.0.0.y_batch_normalization.bias
residual.0.0.y_batch_normalization.running_mean residual.0.0.y_batch_normalization.running_var
residual.0.1.y_conv2d.weight residual.0.1.y_conv2d.bias
residual.0.1.y_batch_normalization.weight residual.0.1.y_batch_normalization.bias
residual.0.1.y_batch_normalization.running_mean residual.0.1.y_batch_normalization.running_var
residual.1.0.y_conv2d.weight residual.1.0.y_conv2d.bias
residual.1.0.y_batch_normalization.weight residual.1.0.y_batch_normalization.bias
residual.1.0.y_batch_normalization.running_mean residual.1.0.y_batch_normalization.running_var
residual.1.1.y_conv2d.weight residual.1.1.y_conv2d.bias
residual.1.1.y_batch_normalization.weight residual.1.1.y_batch_normalization.bias
residual.1.1.y_batch_normalization.running_mean residual.1.1.y_batch_normalization.running_var
""",
    ),
    KeyCase(
        "15",
        """
model Case {
  input x: (8)

  layers = []
  for i in range(2) {
    layers = layers + [Dense(8)]
  }
  x -> layers[0] -> layers[1]
}
""",
        "layers.0.weight layers.0.bias layers.1.weight layers.1.bias",
    ),
    KeyCase(
        "16",
        """
model Case {
  input x: (8)

  for f in [Dense(8), Dense(4)] {
    x = x -> f
  }

  output y: x
}
""",
        "dense.weight dense.bias dense_1.weight dense_1.bias",
    ),
    KeyCase(
        "17",
        """
model Case {
  input left: (9, 9, 3)
  input right: (9, 9, 3)

  shared = Conv2D(8, 3) -> BatchNormalization()
  values = []
  for level in [left, right] {
    y = level -> shared
    values = values + [y]
  }

  output sum: values -> Add()
}
""",
        """
shared_conv2d.weight shared_conv2d.bias
shared_batch_normalization.weight shared_batch_normalization.bias
shared_batch_normalization.running_mean shared_batch_normalization.running_var
""",
    ),
    KeyCase(
        "18",
        PRE_NORM
        + """
model Case {
  input (8)

  PreNorm(Dense(8) -> Dropout(0.1))
  PreNorm(inner=Dense(8) -> Dense(4))
}
""",
        """
pre_norm.inner.weight pre_norm.inner.bias
pre_norm.layer_normalization.weight pre_norm.layer_normalization.bias
pre_norm_1.inner_dense.weight pre_norm_1.inner_dense.bias
pre_norm_1.inner_dense_1.weight pre_norm_1.inner_dense_1.bias
pre_norm_1.layer_normalization.weight pre_norm_1.layer_normalization.bias
""",
    ),
    KeyCase(
        "19",
        PRE_NORM
        + """
model Case {
  input x: (8)

  head = Dense(8)
  y = x -> PreNorm(head) -> PreNorm(Dense(4))

  output y
}
""",
        """
head.weight head.bias
y_pre_norm.layer_normalization.weight y_pre_norm.layer_normalization.bias
y_pre_norm_1.inner.weight y_pre_norm_1.inner.bias
y_pre_norm_1.layer_normalization.weight y_pre_norm_1.layer_normalization.bias
""",
    ),
    KeyCase(
        "20",
        PRE_NORM
        + """
block Twice(inner) {
  inner
  inner
}

model Case {
  input (8)

  for i in range(2) {
    PreNorm(Twice(Dense(8)))
  }
}
""",
        """
pre_norm.0.inner.inner.weight pre_norm.0.inner.inner.bias
pre_norm.0.layer_normalization.weight pre_norm.0.layer_normalization.bias
pre_norm.1.inner.inner.weight pre_norm.1.inner.inner.bias
pre_norm.1.layer_normalization.weight pre_norm.1.layer_normalization.bias
""",
    ),
    KeyCase(
        "21",
        """
block Residual(units) {
  input x: (C)

  output x + (x -> Dense(units))
}

model Case {
  input (4, 8)

  Bidirectional(LSTM(8, return_sequences=true))
  TimeDistributed(Dense(8) -> ReLU())
  TimeDistributed(Dense(8) -> Dense(4))
  TimeDistributed(Residual(4))
}
""",
        """
bidirectional.weight_ih_l0 bidirectional.weight_hh_l0
bidirectional.bias_ih_l0 bidirectional.bias_hh_l0
bidirectional.weight_ih_l0_reverse bidirectional.weight_hh_l0_reverse
bidirectional.bias_ih_l0_reverse bidirectional.bias_hh_l0_reverse
time_distributed.weight time_distributed.bias
time_distributed_1_dense.weight time_distributed_1_dense.bias
time_distributed_1_dense_1.weight time_distributed_1_dense_1.bias
time_distributed_2.dense.weight time_distributed_2.dense.bias
""",
    ),
    KeyCase(
        "22",  # the first `b` is bound again before it is used, so its layer is dead too
        TWO
        + """
model Case {
  input x: (8)

  for i in range(2) {
    a, b = Two()(x)
    x = a
  }

  output b
}
""",
        "a.0.dense.weight a.0.dense.bias a.1.dense_1.weight a.1.dense_1.bias",
    ),
    KeyCase(
        "22 kept",
        TWO
        + """
model Case {
  input x: (8)

  kept = []
  for i in range(2) {
    a, b = Two()(x)
    x = a
    kept = kept + [b]
  }

  output b, first: kept[0]
}
""",
        """
a.0.dense.weight a.0.dense.bias a.0.dense_1.weight a.0.dense_1.bias
a.1.dense_1.weight a.1.dense_1.bias
""",
    ),
    KeyCase(
        "23",
        """
model Case {
  input x: (4)

  for i in range(2) {
    scale = Weight((4,))
    x = x * scale
  }

  output x * Weight((4,))
}
""",
        "scale.0 scale.1 weight",
    ),
    KeyCase(
        "24",
        RESIDUAL
        + """
model Case {
  input left: (9, 9, 8)
  input right: (9, 9, 8)

  encode = Residual(8)
  [encode(left), encode(right)] -> Add() -> BatchNormalization() -> Dense(1) as alike
}
""",
        """
encode.y_conv2d.weight encode.y_conv2d.bias
encode.y_batch_normalization.weight encode.y_batch_normalization.bias
encode.y_batch_normalization.running_mean encode.y_batch_normalization.running_var
alike_batch_normalization.weight alike_batch_normalization.bias
alike_batch_normalization.running_mean alike_batch_normalization.running_var
alike_dense.weight alike_dense.bias
""",
    ),
    KeyCase(
        "24 half",
        """
model Case {
  input x: (8)

  half = x -> Dense(8)

  output half
}
""",
        "half_.weight half_.bias",
    ),
    KeyCase(
        "24 classes",
        """
block MLP(units) {
  Dense(units)
}

block Mlp(units) {
  Dense(units)
}

model Case {
  input (8)

  MLP(4)
  Mlp(8)
}
""",
        "mlp.dense.weight mlp.dense.bias mlp_1.dense.weight mlp_1.dense.bias",
    ),
    KeyCase(
        "25",
        """
model Case {
  input x: (8)

  dense_1 = x -> Dense(8)
  Dense(4)
  Dense(2)

  output Identity(), dense_1
}
""",
        clash="Dense(2)",
    ),
)
