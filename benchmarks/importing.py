"""The forward pass of models that were brought over, against Keras's own on its torch backend."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import torch
from comparing import by_turns, ratio, row
from torch import Tensor

import nndsl


def compare() -> None:
    """Print the ratios, on one thread and without gradients."""
    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    torch.set_num_threads(1)
    image, sequence = torch.rand(1, 224, 224, 3), torch.rand(32, 100, 64)
    inputs = keras.Input((100, 64))
    x = keras.layers.LSTM(128, return_sequences=True)(inputs)
    models: dict[str, tuple[Any, Tensor, str]] = {
        "ResNet50, batch 1": (keras.applications.ResNet50(weights=None), image, "at most 0.3"),
        "MobileNetV2, batch 1": (keras.applications.MobileNetV2(weights=None), image, "at most 0.3"),
        "two LSTM(128) on (32, 100, 64)": (keras.Model(inputs, keras.layers.LSTM(128)(x)), sequence, "at most 0.4"),
    }
    for name, (model, feed, wanted) in models.items():
        module = nndsl.from_keras(model).module().eval()
        tasks: dict[str, Callable[[], object]] = {
            "imported": lambda module=module, feed=feed: module(feed),
            "keras": lambda model=model, feed=feed: model(feed, training=False),
        }
        with torch.inference_mode():
            torch.testing.assert_close(tasks["imported"](), tasks["keras"](), rtol=1e-4, atol=1e-4)
            times = by_turns(tasks, 21)
        row(f"forward of {name} / Keras, torch backend", f"{ratio(times, 'imported', 'keras'):.3f}", wanted)
