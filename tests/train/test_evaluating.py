"""``evaluate``: against Keras's, and against what training said of the same data."""

from __future__ import annotations

import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import pytest
import torch

import nndsl
from nndsl.cli.main import main
from nndsl.train.errors import TrainingError
from nndsl.train.ready import ready

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
X = np.random.default_rng(0).normal(size=(50, 4)).astype("float32")
Y = np.random.default_rng(1).integers(0, 3, 50)

TEXT = """
model Net {
  input x: (4)
  output y: x -> Dense(8, activation="relu", kernel_regularizer=L2(0.01)) -> Dense(3, activation="softmax")

  compile {
    optimizer = Adam(0.01OPTIONS)
    loss = "sparse_categorical_crossentropy"
    metrics = ["accuracy", SparseTopKCategoricalAccuracy(2)]
  }

  fit {
    data = Npz("data.npz", x="x", y="y")
    batch_size = 8
    epochs = 3
    validation_split = 0.3
  }
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    np.savez(tmp_path / "data.npz", x=X, y=Y)
    return tmp_path


def trained(folder: Path, options: str = "", **given: object) -> nndsl.Run:
    (folder / "net.nn").write_text(TEXT.replace("OPTIONS", options))
    return nndsl.fit(folder / "net.nn", out=folder / "run", verbose=False, **given)


def test_as_keras() -> None:
    module = nndsl.compile(TEXT.replace("OPTIONS", "")).module(seed=0)
    first, second = (part for part in module.modules() if isinstance(part, torch.nn.Linear))
    layers = keras.layers
    oracle = keras.Sequential(
        [
            layers.Input((4,)),
            layers.Dense(8, activation="relu", kernel_regularizer=keras.regularizers.L2(0.01)),
            layers.Dense(3, activation="softmax"),
        ]
    )
    oracle.set_weights([each.detach().numpy() for part in (first, second) for each in (part.weight.T, part.bias)])
    top = keras.metrics.SparseTopKCategoricalAccuracy(2)
    oracle.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy", top])
    weights = np.linspace(0, 2, 50).astype("float32")
    for data in ((X, Y), (X, Y, weights)):
        wanted = oracle.evaluate(*data[:2], sample_weight=data[2] if len(data) > 2 else None, batch_size=7, verbose=0)
        found = nndsl.evaluate(module, data, batch_size=7)
        assert list(found) == ["loss", "accuracy", "sparse_top_k_categorical_accuracy"]
        assert list(found.values()) == pytest.approx(wanted, abs=1e-6)


def test_what_training_validated(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = trained(folder)
    history = {name: values[-1] for name, values in run.history.items()}
    found = nndsl.evaluate(folder / "run")
    assert found == {name: history[f"val_{name}"] for name in found}
    assert nndsl.evaluate(run) == found
    assert main(["evaluate", str(folder / "run")]) == 0
    assert capsys.readouterr().out.startswith(f"15 samples · loss {found['loss']:.4g} · accuracy ")
    # The names of what is in a file are those of the model's own data.
    assert nndsl.evaluate(folder / "run", folder / "data.npz") == pytest.approx(nndsl.evaluate(run, (X, Y)))


def test_data_of_the_command(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    text = TEXT.replace("OPTIONS", "").replace('    data = Npz("data.npz", x="x", y="y")\n', "")
    (folder / "net.nn").write_text(text)
    np.savez(folder / "other.npz", a=X, b=Y)
    monkeypatch.chdir(folder)
    assert main(["train", "net.nn", "--data", "other.npz", "x=a", "y=b", "--out", "run", "--quiet"]) == 0
    monkeypatch.chdir(folder.parent)
    assert main(["evaluate", str(folder / "run")]) == 0
    assert main(["evaluate", str(folder / "run"), "--data", str(folder / "other.npz"), "--format", "json"]) == 0
    held_out, everything = capsys.readouterr().out.splitlines()
    assert held_out.startswith("15 samples")
    assert everything.startswith('{"samples": 50, "loss": ')


def test_best_weights(folder: Path) -> None:
    run = trained(folder, epochs=6, validation_data=(X[:20], 2 - Y[:20]))  # what is learnt makes this worse
    losses = run.history["val_loss"]
    assert min(losses) < losses[-1]
    data = (X[:20], 2 - Y[:20])
    assert nndsl.evaluate(folder / "run", data, best=True)["loss"] == pytest.approx(min(losses), abs=1e-6)
    assert nndsl.evaluate(folder / "run", data)["loss"] == pytest.approx(losses[-1], abs=1e-6)


class Stop(nndsl.Callback):
    """Ends a run as a signal does: saved, but not finished."""

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:
        self.trainer.save_asked = True
        if epoch == 1:
            raise KeyboardInterrupt


def test_an_unfinished_run_has_averages(folder: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        trained(folder, ", use_ema=true", callbacks=[Stop()])
    stopped = ready(folder / "run")
    assert [remark.code for remark in stopped.remarks] == ["W1201"]
    whole = nndsl.fit(folder / "net.nn", epochs=1, verbose=False)  # a run that ends there has averages as its weights
    for key, value in whole.module.state_dict().items():
        assert torch.equal(stopped.module.state_dict()[key], value), key


def test_modes_are_as_they_were(folder: Path) -> None:
    module = nndsl.compile(TEXT.replace("OPTIONS", "")).module(seed=0)
    module.train()
    first = next(part for part in module.modules() if isinstance(part, torch.nn.Linear))
    first.eval()
    nndsl.evaluate(module, (X, Y))
    assert (module.training, first.training) == (True, False)


def test_custom_loss_and_metric() -> None:
    module = nndsl.compile(TEXT.replace("OPTIONS", "").replace("L2(0.01)", "none")).module(seed=0)

    def bias(target: torch.Tensor, output: torch.Tensor) -> torch.Tensor:
        return output[:, 0] - target.float()

    found = nndsl.evaluate(module, (X, Y), losses=bias, metrics=[bias], batch_size=7)
    with torch.no_grad():
        wanted = (module(torch.from_numpy(X))[:, 0] - torch.from_numpy(Y)).mean().item()
    assert found["loss"] == pytest.approx(wanted, abs=1e-6)
    assert found["bias"] == pytest.approx(wanted, abs=1e-6)


def test_frozen_weights_stay() -> None:
    """`trainable=false` freezes a layer, and a block whole, its moving statistics included; the rest learns."""
    text = """
block Part(C) {
  input x: (C)
  Dense(C)
  BatchNormalization()
}

model Net {
  input x: (4)
  frozen = Part(4, trainable=false)(x)
  fixed = Dense(4, trainable=false)(frozen)
  output y: Dense(3, activation="softmax")(fixed)

  compile {
    optimizer = SGD(0.1, weight_decay=0.1)
    loss = "sparse_categorical_crossentropy"
  }
}
"""
    module = nndsl.compile(text).module(seed=0)
    before = {key: value.clone() for key, value in module.state_dict().items()}
    nndsl.fit(module, (X, Y), epochs=2, verbose=False)
    changed = {key for key, value in module.state_dict().items() if not torch.equal(value, before[key])}
    assert changed == {"y.weight", "y.bias"}


def test_weights_of_another_model(folder: Path) -> None:
    trained(folder)
    other = nndsl.compile(TEXT.replace("OPTIONS", "").replace("Dense(8", "Dense(9"))
    with pytest.raises(TrainingError) as caught:
        nndsl.evaluate(other, (X, Y), weights=folder / "run" / "model.safetensors")
    assert caught.value.code == "E1209"
