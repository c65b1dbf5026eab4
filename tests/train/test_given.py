"""What ``nndsl.fit`` takes, and what the module brings along."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

import nndsl
from nndsl.cli.main import main
from nndsl.module import compiled_of
from tests.train.nets import TEXT, assert_equal, data, fit, net, write


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path)


def test_the_module_of_load_is_trained_in_place_and_its_copies_are_too(file: Path) -> None:
    module = nndsl.load(file, seed=0)
    other = copy.deepcopy(module)
    assert compiled_of(other) is compiled_of(module) is not None
    before = copy.deepcopy(module.state_dict())
    run = nndsl.fit(module, verbose=False)
    assert run.module is module
    assert not torch.equal(module.state_dict()["y_dense.weight"], before["y_dense.weight"])
    assert not torch.equal(
        module.state_dict()["y_batch_normalization.running_mean"], before["y_batch_normalization.running_mean"]
    )
    assert_equal(other.state_dict(), before)
    assert_equal(nndsl.fit(other, verbose=False).module.state_dict(), module.state_dict())
    restored = pickle.loads(pickle.dumps(module))
    assert_equal(restored.state_dict(), module.state_dict())
    with pytest.raises(nndsl.TrainingError, match="E1210"):
        nndsl.fit(restored, data())
    with pytest.raises(nndsl.TrainingError, match="E1210"):
        nndsl.fit(nn.Linear(6, 3), data())


def test_all_forms_of_data_train_alike(file: Path) -> None:
    x, y = data()
    given = {"shuffle": False, "validation_split": 0.0, "verbose": False}
    wanted = nndsl.fit(net(), (x, y), **given).history  # type: ignore[arg-type]
    forms = [
        (x.numpy(), y.numpy()),
        {"x": x, "y": y},
        TensorDataset(x, y),
        DataLoader(TensorDataset(x, y), batch_size=16),
        file.parent / "data.npz",
    ]
    for form in forms:
        assert nndsl.fit(net(), form, **given).history == wanted  # type: ignore[arg-type]
    assert nndsl.fit(file, **given).history == wanted  # type: ignore[arg-type]


def test_validation_is_the_last_part_or_data_of_its_own() -> None:
    x, y = data()
    run = nndsl.fit(net(), (x[:75], y[:75]), validation_data=(x[75:], y[75:]), verbose=False)
    assert run.history == fit().history
    given = run.module(x[75:]).argmax(1)
    assert run.history["val_accuracy"][-1] == pytest.approx((given == y[75:]).float().mean().item())


def test_init_takes_weights_and_trains_them(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = file.parent / "one"
    assert main(["train", str(file), "--out", str(one), "--quiet"]) == 0
    arguments = ["train", str(file), "--init", str(one / "model.safetensors"), "--epochs", "1"]
    capsys.readouterr()
    assert main([*arguments, "--out", str(file.parent / "two"), "--only", "y_dense.*"]) == 0
    said = capsys.readouterr().err
    assert "taken: y_dense.weight" in said
    assert "kept as it was: y_dense_1.weight" in said
    warm = nndsl.fit(file, init=one / "model.safetensors", epochs=1, verbose=False)
    assert warm.history["loss"][0] < nndsl.fit(file, epochs=1, verbose=False).history["loss"][0]


def test_normalizations_are_adapted_to_the_training_samples_alone() -> None:
    text = TEXT.replace("x -> Dense(8", "x -> Normalization() -> Dense(8")
    x, y = data()
    run = nndsl.fit(nndsl.compile(text), (5 + 3 * x, y), epochs=1, verbose=False)
    layer: Any = run.module.y_normalization
    torch.testing.assert_close(layer.mean, (5 + 3 * x[:75]).mean(0))
    before = layer.mean.clone()
    nndsl.fit(run.module, (x, y), epochs=1, verbose=False)  # adapted once, it stays so
    assert torch.equal(layer.mean, before)


def test_own_losses_and_metrics_of_python() -> None:
    def loss(target: Tensor, output: Tensor) -> Tensor:
        return -output.gather(1, target[:, None]).squeeze(1).log()

    def largest(target: Tensor, output: Tensor) -> Tensor:
        return output.amax(1)

    run = fit(losses=loss, metrics=[largest], epochs=2)
    assert list(run.history) == ["loss", "accuracy", "largest", "val_loss", "val_accuracy", "val_largest"]
    assert run.history["loss"] == pytest.approx(fit(epochs=2).history["loss"], rel=1e-5)
    assert 1 / 3 < run.history["largest"][-1] < 1


def test_penalties_and_constraints_act() -> None:
    text = TEXT.replace("Dense(8, act", "Dense(8, kernel_regularizer=L2(10.0), kernel_constraint=MaxNorm(0.1), act")
    run = nndsl.fit(nndsl.compile(text), data(), verbose=False)
    weight: Any = run.module.y_dense.weight  # type: ignore[union-attr]
    assert weight.detach().norm(dim=1).max().item() <= 0.1001
    plain = nndsl.fit(net(), data(), verbose=False, epochs=1).history["loss"][0]
    assert run.history["loss"][0] > plain + 0.1


def test_mixed_precision_follows_the_file() -> None:
    run = nndsl.fit(nndsl.compile('set dtype_policy = "mixed_bfloat16"\n' + TEXT), data(), verbose=False, epochs=20)
    assert run.module.y_dense.weight.dtype == torch.float32  # type: ignore[union-attr]
    assert run.module(data()[0]).dtype == torch.bfloat16
    assert run.history["loss"][-1] < 0.8 * run.history["loss"][0]


def test_two_inputs_and_outputs_have_keras_names_in_the_history(root: Path) -> None:
    text = (root / "examples" / "multi_io.nn").read_text(encoding="utf-8")
    compiled = nndsl.compile(text, settings={"vocabulary": 50, "tags": 4, "departments": 3})
    generator = torch.Generator().manual_seed(0)
    values = {
        "title": torch.randint(50, (40, 7), generator=generator),
        "tag": torch.rand(40, 4, generator=generator),
        "priority": torch.randint(2, (40,), generator=generator),
        "department": torch.eye(3)[torch.randint(3, (40,), generator=generator)],
    }
    run = nndsl.fit(compiled, values, verbose=False, validation_split=0.2)
    names = ["loss", "priority_loss", "department_loss"]
    assert list(run.history) == [*names, *(f"val_{name}" for name in names)]
    total = run.history["priority_loss"][0] + 0.2 * run.history["department_loss"][0]
    assert run.history["loss"][0] == pytest.approx(total, rel=1e-5)


def test_torch_compile_makes_the_code_of_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def compile(function: Any) -> Any:
        made.append(function.__name__)
        return function

    monkeypatch.setattr(torch, "compile", compile)
    assert fit(compile=True).history == fit().history
    assert made == ["forward_with_extras"]
