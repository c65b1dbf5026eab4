"""What is shown while a model trains."""

from __future__ import annotations

import io
import re
import sys

import pytest
import torch

import nndsl
from nndsl.train import progress
from nndsl.train.progress import Bar, Lines, Silent, duration, number, reporter_of

TEXT = """
model Net {
  input x: (4)
  output y: x -> Dense(3, activation="softmax")

  compile {
    optimizer = "sgd"
    loss = "sparse_categorical_crossentropy"
    metrics = ["accuracy"]
  }
}
"""


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def train(**given: object) -> None:
    x = torch.rand(64, 4)
    nndsl.fit(nndsl.compile(TEXT), (x, torch.arange(64) % 3), epochs=2, validation_split=0.25, **given)  # type: ignore[arg-type]


def test_elsewhere_than_on_a_terminal_an_epoch_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    train()
    out, said = capsys.readouterr()
    assert out == ""
    logits, first, *epochs = said.splitlines()
    assert logits == "the loss of `y` is computed from the logits of its softmax"
    assert first == "Net trains on cpu: 48 samples, 16 to validate, batches of 32"
    form = r"epoch \d/2  \d+\.\d s  loss \d\.\d{4}  accuracy \d\.\d{4}  val_loss \d\.\d{4}  val_accuracy \d\.\d{4}"
    assert [bool(re.fullmatch(form, line)) for line in epochs] == [True, True]


def test_quiet_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    train(verbose=False)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_has_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr("nndsl.train.pace.INTERVAL", 0.0)  # each step is looked at
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "160")
    train()
    shown = terminal.getvalue()
    assert re.search(
        r"epoch 1/2  ━{12}╌{12}  loss \d\.\d{4}  accuracy \d\.\d{4}  [\d.,]+ samples/s  \d\.\d s left", shown
    )
    assert shown.count("val_accuracy") == 2
    assert "\x1b[?25h" in shown  # the cursor is there again


def test_the_reporter_follows_from_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    assert type(reporter_of(False)) is Silent
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert type(reporter_of(True)) is Lines
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert type(reporter_of(True)) is Bar
    assert not progress.Lines.live


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0000"),
        (0.123456, "0.1235"),
        (0.00012, "1.200e-04"),
        (123456.0, "123,456"),
        (1e9, "1.000e+09"),
        (float("nan"), "nan"),
        ((0.5, 0.25), "(0.5000, 0.2500)"),
    ],
)
def test_numbers_have_the_digits_that_matter(value: object, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.04, "0.0 s"), (12.4, "12 s"), (75, "1:15"), (3725, "1:02:05")])
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
