"""An epoch of ``nndsl.fit`` against a plain loop written by hand, and against Keras's ``fit``."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812
from comparing import by_turns, ratio, row
from handwritten import Mnist
from torch import Tensor, nn

import nndsl
from nndsl.train.fit import fit
from nndsl.train.heap import keep_heap

EXAMPLES = Path(__file__).parents[1] / "examples"
SAMPLES, BATCH = 6000, 64
PERCEPTRON = """
model Perceptron {
  input (784)

  Dense(64, activation="relu") -> Dense(10, activation="softmax")

  compile {
    optimizer = "adam"
    loss = "sparse_categorical_crossentropy"
    metrics = ["accuracy"]
  }
}
"""


class Perceptron(nn.Module):
    """784-64-10, giving logits."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(784, 64)
        self.last = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(F.relu(self.hidden(x)))


class Logits(Mnist):
    """The sequential example without its softmax, as a plain loop would have it."""

    def forward(self, x: Tensor) -> Tensor:
        x = x.permute(0, 3, 1, 2)
        for convolution in self.convolutions:
            x = F.max_pool2d(F.relu(convolution(x)), 2)
        return self.dense_1(F.relu(self.dense(x.permute(0, 2, 3, 1).flatten(1))))


def compare() -> None:
    """Print the ratios of an epoch of 6,000 samples at batches of 64, with loss and accuracy, on one thread."""
    torch.set_num_threads(1)
    keep_heap()  # for all that is compared: else how the heap happens to lie decides
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(SAMPLES, 28, 28, 1, generator=generator)
    labels = torch.randint(10, (SAMPLES,), generator=generator)
    text = (EXAMPLES / "sequential.nn").read_text(encoding="utf-8")
    text = text.replace("CategoricalCrossentropy()", "SparseCategoricalCrossentropy()")
    compiled = nndsl.compile(text.replace("CategoricalAccuracy()", "SparseCategoricalAccuracy()"))
    tasks: dict[str, Callable[[], object]] = {
        "nndsl": _fitted(compiled, images, labels, 1),
        # The same kind of optimizer: fused, where PyTorch has it.
        "hand-written": _written(Logits((32,), 5408), images, labels, fused=True, epochs=1),
        "keras": _keras(images, labels),
    }
    times = by_turns(tasks, 7)
    row("epoch of sequential.nn / hand-written loop", f"{ratio(times, 'nndsl', 'hand-written'):.3f}", "at most 1.03")
    row("epoch of sequential.nn / Keras's fit, torch backend", f"{ratio(times, 'nndsl', 'keras'):.3f}", "at most 0.5")
    flat = images.flatten(1)
    tasks = {
        "nndsl": _fitted(nndsl.compile(PERCEPTRON), flat, labels, 10),
        "hand-written": _written(Perceptron(), flat, labels, fused=None, epochs=10),
    }
    times = by_turns(tasks, 21)
    row(
        "epoch of 784-64-10 / hand-written loop, defaults",
        f"{ratio(times, 'nndsl', 'hand-written'):.3f}",
        "at most 0.85",
    )


def _fitted(compiled: nndsl.Compiled, x: Tensor, y: Tensor, epochs: int) -> Callable[[], None]:
    module = compiled.module(seed=0)

    def task() -> None:
        fit(module, (x, y), epochs=epochs, batch_size=BATCH, verbose=False)

    return task


def _written(module: nn.Module, x: Tensor, y: Tensor, fused: bool | None, epochs: int) -> Callable[[], None]:
    """A loop as it is written by hand over tensors in memory: the loss and accuracy are read at each step."""
    optimizer = torch.optim.Adam(module.parameters(), fused=fused)

    def task() -> None:
        module.train()
        for _ in range(epochs):
            total, correct = 0.0, 0
            for rows in torch.randperm(len(x)).split(BATCH):
                inputs, labels = x[rows], y[rows]
                optimizer.zero_grad()
                logits = module(inputs)
                loss = F.cross_entropy(logits, labels)
                loss.backward()
                optimizer.step()
                total += loss.item() * len(rows)
                correct += int((logits.argmax(1) == labels).sum())

    return task


def _keras(x: Tensor, y: Tensor) -> Callable[[], object]:
    os.environ["KERAS_BACKEND"] = "torch"
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    inputs, labels = x.numpy(), y.numpy()
    return lambda: model.fit(inputs, labels, batch_size=BATCH, epochs=1, verbose=0)
