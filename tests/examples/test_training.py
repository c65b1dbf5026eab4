"""The examples that have data learn from them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

import nndsl

EXAMPLES = Path(__file__).parents[2] / "examples"


class Aim(NamedTuple):
    """What is reached after so many epochs: a value of the history, at most or at least."""

    epochs: int
    name: str
    value: float

    def is_reached(self, value: float) -> bool:
        return value >= self.value if self.name.endswith(("accuracy", "auc")) else value <= self.value


AIMS = {
    "digits": Aim(2, "val_accuracy", 0.8),
    "digits_rnn": Aim(5, "val_accuracy", 0.7),
    "digits_autoencoder": Aim(5, "val_mae", 0.2),
    "digits_vae": Aim(5, "val_loss", 30.0),
    "cancer": Aim(10, "val_auc", 0.97),
    "diabetes": Aim(30, "val_mae", 55.0),
    "iris": Aim(20, "val_accuracy", 0.9),
    "wine": Aim(20, "val_cultivar_accuracy", 0.85),
}


def test_every_example_with_data_is_tested() -> None:
    texts = {path.stem: path.read_text(encoding="utf-8") for path in EXAMPLES.glob("*.nn")}
    assert {name for name, text in texts.items() if "fit {" in text} == set(AIMS)


@pytest.mark.parametrize("name", AIMS)
def test_learns_from_its_data(name: str) -> None:
    aim = AIMS[name]
    run = nndsl.fit(EXAMPLES / f"{name}.nn", epochs=aim.epochs, verbose=False)
    value = run.history[aim.name][-1]
    assert aim.is_reached(value), value


def test_digits_are_read() -> None:
    """As the file has it, of digits that training has not seen 97 of 100."""
    run = nndsl.fit(EXAMPLES / "digits.nn", verbose=False)
    assert run.history["val_accuracy"][-1] >= 0.97
