"""Models whose training scripts are held against ``nndsl train``."""

from __future__ import annotations

from pathlib import Path

import numpy as np

EXAMPLES = Path(__file__).parents[2] / "examples"
TRAINED = ("digits", "cancer", "diabetes", "iris", "wine", "digits_rnn", "digits_autoencoder", "digits_vae")
"""The examples that have data."""

FITTED = """
model Net {{
  input x: (6)
  x -> Dense(8, activation="relu") -> Dense(3, activation="softmax") as classes
  output classes

  compile {{
    optimizer = {optimizer}
    loss = SparseCategoricalCrossentropy()
    metrics = ["accuracy"]
  }}
  fit {{
    data = Npz("data.npz", x="x", classes="classes")
    epochs = 3
    batch_size = 16
    {fit}
  }}
}}
"""
LOSS = """
model Net {{
  input x: (6)
  output y: x -> Dense(8, activation="tanh") -> Dense({units}, activation="{activation}")

  compile {{
    optimizer = "adam"
    loss = {loss}
    metrics = {metrics}
    {settings}
  }}
  fit {{
    data = Npz("data.npz", x="x", y="{target}"{data})
    epochs = 2
    batch_size = 16
    validation_split = 0.25
    {fit}
  }}
}}
"""
BLOCKS = """
block Residual(units) {
  input x: (D)
  y = x -> Dense(units, activation="relu", kernel_regularizer=L2(1e-2)) -> BatchNormalization()
  output x + (y -> Dense(D, kernel_constraint=MaxNorm(1.0), activity_regularizer="l2") -> Dropout(0.2))
}
model Net {
  input x: (6)
  Dense(6, trainable=false)
  for i in range(2) {
    Residual(8)
  }
  output y: Dense(1)

  compile {
    optimizer = Adam(1e-2, clipnorm=0.5, weight_decay=0.01)
    loss = "mse"
  }
  fit {
    data = Npz("data.npz", x="x", y="numbers")
    epochs = 3
    seed = 7
    validation_split = 0.25
    callbacks = [EarlyStopping(patience=1, min_delta=10.0, restore_best_weights=true), TerminateOnNaN()]
  }
}
"""
TOKENS = """
model Net {
  input tokens: int64(12)
  tokens -> Embedding(20, 8, mask_zero=true) -> LSTM(8, return_sequences=true) -> Dense(3, activation="softmax") as tags
  output tags

  compile {
    optimizer = "rmsprop"
    loss = SparseCategoricalCrossentropy()
    metrics = ["accuracy", "sparse_categorical_crossentropy"]
  }
  fit {
    data = Npz("data.npz", tokens="tokens", tags="tags")
    epochs = 2
    shuffle = false
  }
}
"""
ARRAYS = """
model Net {
  input images: (8, 8, 1)
  Flatten()
  output labels: Dense(10, activation="softmax")

  compile {
    optimizer = SGD(0.1)
    loss = "sparse_categorical_crossentropy"
  }
  fit {
    data = Npy(images="images.npy", labels="labels.npy")
    epochs = 2
    validation_data = Npy(images="few.npy", labels="few_labels.npy")
  }
}
"""
OPTIMIZERS = {
    "sgd": "SGD(0.05)",
    "momentum": "SGD(0.05, momentum=0.9, nesterov=true)",
    "rmsprop": "RMSprop(momentum=0.5, centered=true)",
    "adamw": "AdamW(0.01)",
    "adamax": "Adamax(0.01)",
    "nadam": "Nadam(0.01)",
    "adagrad": "Adagrad(0.1)",
    "adadelta": "Adadelta(0.5)",
    "adafactor": "Adafactor(0.01)",
    "ftrl": "Ftrl(0.05)",
    "lion": "Lion(0.001)",
    "lamb": "Lamb(0.01)",
    "muon": "Muon(0.01, adam_weight_decay=0.1)",
    "schedule_free": "ScheduleFreeAdamW(0.01)",
    "clipvalue": "Adam(0.01, clipvalue=0.01)",
    "global_clipnorm": "Adam(0.01, global_clipnorm=0.1)",
    "accumulated": "Adam(CosineDecay(0.01, 10), gradient_accumulation_steps=4)",
    "exponential": "Adam(ExponentialDecay(0.01, 3, 0.5, staircase=true))",
    "piecewise": "SGD(PiecewiseConstantDecay([4, 8], [0.1, 0.05, 0.01]))",
    "cosine": "SGD(CosineDecay(0.01, 10, warmup_target=0.1, warmup_steps=3), momentum=0.9)",
}
CALLBACKS = {
    "plateau": "validation_split = 0.25\n    callbacks = [ReduceLROnPlateau(patience=1, min_delta=1.0)]",
    "scheduled": 'callbacks = [LearningRateScheduler(ExponentialDecay(0.01, 1, 0.5)), CSVLogger("log.csv")]',
    "weighed": "validation_split = 0.25\n    class_weight = {0: 2.0, 2: 0.5}",
}
LOSSES = {
    "binary": ("BinaryCrossentropy(label_smoothing=0.1)", 1, "sigmoid", "binary", '["accuracy", AUC(), Precision()]'),
    "one_hot": (
        "CategoricalCrossentropy()",
        3,
        "softmax",
        "one_hot",
        '["accuracy", F1Score(), MeanIoU(3, sparse_y_true=false, sparse_y_pred=false)]',
    ),
    "divergence": ("KLDivergence()", 3, "softmax", "one_hot", '[TopKCategoricalAccuracy(2), "cosine_similarity"]'),
    "hinge": ("Hinge()", 1, "tanh", "binary", "[BinaryAccuracy(threshold=0.2)]"),
    "poisson": ("Poisson()", 1, "softplus", "positive", '["mse", LogCoshError(), R2Score()]'),
    "summed": ('MeanAbsoluteError(reduction="sum")', 1, "linear", "numbers", "[RootMeanSquaredError()]"),
    "ignored": ("SparseCategoricalCrossentropy(ignore_class=1)", 3, "softmax", "classes", "[]"),
}


NAMES = """
model Net {
  input step: (6)
  output hinge: step -> Dense(1, activation="tanh")
  output hinge_loss: step -> Dense(1)

  compile {
    optimizer = "adam"
    loss = {"hinge": Hinge(), "hinge_loss": "mse"}
  }
  fit {
    data = Npz("data.npz", step="x", hinge="binary", hinge_loss="numbers")
  }
}
"""


def cases() -> dict[str, str | Path]:
    """Return texts, and paths of examples, by names of modules."""
    found: dict[str, str | Path] = {f"example_{name}": EXAMPLES / f"{name}.nn" for name in TRAINED}
    found["plain"] = FITTED.format(optimizer='"adam"', fit="")
    found |= {f"optimizer_{name}": FITTED.format(optimizer=each, fit="") for name, each in OPTIMIZERS.items()}
    found |= {f"fit_{name}": FITTED.format(optimizer="Adam(0.01)", fit=each) for name, each in CALLBACKS.items()}
    for name, (loss, units, activation, target, metrics) in LOSSES.items():
        given = {"loss": loss, "units": units, "activation": activation, "target": target, "metrics": metrics}
        found[f"loss_{name}"] = LOSS.format(**given, settings="", data="", fit="")
    weighted = {"loss": '"mse"', "units": 1, "activation": "linear", "target": "numbers", "metrics": '["mae"]'}
    settings = 'weighted_metrics = ["mae", RootMeanSquaredError()]'
    found["sample_weight"] = LOSS.format(**weighted, settings=settings, data=', sample_weight="weights"', fit="")
    return {**found, "blocks": BLOCKS, "tokens": TOKENS, "arrays": ARRAYS, "names": NAMES}


def save_data(folder: Path) -> None:
    """Save the files that the texts name."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(90, 6))
    numbers = x.sum(1) + generator.normal(size=90)
    classes = (x[:, 0] > 0).astype(int) + (x[:, 1] > 0)
    tokens = generator.integers(1, 20, (90, 12))
    tokens[:, 9:] = 0
    np.savez(
        folder / "data.npz",
        x=x,
        numbers=numbers,
        positive=np.exp(x[:, :1]),
        classes=classes,
        binary=classes > 0,
        one_hot=np.eye(3)[classes],
        weights=generator.uniform(0.5, 1.5, 90),
        tokens=tokens.astype(np.int32),
        tags=tokens % 3,
    )
    images = generator.integers(0, 255, (1500, 8, 8), dtype=np.uint8)
    labels = images[:, 0, 0] % 10
    for name, array in {"images": images.astype(np.float32) / 255, "labels": labels.astype(np.int64)}.items():
        np.save(folder / f"{name}.npy", array)
    np.save(folder / "few.npy", images[:50])
    np.save(folder / "few_labels.npy", labels[:50])
