"""Every example builds, runs forwards and backwards, and is as large as its Keras twin."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
import torch

import nndsl
from tests.examples.keras_twins import TWINS

EXAMPLES = Path(__file__).parents[2] / "examples"


class Feed(NamedTuple):
    """A random input: its shape, and for integers the number of their values."""

    shape: tuple[int, ...]
    values: int = 0

    def draw(self) -> torch.Tensor:
        if self.values:
            return torch.randint(self.values, self.shape)
        return torch.rand(self.shape)


FEEDS = {
    "sequential": [Feed((2, 28, 28, 1))],
    "functional": [Feed((2, 28, 28, 1))],
    "siamese": [Feed((2, 64, 64, 1)), Feed((2, 64, 64, 1))],
    "tagger": [Feed((2, 7), 10000)],
    "unet": [Feed((1, 32, 48, 3))],
    "transformer": [Feed((2, 9), 20000)],
    "gpt": [Feed((2, 11), 256)],
    "multi_io": [Feed((2, 6), 10000), Feed((2, 12))],
    "autoencoder": [Feed((2, 28, 28, 1))],
    "digits": [Feed((2, 8, 8, 1))],
    "digits_rnn": [Feed((2, 8, 8, 1))],
    "digits_autoencoder": [Feed((2, 8, 8, 1))],
    "digits_vae": [Feed((2, 8, 8, 1))],
    "cancer": [Feed((2, 10))],
    "diabetes": [Feed((2, 10))],
    "iris": [Feed((2, 4))],
    "wine": [Feed((2, 8))],
    "resnet": [Feed((1, 224, 224, 3))],
    "mobilenet": [Feed((1, 224, 224, 3))],
    "bilinear": [Feed((2, 7, 64)), Feed((2, 7, 48))],
}
WITHOUT_TWIN = {"bilinear"}
"""What has layers that Keras has not."""


def shapes_of(value: object) -> list[tuple[int, ...]]:
    """The shapes of one tensor or of several."""
    if isinstance(value, torch.Tensor):
        return [tuple(value.shape)]
    assert isinstance(value, tuple)
    return [tuple(item.shape) for item in value]


def parameters_of(module: torch.nn.Module) -> int:
    """The number of Keras's weights, moving averages included: nn.LSTM has a second bias, not ours."""
    own = {key for key, value in module.named_parameters() if "bias_hh" in key and not value.requires_grad}
    return sum(value.numel() for key, value in module.state_dict().items() if key not in own)


def test_every_example_is_tested() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.nn")} == set(FEEDS) == set(TWINS) | WITHOUT_TWIN


@pytest.mark.parametrize("name", FEEDS)
def test_is_clean(name: str) -> None:
    assert nndsl.check(EXAMPLES / f"{name}.nn") == []


@pytest.mark.parametrize("name", TWINS)
def test_is_like_its_twin(name: str) -> None:
    twin = TWINS[name]()
    compiled = nndsl.compile(EXAMPLES / f"{name}.nn")
    module = compiled.module(seed=0)
    feeds = [feed.draw() for feed in FEEDS[name]]
    outputs = module(*feeds)

    given = [tuple(feed.shape) for feed in feeds]
    expected = twin.compute_output_shape(given if len(given) > 1 else given[0])
    assert shapes_of(outputs) == (expected if isinstance(expected, list) else [expected])
    assert parameters_of(module) == compiled.summary().parameters == twin.count_params()
    trained = sum(p.numel() for p in module.parameters() if p.requires_grad)
    expected_trained = sum(variable.value.numel() for variable in twin.trainable_variables)
    assert trained == compiled.summary().trainable == expected_trained


@pytest.mark.parametrize("name", FEEDS)
def test_learns(name: str) -> None:
    """A backward pass reaches every parameter that is trained, with finite gradients."""
    module = nndsl.compile(EXAMPLES / f"{name}.nn").module(seed=0)
    outputs = module(*[feed.draw() for feed in FEEDS[name]])
    tensors = outputs if isinstance(outputs, tuple) else (outputs,)
    sum(tensor.square().mean() for tensor in tensors).backward()
    for key, parameter in module.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, key
            assert parameter.grad.isfinite().all(), key


@pytest.mark.parametrize("name", FEEDS)
def test_is_formatted(name: str) -> None:
    text = (EXAMPLES / f"{name}.nn").read_text(encoding="utf-8")
    assert nndsl.format(text) == text


@pytest.mark.parametrize("depth", [18, 34, 50, 101, 152])
def test_resnet_of_every_depth(depth: int) -> None:
    module = nndsl.compile(EXAMPLES / "resnet.nn", settings={"depth": depth}).module(device="meta")
    assert parameters_of(module) == TWINS["resnet"](depth).count_params()


@pytest.mark.parametrize("width", [0.35, 0.5, 0.75, 1.3, 1.4])
def test_mobilenet_of_every_width(width: float) -> None:
    compiled = nndsl.compile(EXAMPLES / "mobilenet.nn", settings={"width": width})
    assert parameters_of(compiled.module(device="meta")) == TWINS["mobilenet"](width).count_params()
