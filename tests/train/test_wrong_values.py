"""What ``fit`` is given in Python is read like what a file says: a wrong value is an error of ours."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import nndsl
from nndsl.train.errors import TrainingError

MODEL = """
model M {
  input x: (3)

  output y: Dense(2)

  compile {
    loss = MeanSquaredError()
  }
}
"""


@pytest.mark.parametrize(
    "given",
    [{"callbacks": ["early_stopping"]}, {"losses": "mse"}, {"class_weight": "0=2"}, {"class_weight": {"a": 1.0}}],
    ids=str,
)
def test_a_wrong_value_is_an_error(given: dict[str, Any]) -> None:
    data = (torch.rand(8, 3), torch.rand(8, 2))
    with pytest.raises(TrainingError, match="E1210"):
        nndsl.fit(nndsl.compile(MODEL), data, verbose=False, device="cpu", **given)
