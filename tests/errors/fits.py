"""What is said of runs before they begin, or where they stop: cases beside those of data and checkpoints."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import nndsl
from nndsl.recipes import callbacks
from tests.errors.training import case

TEXT = """
model Net {
  input x: (2)
  output y: x -> Dense(3, activation="softmax")

  compile {
    optimizer = "adam"
    loss = "sparse_categorical_crossentropy"
    metrics = ["accuracy"]
  }
}
"""
X = np.arange(8.0).reshape(4, 2)
Y = np.array([0, 1, 2, 0])


def fit(text: str = TEXT, data: Any = (X, Y), **given: Any) -> nndsl.Run:
    """Train on little."""
    return nndsl.fit(nndsl.compile(text), data, **{"verbose": False, "batch_size": 2, **given})


@case("E1110_hash")
def changed_data(folder: Path) -> None:
    fit(out=folder / "run")
    fit(data=(X + 1, Y), resume=folder / "run", epochs=2)


@case("E1110_count")
def fewer_data(folder: Path) -> None:
    fit(out=folder / "run")
    fit(data=(X[:3], Y[:3]), resume=folder / "run", epochs=2)


@case("E1111_batch_size")
def other_batches(folder: Path) -> None:
    fit(out=folder / "run")
    fit(batch_size=3, resume=folder / "run", epochs=2)


@case("E1111_callbacks")
def other_callbacks(folder: Path) -> None:
    fit(out=folder / "run")
    fit(callbacks=[callbacks.EarlyStopping("loss")], resume=folder / "run", epochs=2)


@case("E1111_compile")
def other_optimizer(folder: Path) -> None:
    fit(out=folder / "run")
    fit(TEXT.replace('"adam"', '"sgd"'), resume=folder / "run", epochs=2)


@case("E1201_loss")
def nan(folder: Path) -> None:
    text = TEXT.replace('activation="softmax"', "").replace("sparse_categorical_crossentropy", "mse")
    fit(text.replace('"adam"', "SGD(1e30)"), (X, np.ones((4, 3))), out=folder / "run")


@case("E1202_frozen")
def frozen(folder: Path) -> None:
    fit(TEXT.replace("Dense(3, ", "Dense(3, trainable=false, "))


@case("E1203_no_validation")
def no_validation(folder: Path) -> None:
    fit(callbacks=[callbacks.EarlyStopping()])


@case("E1203_name")
def unknown_metric(folder: Path) -> None:
    fit(callbacks=[callbacks.ReduceLROnPlateau("acuracy")])


@case("E1203_mode")
def no_direction(folder: Path) -> None:
    def spread(target: torch.Tensor, output: torch.Tensor) -> torch.Tensor:
        return output.std(1)

    fit(callbacks=[callbacks.EarlyStopping("spread")], metrics=[spread])


@case("E1204_cuda")
def no_cuda(folder: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.cuda, "is_available", lambda: False)
        fit(device="cuda")


@case("E1204_name")
def no_device(folder: Path) -> None:
    fit(device="gpu")


@case("E1205_memory")
def memory(folder: Path) -> None:
    class Greedy(nndsl.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            raise torch.OutOfMemoryError("CUDA out of memory")

    fit(callbacks=[Greedy()])


@case("E1206_schedule")
def schedule(folder: Path) -> None:
    text = TEXT.replace('"adam"', "Adam(CosineDecay(1e-3, 100))")
    fit(text, callbacks=[callbacks.ReduceLROnPlateau("loss")])


@case("E1206_no_average")
def no_average(folder: Path) -> None:
    fit(callbacks=[callbacks.SwapEMAWeights()])


@case("E1207_block")
def no_compile(folder: Path) -> None:
    fit(TEXT.partition("  compile")[0] + "}\n")


@case("E1207_loss")
def no_loss(folder: Path) -> None:
    fit(TEXT.replace('    loss = "sparse_categorical_crossentropy"\n', ""))


@case("E1208_none")
def no_data(folder: Path) -> None:
    fit(data=None)


@case("E1208_python")
def python_data(folder: Path) -> None:
    fit(out=folder / "run")
    nndsl.fit(resume=folder / "run", epochs=2, verbose=False)


@case("E1209_other")
def other_weights(folder: Path) -> None:
    fit(out=folder / "run")
    fit(TEXT.replace("x -> ", "x -> Dense(4) -> "), init=folder / "run" / "model.safetensors")


@case("E1210_epochs")
def no_epochs(folder: Path) -> None:
    fit(epochs=0)


@case("E1210_losses")
def unknown_output(folder: Path) -> None:
    fit(losses={"z": torch.nn.functional.mse_loss})


@case("E1211_keras")
def keras_path(folder: Path) -> None:
    fit(callbacks=[callbacks.ModelCheckpoint("best.keras", "loss")])


@case("E1211_field")
def unknown_field(folder: Path) -> None:
    fit(callbacks=[callbacks.ModelCheckpoint("{val_loss:.2f}.safetensors")])


@case("E1211_own")
def own_file(folder: Path) -> None:
    fit(callbacks=[callbacks.CSVLogger("history.csv")], out=folder / "run")


@case("E1212_missing")
def no_tensorboard(folder: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "torch.utils.tensorboard", None)
        fit(callbacks=[callbacks.TensorBoard()])
