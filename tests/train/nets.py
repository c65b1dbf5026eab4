"""A small model, data for it, and what is left of its runs."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

import nndsl
from nndsl.train.run import RunFolder

TEXT = """
model Net {
  input x: (6)
  output y: x -> Dense(8, activation="relu") -> BatchNormalization() -> Dropout(0.3) -> Dense(3, activation="softmax")

  compile {
    optimizer = "adam"
    loss = "sparse_categorical_crossentropy"
    metrics = ["accuracy"]
  }

  fit {
    data = Npz("data.npz")
    epochs = 4
    batch_size = 16
    validation_split = 0.25
  }
}
"""


@lru_cache
def data() -> tuple[Tensor, Tensor]:
    x = torch.randn(100, 6, generator=torch.Generator().manual_seed(0))
    return x, x[:, :3].argmax(1)


@lru_cache
def net() -> nndsl.Compiled:
    return nndsl.compile(TEXT)


def fit(**given: Any) -> nndsl.Run:
    return nndsl.fit(net(), data(), **{"verbose": False, **given})


def write(folder: Path) -> Path:
    """Write the model and its data into a folder, and return the path of the model."""
    np.savez(folder / "data.npz", x=data()[0].numpy(), y=data()[1].numpy())
    (folder / "net.nn").write_text(TEXT)
    return folder / "net.nn"


def state(folder: Path) -> dict[str, Tensor]:
    """The tensors of the last checkpoint, and the weights a run ends with."""
    snapshot, _ = RunFolder(folder).newest()
    assert snapshot is not None
    return {
        **snapshot.tensors,
        **{f"end.{key}": value for key, value in load_file(folder / "model.safetensors").items()},
    }


def assert_equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> None:
    assert one.keys() == other.keys()
    assert [name for name, value in one.items() if not torch.equal(value, other[name])] == []
