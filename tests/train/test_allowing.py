"""The folder of a run has no say in what may be imported: whoever uses it allows modules anew."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import nndsl

MODEL = """
from python "scaling" import Scale

extern Scale(size) {
  input x: (C)
  output (C)
}

model Scaled {
  input x: (3)

  Dense(3) -> Scale(3)
  output y: Dense(1)

  compile {
    loss = MeanSquaredError()
  }
}
"""
SCALE = """
from pathlib import Path

import torch
from torch import nn

Path(__file__).with_name("imported").touch()


class Scale(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.scale * x
"""


def test_a_run_does_not_allow_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scaling.py").write_text(SCALE)
    (tmp_path / "model.nn").write_text(MODEL)
    monkeypatch.syspath_prepend(str(tmp_path))
    data = {"x": torch.rand(8, 3), "y": torch.rand(8, 1)}
    run = tmp_path / "run"
    nndsl.fit(tmp_path / "model.nn", data, out=run, verbose=False, device="cpu", allow=["scaling"])
    text = (run / "run.json").read_text()
    assert "scaling" not in text
    (run / "run.json").write_text(text.replace("{", '{"allow": ["scaling"],', 1))
    (tmp_path / "imported").unlink()
    for use in (nndsl.predict, nndsl.evaluate):
        with pytest.raises(nndsl.NNDSLError, match="E0607"):
            use(run, data)
    with pytest.raises(nndsl.NNDSLError, match="E0607"):
        nndsl.fit(None, data, resume=run, epochs=2, verbose=False, device="cpu")
    assert not (tmp_path / "imported").exists()
    assert "loss" in nndsl.evaluate(run, data, allow=["scaling"], device="cpu")
