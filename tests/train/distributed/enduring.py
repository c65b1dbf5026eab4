"""One of several processes whose run is stopped, goes on, or meets a fault: ``enduring.py FOLDER WHAT``.

``whole`` trains to the end. ``stopped`` sends SIGTERM to the last process alone, in the middle of an epoch; ``rest``
goes on from there. ``killed`` ends the last process at once.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[3]))

import torch

import nndsl
from nndsl.recipes.callbacks import CSVLogger
from tests.train.distributed.member import classes

TEXT = """
model Enduring {
  input x: (6)

  x -> Dense(8, activation="relu") -> BatchNormalization() -> Dropout(0.3)
  output y: Dense(3, activation="softmax")

  compile {
    optimizer = Adam(0.01, use_ema=true, gradient_accumulation_steps=2)
    loss = "sparse_categorical_crossentropy"
    metrics = ["accuracy"]
  }
}
"""


class Sends(nndsl.Callback):
    """Sends a signal to the last process itself, at a step of the third epoch."""

    def __init__(self, number: int | None) -> None:
        self.number = number

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        is_last = os.environ.get("RANK") == "1"
        if self.number is not None and is_last and (self.trainer.epoch, batch) == (2, 1):
            os.kill(os.getpid(), self.number)


def train(folder: Path, what: str) -> nndsl.Run:
    number = {"stopped": signal.SIGTERM, "killed": signal.SIGKILL}.get(what)
    where = {"resume" if what == "rest" else "out": folder}
    callbacks = [CSVLogger("log.csv"), Sends(number)]
    x, y = classes()
    return nndsl.fit(
        nndsl.compile(TEXT), (x, y), epochs=5, batch_size=6, validation_split=0.2, device="cpu", callbacks=callbacks,
        verbose=what == "rest", **where,
    )  # fmt: skip


if __name__ == "__main__":
    torch.set_num_threads(1)
    folder = Path(sys.argv[1])
    for each in sys.argv[2:]:
        name = "whole" if each == "whole" else "broken"
        train(folder / name, each)
