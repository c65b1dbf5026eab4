"""Callbacks against Keras's, fed the same numbers; and what they leave in a real run."""

from __future__ import annotations

import csv
import io
import os
import random
import sys
import types
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"

import keras
import pytest
import torch
from keras.src.trainers.compile_utils import MetricsList

import nndsl
from nndsl.recipes import callbacks as recipes
from nndsl.recipes.schedules import ExponentialDecay
from nndsl.tensor_file import read_tensor_file
from nndsl.train.callbacks import Callback, callback_of
from nndsl.train.callbacks.monitored import EITHER, UP

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
TEXT = """
model Small {
  input x: (4)
  output y: x -> Dense(8, activation="relu") -> Dense(3, activation="softmax")

  compile {
    optimizer = OPTIMIZER
    loss = "sparse_categorical_crossentropy"
    metrics = ["accuracy"]
  }
}
"""
NAMES = ("loss", "accuracy", "val_loss", "val_accuracy")


@lru_cache
def compiled(optimizer: str = "SGD(0.1)") -> nndsl.Compiled:
    return nndsl.compile(TEXT.replace("OPTIMIZER", optimizer))


@lru_cache
def data() -> tuple[torch.Tensor, torch.Tensor]:
    x = torch.randn(96, 4, generator=torch.Generator().manual_seed(0))
    return x, x[:, :3].argmax(1)


def fit(*callbacks: Any, optimizer: str = "SGD(0.1)", **given: Any) -> nndsl.Run:
    settings = {"epochs": 3, "batch_size": 16, "validation_split": 0.25, "verbose": False, **given}
    return nndsl.fit(compiled(optimizer), data(), callbacks=callbacks, **settings)


class Stage:
    """As much of a trainer as callbacks look at."""

    def __init__(self, callback: Callback) -> None:
        self.model = SimpleNamespace(compiled=compiled())
        self.updater = SimpleNamespace(recipe=compiled().compile.optimizer)  # type: ignore[union-attr]
        self.names = NAMES
        self.callbacks = (callback,)
        self.stop_training = False
        self.learning_rate = 0.1
        self.epoch = 0
        self.given: Any = None
        callback.trainer = self  # type: ignore[assignment]
        callback.check()
        callback.on_train_begin()

    def weights(self) -> dict[str, torch.Tensor]:
        return {"epoch": torch.tensor(self.epoch)}

    def put(self, weights: dict[str, torch.Tensor]) -> None:
        self.given = int(weights["epoch"])

    def say(self, message: str) -> None:
        pass


class KerasModel:
    """As much of a model as Keras's callbacks look at."""

    def __init__(self) -> None:
        self.stop_training = False
        self.optimizer = keras.optimizers.SGD(0.1)
        self.metrics = [MetricsList([keras.metrics.SparseCategoricalAccuracy(name="accuracy")])]
        self.epoch = 0
        self.given: Any = None

    def get_weights(self) -> int:
        return self.epoch

    def set_weights(self, weights: int) -> None:
        self.given = weights


def sequences(seed: int, count: int = 60) -> list[list[float]]:
    """Numbers that get better and worse, with plateaus and equal ones."""
    chance = random.Random(seed)
    found = []
    for _ in range(count):
        value, numbers = 1.0, []
        for _ in range(14):
            value += chance.choice([0.0, 0.0, -0.1, -0.004, 0.003, 0.1])
            numbers.append(value)
        found.append(numbers)
    return found


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"patience": 2},
        {"patience": 2, "min_delta": 0.01},
        {"patience": 3, "restore_best_weights": True},
        {"patience": 2, "restore_best_weights": True, "baseline": 0.8},
        {"patience": 1, "start_from_epoch": 4, "restore_best_weights": True},
        {"monitor": "val_accuracy", "patience": 2, "restore_best_weights": True},
        {"monitor": "accuracy", "mode": "min", "patience": 2},
    ],
    ids=str,
)
def test_early_stopping_stops_where_keras_does(given: dict[str, Any]) -> None:
    stopped = 0
    for numbers in sequences(1):
        model, own = KerasModel(), callback_of(recipes.EarlyStopping(**given))
        theirs = keras.callbacks.EarlyStopping(**given)
        theirs.set_model(model)
        theirs.on_train_begin()
        stage = Stage(own)
        for epoch, value in enumerate(numbers):
            model.epoch = stage.epoch = epoch
            logs = dict.fromkeys(NAMES, value)
            theirs.on_epoch_end(epoch, dict(logs))
            own.on_epoch_end(epoch, dict(logs))
            assert stage.stop_training == model.stop_training
            if model.stop_training:
                stopped += 1
                break
        theirs.on_train_end()
        own.on_train_end()
        assert stage.given == model.given
    assert stopped


@pytest.mark.parametrize(
    "given",
    [
        {"patience": 1},
        {"patience": 2, "factor": 0.5, "min_lr": 0.02},
        {"patience": 1, "cooldown": 2},
        {"patience": 2, "min_delta": 0.05},
        {"monitor": "val_accuracy", "patience": 1, "factor": 0.3},
    ],
    ids=str,
)
def test_the_rate_is_lowered_where_keras_lowers_it(given: dict[str, Any]) -> None:
    for numbers in sequences(2, 20):
        model, own = KerasModel(), callback_of(recipes.ReduceLROnPlateau(**given))
        theirs = keras.callbacks.ReduceLROnPlateau(**given)
        theirs.set_model(model)
        theirs.on_train_begin()
        stage = Stage(own)
        for epoch, value in enumerate(numbers):
            logs, other = dict.fromkeys(NAMES, value), dict.fromkeys(NAMES, value)
            theirs.on_epoch_end(epoch, logs)
            own.on_epoch_end(epoch, other)
            assert other["learning_rate"] == pytest.approx(logs["learning_rate"], rel=1e-6)
            assert stage.learning_rate == pytest.approx(float(model.optimizer.learning_rate), rel=1e-6)


@pytest.mark.parametrize("number", [1, 4, 9])
def test_the_states_of_callbacks_go_on(number: int) -> None:
    """A callback that was saved and restored decides as one that ran through."""
    for recipe in (
        recipes.EarlyStopping(patience=4, restore_best_weights=True),
        recipes.ReduceLROnPlateau(patience=1, cooldown=2),
    ):
        for numbers in sequences(3, 20):
            whole, first, second = (callback_of(recipe) for _ in range(3))
            stages = [Stage(each) for each in (whole, first, second)]
            for epoch, value in enumerate(numbers):
                if epoch == number:
                    second.restore(first.state())
                    stages[2].learning_rate = stages[1].learning_rate
                for stage, callback in zip(stages, (whole, first if epoch < number else second), strict=False):
                    stage.epoch = epoch
                    callback.trainer = stage  # type: ignore[assignment]
                    callback.on_epoch_end(epoch, dict.fromkeys(NAMES, value))
                assert stages[0].stop_training == stages[1].stop_training
                assert stages[0].learning_rate == stages[1].learning_rate
                if stages[0].stop_training:
                    break


def test_all_metrics_are_known_to_be_better_or_worse_as_keras_has_it() -> None:
    from nndsl.recipes import NAMES as RECIPES

    examples = {"IoU": (2, [0]), "BinaryIoU": (), "MeanIoU": (2,), "OneHotIoU": (2, [0]), "OneHotMeanIoU": (2,)}
    for name in RECIPES["metric"]:
        declared = getattr(keras.metrics, name, None)
        if declared is None:
            continue
        arguments = examples.get(name, (0.5,) if "At" in name and "Top" not in name else ())
        direction = getattr(declared(*arguments), "_direction", None)
        assert (name in UP, name in EITHER) == (direction == "up", direction is None), name


# ---------------------------------------------------------------- in a run


def test_best_weights_are_put_back() -> None:
    seen: list[tuple[float, dict[str, torch.Tensor]]] = []

    class Watch(nndsl.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            seen.append((logs["val_loss"], self.trainer.weights()))

    stopping = recipes.EarlyStopping(patience=1, restore_best_weights=True)
    run = fit(stopping, Watch(), optimizer="SGD(8.0)", epochs=12)
    assert run.epochs < 12
    best = min(seen, key=lambda each: each[0])[1]
    assert all(torch.equal(best[key], value) for key, value in run.module.state_dict().items())
    assert not torch.equal(seen[-1][1]["y_dense.weight"], best["y_dense.weight"])


def test_a_schedule_sets_the_rate_of_each_epoch() -> None:
    schedule = ExponentialDecay(0.1, 1, 0.5)
    run = fit(recipes.LearningRateScheduler(schedule))
    assert run.history["learning_rate"] == pytest.approx([0.1, 0.05, 0.025])
    assert run.history["loss"] != fit().history["loss"]


def test_averages_are_evaluated_and_kept() -> None:
    """As in Keras: validation sees the averages, training goes on with the weights."""
    optimizer = "SGD(0.5, use_ema=true, ema_momentum=0.5)"
    plain, swapped = fit(optimizer=optimizer), fit(recipes.SwapEMAWeights(), optimizer=optimizer)
    assert plain.history["loss"] == swapped.history["loss"]
    assert plain.history["val_loss"] != swapped.history["val_loss"]
    inputs, targets = data()
    rows = slice(72, 96)
    for run in (plain, swapped, fit(recipes.SwapEMAWeights(swap_on_epoch=True), optimizer=optimizer)):
        loss = torch.nn.functional.nll_loss(run.module(inputs[rows]).log(), targets[rows]).item()
        assert loss == pytest.approx(swapped.history["val_loss"][-1], rel=1e-5)


def test_model_checkpoint_saves_each_epoch_or_the_best(tmp_path: Path) -> None:
    each = recipes.ModelCheckpoint("each/{epoch:02d}-{val_loss:.2f}.safetensors")
    best = recipes.ModelCheckpoint("lowest.safetensors", save_best_only=True)
    often = recipes.ModelCheckpoint("at{epoch}-{batch}.safetensors", save_freq=4)
    run = fit(each, best, often, optimizer="SGD(8.0)", epochs=4, out=tmp_path / "run")
    losses = run.history["val_loss"]
    names = [f"{number:02d}-{loss:.2f}.safetensors" for number, loss in enumerate(losses, 1)]
    assert sorted(path.name for path in (tmp_path / "run" / "each").iterdir()) == names
    lowest = (tmp_path / "run" / "each" / names[losses.index(min(losses))]).read_bytes()
    assert (tmp_path / "run" / "lowest.safetensors").read_bytes() == lowest
    assert read_tensor_file(tmp_path / "run" / "best.safetensors").entries.keys() == run.module.state_dict().keys()
    # 72 rows are 5 steps: every fourth of 20.
    assert {path.name for path in (tmp_path / "run").glob("at*")} == {
        *(f"at{epoch}-{batch}.safetensors" for epoch, batch in ((1, 4), (2, 3), (3, 2), (4, 1), (4, 5)))
    }


def test_csv_logger_writes_what_keras_writes(tmp_path: Path) -> None:
    fit(recipes.CSVLogger("log.csv", separator=";"), out=tmp_path / "one")
    run = fit(recipes.CSVLogger("log.csv"), out=tmp_path / "two", validation_split=0.0)
    logger = keras.callbacks.CSVLogger(str(tmp_path / "keras.csv"))
    logger.on_train_begin()
    for epoch in range(3):
        logger.on_epoch_end(epoch, {name: values[epoch] for name, values in run.history.items()})
    logger.on_train_end()
    read = [
        list(csv.reader(io.StringIO(path.read_text())))
        for path in (tmp_path / "two" / "log.csv", tmp_path / "keras.csv")
    ]
    assert read[0] == read[1]
    assert (tmp_path / "one" / "log.csv").read_text().startswith(";".join(["epoch", *sorted(NAMES)]))


def test_terminate_on_nan_ends_well_unless_it_is_to_raise(tmp_path: Path) -> None:
    run = fit(recipes.TerminateOnNaN(), optimizer="SGD(1e30)", out=tmp_path / "run")
    assert run.epochs == 1
    with pytest.raises(nndsl.TrainingError, match="E1201"):
        fit(recipes.TerminateOnNaN(raise_error=True), optimizer="SGD(1e30)")


def test_tensorboard_writes_scalars_by_keras_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[tuple[str, str, int]] = []

    class SummaryWriter:
        def __init__(self, folder: str) -> None:
            self.part = Path(folder).name

        def add_scalar(self, tag: str, value: float, step: int) -> None:
            written.append((self.part, tag, step))

        def add_histogram(self, tag: str, values: torch.Tensor, step: int) -> None:
            written.append((self.part, tag, step))

        def flush(self) -> None:
            pass

        def close(self) -> None:
            written.append((self.part, "closed", 0))

    module = types.ModuleType("torch.utils.tensorboard")
    module.SummaryWriter = SummaryWriter  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    monkeypatch.setattr(torch.utils, "tensorboard", module, raising=False)
    fit(recipes.TensorBoard(histogram_freq=2, update_freq=2), epochs=2, out=tmp_path / "run")
    epochs = [each for each in written if each[1].startswith("epoch_")]
    assert epochs == [
        (part, f"epoch_{name}", epoch)
        for epoch in (0, 1)
        for part in ("train", "validation")
        for name in ("loss", "accuracy")
    ]
    assert [step for part, tag, step in written if tag == "batch_loss"] == [0, 2, 4, 6, 8]
    assert ("train", "y_dense.weight", 0) in written
    assert ("train", "y_dense.weight", 1) not in written
    assert ("validation", "closed", 0) in written


def test_own_callbacks_have_keras_hooks_and_add_to_the_logs() -> None:
    calls: list[str] = []

    class Own(nndsl.Callback):
        def on_train_begin(self, logs: Any = None) -> None:
            calls.append("train")

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            calls.append(f"epoch {epoch}")

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            calls.append(f"batch {batch} {logs['loss'] > 0}")

        def on_test_begin(self, logs: Any = None) -> None:
            calls.append("test")

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            logs["own"] = float(epoch)

        def on_train_end(self, logs: Any = None) -> None:
            calls.append("end")

    stopping = recipes.EarlyStopping("own", mode="min", patience=1)
    run = fit(Own(), stopping, batch_size=72, epochs=5)
    assert run.history["own"] == [0.0, 1.0]
    assert calls == [
        *("train", "epoch 0", "batch 0 True", "test", "epoch 1", "batch 0 True", "test", "end"),
    ]
