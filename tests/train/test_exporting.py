"""``export``: files that other programs run, and what is said where PyTorch cannot write one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from safetensors.torch import load_file

import nndsl
from nndsl.cli.main import main
from nndsl.train.errors import TrainingError
from nndsl.train.example_inputs import inputs_of, sizes_to_try
from nndsl.train.exporting import export
from nndsl.train.formats import FORMATS, Format

CONV = """
model Conv {
  input image: (H, W, 3)

  Conv2D(4, 5, strides=2, activation="relu")
  MaxPooling2D(2)
  Conv2D(4, 3)
  output mean: GlobalAveragePooling2D()
}
"""
TAGS = """
model Tags {
  input tokens: int64(T)
  input extra: (3)

  x = Embedding(20, 4, mask_zero=true)(tokens)
  x = LSTM(3, return_sequences=true)(x)
  output tag: x -> GRU(5) -> Dropout(0.5) -> Dense(2, activation="softmax")
  output rest: extra -> Dense(1)
}
"""


def session(path: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def test_open_sizes_and_names_of_the_file(tmp_path: Path) -> None:
    module = nndsl.compile(CONV).module(seed=3)
    done = export(module, tmp_path / "conv.onnx")
    assert done.difference is not None
    assert done.difference <= 1e-5
    file = session(tmp_path / "conv.onnx")
    assert [(each.name, each.shape) for each in file.get_inputs()] == [("image", ["N", "H", "W", 3])]
    assert [(each.name, each.shape) for each in file.get_outputs()] == [("mean", ["N", 4])]
    module.eval()
    for shape in ((1, 40, 30, 3), (4, 31, 64, 3)):
        x = torch.randn(shape)
        assert np.abs(file.run(["mean"], {"image": x.numpy()})[0] - module(x).detach().numpy()).max() <= 1e-5
    facts = {each.key: each.value for each in onnx.load(tmp_path / "conv.onnx").metadata_props}
    assert json.loads(facts["nndsl"])["outputs"] == ["mean"]
    assert [file.name for file in tmp_path.iterdir()] == ["conv.onnx"]


def test_steps_of_recurrent_layers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tags.nn").write_text(TAGS)
    arguments = ["export", str(tmp_path / "tags.nn"), "-o", str(tmp_path / "tags.onnx")]
    assert main(arguments) == 1
    assert "`--size T=…`" in capsys.readouterr().err
    assert main([*arguments, "--size", "T=6"]) == 0
    assert "fixed: T = 6" in capsys.readouterr().out
    file = session(tmp_path / "tags.onnx")
    assert [each.shape for each in file.get_inputs()] == [["N", 6], ["N", 3]]
    module = nndsl.load(tmp_path / "tags.nn", seed=0).eval()
    tokens, extra = torch.tensor([[1, 2, 3, 0, 0, 0], [4, 5, 6, 7, 8, 9]]), torch.ones(2, 3)
    wanted = module(tokens, extra)
    for found, other in zip(file.run(None, {"tokens": tokens.numpy(), "extra": extra.numpy()}), wanted, strict=True):
        assert np.abs(found - other.detach().numpy()).max() <= 1e-5


def test_pytorch_programs(tmp_path: Path) -> None:
    module = nndsl.compile(CONV).module(seed=3)
    assert export(module, tmp_path / "conv.pt2", sizes={"H": 33}).inputs == {"image": ("N", 33, "W", 3)}
    program = torch.export.load(tmp_path / "conv.pt2").module()
    x = torch.randn(1, 33, 50, 3)
    assert torch.equal(program(x), module.eval()(x))
    with pytest.raises(RuntimeError, match="equal to 33"):
        program(torch.randn(1, 34, 50, 3))


def test_weights(tmp_path: Path) -> None:
    module = nndsl.compile(TAGS).module(seed=3)
    module.train()
    export(module, tmp_path / "tags.safetensors")
    assert module.training
    found = load_file(tmp_path / "tags.safetensors")
    assert found.keys() == module.state_dict().keys()
    assert all(torch.equal(value, module.state_dict()[key]) for key, value in found.items())


def test_nothing_is_left_of_a_file_that_differs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "conv.pt2").write_bytes(b"before")
    own = FORMATS["pt2"]
    wrong = Format(own.write, lambda path: lambda x: [own.load(path)(x)[0] * 1.001])
    monkeypatch.setitem(FORMATS, "pt2", wrong)  # type: ignore[arg-type]
    with pytest.raises(TrainingError) as caught:
        export(nndsl.compile(CONV), tmp_path / "conv.pt2")
    assert caught.value.code == "E1225"
    assert [file.name for file in tmp_path.iterdir()] == ["conv.pt2"]
    assert (tmp_path / "conv.pt2").read_bytes() == b"before"


def test_what_is_random_is_not_compared(tmp_path: Path) -> None:
    compiled = nndsl.compile(
        "model Noisy {\n  input x: (4)\n  mean = Dense(2)(x)\n  noisy = mean + ops.random.normal(mean)\n"
        "  output mean\n  output noisy\n}\n"
    )
    done = export(compiled, tmp_path / "noisy.pt2")
    assert done.random == ("noisy",)
    assert done.difference == 0


def test_sizes_that_are_tried() -> None:
    """They fulfil what layers require, are two where there are two, and reach 1 nowhere inside."""
    first, second = sizes_to_try(nndsl.compile(CONV), {}, 2)
    for sizes in (first, second):
        assert min(((each - 5) // 2 + 1) // 2 - 2 for each in sizes.values()) >= 2
    assert first != second
    assert first["H"] != first["W"]
    limited = nndsl.compile("model Net {\n  input x: int64(T)\n  Embedding(3, 2)\n  PositionEmbedding(4)\n}\n")
    sizes = sizes_to_try(limited, {}, 2)
    assert all(each["T"] <= 4 for each in sizes)
    (tokens,) = inputs_of(limited, sizes[0], 64)
    assert tokens.unique().tolist() == [0, 1, 2]
