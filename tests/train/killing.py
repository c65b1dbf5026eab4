"""Kills a run again and again, lets it go on each time, and compares what is left: ``killing.py FOLDER KILLS SEED``.

The interpreter with PyTorch is started once; each attempt is a fork of it.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import time
import traceback
from pathlib import Path

import torch

import nndsl
from nndsl.recipes.callbacks import BackupAndRestore, CSVLogger, EarlyStopping, ReduceLROnPlateau
from nndsl.train.run import RunFolder

TEXT = """
model Fragile {
  input x: (12)

  x -> Normalization() -> Dense(16) -> BatchNormalization() -> ReLU() -> Dropout(0.3)
  output y: Dense(16, activation="relu", kernel_constraint="max_norm") -> Dropout(0.2) -> Dense(3, activation="softmax")

  compile {
    optimizer = AdamW(0.003, use_ema=true, ema_momentum=0.9, gradient_accumulation_steps=2)
    loss = "sparse_categorical_crossentropy"
    metrics = ["accuracy", AUC()]
  }
}
""".replace(", AUC()", "")
CALLBACKS = (
    EarlyStopping(patience=6, restore_best_weights=True),
    ReduceLROnPlateau(patience=1, min_delta=0.01),
    CSVLogger("log.csv"),
    BackupAndRestore("unused", save_freq=2),
)


class Begun(nndsl.Callback):
    """Says through a pipe that training has begun."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe

    def on_train_begin(self, logs: object = None) -> None:
        os.write(self._pipe, b".")


def data() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(200, 12, generator=generator)
    return x, (x[:, :3] + torch.randn(200, 3, generator=generator)).argmax(1)


def train(folder: Path, pipe: int) -> None:
    """Begin a run, or go on with the one in the folder."""
    begun = (folder / "run.json").exists()
    nndsl.fit(
        nndsl.compile(TEXT),
        data(),
        epochs=10,
        batch_size=16,
        validation_split=0.2,
        seed=5,
        callbacks=[*CALLBACKS, Begun(pipe)],
        verbose=False,
        **({"resume": folder} if begun else {"out": folder}),  # type: ignore[arg-type]
    )


def attempt(folder: Path, delay: float | None) -> bool:
    """Train in a fork, killed after some seconds of training; return whether it came to its end."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        try:
            train(folder, writing)
        except BaseException:  # noqa: BLE001  a fork must never go on behind this
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    os.close(writing)
    os.read(reading, 1)  # nothing more comes if the child ends before
    os.close(reading)
    if delay is not None:
        time.sleep(delay)
        os.kill(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, -signal.SIGKILL), f"an attempt failed with {status}"
    return status == 0


def left(folder: Path) -> tuple[dict[str, torch.Tensor], dict[str, object], list[bytes]]:
    """Return the tensors and facts of the last checkpoint, and the files that a user gets."""
    snapshot, remarks = RunFolder(folder).newest()
    assert snapshot is not None
    assert not remarks
    names = ("model.safetensors", "best.safetensors", "history.csv", "log.csv")
    return dict(snapshot.tensors), dict(snapshot.facts), [(folder / name).read_bytes() for name in names]


def check(folder: Path, wanted: tuple[dict[str, torch.Tensor], dict[str, object], list[bytes]]) -> None:
    tensors, facts, files = left(folder)
    assert tensors.keys() == wanted[0].keys()
    different = [name for name, value in tensors.items() if not torch.equal(value, wanted[0][name])]
    assert not different, different
    assert facts == wanted[1], [name for name, value in facts.items() if value != wanted[1][name]]
    assert files == wanted[2]


def main(folder: Path, kills: int, seed: int) -> None:
    torch.set_num_threads(1)
    chance = random.Random(seed)
    reading, writing = os.pipe()
    train(folder / "warm", writing)  # what is imported now need not be in each fork
    start = time.monotonic()
    train(folder / "whole", writing)
    duration = time.monotonic() - start
    os.close(reading)
    os.close(writing)
    wanted = left(folder / "whole")
    killed = finished = 0
    while killed < kills or not finished:
        name = folder / f"run{finished}"
        last = killed >= kills
        if attempt(name, None if last else chance.uniform(0, duration / 2)):
            check(name, wanted)
            finished += 1
            shutil.rmtree(name)
        else:
            killed += 1
    sys.stdout.write(f"{killed} kills, {finished} runs, all equal to the bit")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
