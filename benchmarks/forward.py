"""The forward pass of emitted modules, against hand-written ones in the same memory format, and against Keras."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import torch
from comparing import by_turns, ratio, row
from handwritten import Mnist, ResNet18, Tagger
from torch import Tensor, nn

import nndsl

EXAMPLES = Path(__file__).parents[1] / "examples"
MODELS: dict[str, tuple[Callable[[], nn.Module], Callable[[], Tensor], int]] = {
    "sequential": (lambda: Mnist((32,), 5408), lambda: torch.rand(32, 28, 28, 1), 20),
    "functional": (lambda: Mnist((32, 64), 1600), lambda: torch.rand(32, 28, 28, 1), 10),
    "resnet": (ResNet18, lambda: torch.rand(2, 224, 224, 3), 1),
    "tagger": (Tagger, lambda: torch.randint(10000, (16, 40)), 5),
}


def compare() -> None:
    """Print the ratios; each round runs every module some times in a row."""
    torch.set_num_threads(1)
    for name, (written, feed, count) in MODELS.items():
        module = nndsl.compile(EXAMPLES / f"{name}.nn").module(seed=0).eval()
        twin = written().eval()
        x = feed()
        with torch.no_grad():
            for parameter, other in zip(twin.parameters(), module.parameters(), strict=True):
                parameter.copy_(other)
            torch.testing.assert_close(module(x), twin(x))  # else they are not the same model
        tasks: dict[str, Callable[[], object]] = {
            "emitted": _repeated(module, x, count),
            "hand-written": _repeated(twin, x, count),
        }
        if name in ("sequential", "functional"):
            tasks["keras"] = _repeated(_keras(name), x, count)
        with torch.inference_mode():
            times = by_turns(tasks, 21)
        row(f"forward of {name}.nn / hand-written", f"{ratio(times, 'emitted', 'hand-written'):.3f}", "at most 1.02")
        if "keras" in tasks:
            row(f"forward of {name}.nn / Keras, torch backend", f"{ratio(times, 'emitted', 'keras'):.3f}")


def _repeated(module: Callable[[Tensor], object], x: Tensor, count: int) -> Callable[[], None]:
    def task() -> None:
        for _ in range(count):
            module(x)

    return task


def _keras(name: str) -> Callable[[Tensor], object]:
    """Return Keras's model of an example, as a function."""
    os.environ["KERAS_BACKEND"] = "torch"
    from keras import Input, Model, layers

    inputs = Input((28, 28, 1))
    x = inputs
    for filters in (32,) if name == "sequential" else (32, 64):
        x = layers.MaxPooling2D(2)(layers.Conv2D(filters, 3, activation="relu")(x))
    x = layers.Dense(128, activation="relu")(layers.Flatten()(x))
    model = Model(inputs, layers.Dense(10, activation="softmax")(x))
    return lambda x: model(x, training=False)
