"""The models of ``examples/zoo`` are those of ``keras.applications``: parameters, weights, numbers, text and source."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import Any

import keras
import pytest
import torch

import nndsl
from nndsl import weights
from tests.examples.test_values import creation, ours, variables

FOLDER = Path(__file__).parents[2] / "examples" / "zoo"
SMALL = {
    "efficientnet": ["EfficientNetB0"],
    "mobilenet": ["MobileNet"],
    "mobilenet_v2": ["MobileNetV2"],
    "mobilenet_v3": ["MobileNetV3Small", "MobileNetV3Large"],
    "resnet": ["ResNet50"],
}
LARGE = {
    "convnext": ["ConvNeXtTiny", "ConvNeXtSmall", "ConvNeXtBase", "ConvNeXtLarge", "ConvNeXtXLarge"],
    "densenet": ["DenseNet121", "DenseNet169", "DenseNet201"],
    "efficientnet": [f"EfficientNetB{number}" for number in range(1, 8)],
    "efficientnet_v2": [f"EfficientNetV2{scale}" for scale in ("B0", "B1", "B2", "B3", "S", "M", "L")],
    "inception": ["InceptionV3"],
    "resnet": ["ResNet101", "ResNet152"],
    "resnet_v2": ["ResNet50V2", "ResNet101V2", "ResNet152V2"],
    "vgg": ["VGG16", "VGG19"],
    "xception": ["Xception"],
}
NAMES = [name for names in SMALL.values() for name in names] + [
    pytest.param(name, marks=pytest.mark.zoo) for names in LARGE.values() for name in names
]
FILES = {name: file for members in (SMALL, LARGE) for file, names in members.items() for name in names}
PATHS = sorted(FOLDER.glob("*.nn"))

SIZE = (75, 107, 3)
"""Odd and even sizes on the way down, and different ones, so that each padding is seen; InceptionV3 takes no less."""
VARIATIONS = (
    ("MobileNet", {"alpha": 0.5, "depth_multiplier": 2}),
    ("MobileNetV2", {"alpha": 1.4}),
    ("MobileNetV2", {"alpha": 0.35}),
    ("MobileNetV3Small", {"alpha": 1.25}),
    ("MobileNetV3Large", {"alpha": 0.75, "minimalistic": True}),
    ("MobileNetV3Small", {"include_preprocessing": False, "include_top": False}),
    ("EfficientNetB0", {"imagenet": True, "include_top": False}),
    ("EfficientNetV2B0", {"include_preprocessing": False, "include_top": False}),
)
WITHIN_255 = ("MobileNetV3", "EfficientNet", "ConvNeXt")
"""What scales its inputs itself."""


def compiled(name: str, **settings: Any) -> nndsl.Compiled:
    """Compile the model of a member."""
    return nndsl.compile(FOLDER / f"{FILES[name]}.nn", name, settings)


def images(name: str) -> torch.Tensor:
    """Draw images that differ from each other at large: noise alone is the same to a deep network."""
    coarse = torch.nn.functional.interpolate(torch.randn(4, 3, 5, 5), SIZE[:2], mode="bilinear")
    drawn = coarse.permute(0, 2, 3, 1) + 0.3 * torch.randn(4, *SIZE)
    return 127 + 60 * drawn if name.startswith(WITHIN_255) else drawn


def theirs(model: keras.Model) -> Iterator[Any]:
    """Keras's layers that have weights, in the order in which they were applied."""

    def applied(layer: Any) -> int:
        return creation(layer._inbound_nodes[0].outputs[0])

    for layer in sorted(model.layers, key=applied):
        if isinstance(layer, keras.Model):
            yield from theirs(layer)
        elif layer.weights:
            yield layer


def is_added(layer: Any) -> bool:
    """Whether a layer's output is the end of a branch."""
    follows = layer._outbound_nodes[0].operation
    return isinstance(follows, keras.layers.Add) or (isinstance(follows, keras.layers.Dropout) and is_added(follows))


@torch.no_grad()
def randomise(model: keras.Model, feed: torch.Tensor) -> None:
    """Give a model weights with which its outputs depend on its inputs, and on all of the weights.

    The statistics are those of the feed, shifted and scaled a little, so that values neither vanish nor explode, and
    the outputs deviate by 1/20 from image to image. Branches are weak beside what they are added to: else deep models
    are chaotic, and rounding errors grow beyond all bounds.
    """
    layers = list(theirs(model))
    norms = [layer for layer in layers if isinstance(layer, keras.layers.BatchNormalization)]
    for layer in layers:
        for variable in layer.weights:
            if variable.name in ("beta", "bias", "mean"):
                variable.value.normal_(0, 0.1)
            elif variable.name in ("gamma", "variance") or type(layer).__name__ == "LayerScale":
                variable.value.uniform_(0.75, 1.25)
            elif not norms and variable.name == "kernel":
                variable.value.mul_(2**0.5)  # for what a ReLU takes away
    for layer in norms:
        if layer.scale:
            layer.gamma.value.mul_(0.3 if is_added(layer) else 1.5)
        layer.momentum = 0.0
    if norms:
        model(feed, training=True)
    for layer in norms:
        deviation = layer.moving_variance.value.sqrt()
        layer.moving_mean.value.add_(deviation * 0.1 * torch.randn_like(deviation))
        layer.moving_variance.value.mul_(torch.empty_like(deviation).uniform_(0.75, 1.25))
    deviation = model(feed, training=False).std(0).mean()
    for variable in layers[-1].weights:
        if variable.name in ("kernel", "bias"):
            variable.value.div_(20 * deviation)


def check_numbers(name: str, **settings: Any) -> None:
    """Compare a member with Keras's, with the same weights."""
    keras.utils.set_random_seed(1)
    settings = {"input_shape": SIZE, **settings}
    if settings.get("include_top", True):
        settings["classifier_activation"] = None
    theirs_alone = {key: value for key, value in settings.items() if key != "imagenet"}
    model = getattr(keras.applications, name)(weights="imagenet" if "imagenet" in settings else None, **theirs_alone)
    feed = images(name)
    randomise(model, feed)
    result = compiled(name, **settings)
    module = result.module().eval()
    assert sum(value.numel() for value in module.state_dict().values()) == model.count_params()
    mine = [(key, declared) for key, layer, types in ours(result.model) if (declared := layer.weights(*types))]
    for (key, declared), layer in zip(mine, theirs(model), strict=True):
        weights.load(reduce(getattr, key.split("."), module), declared, variables(layer, declared))
    with torch.no_grad():
        expected = model(feed, training=False)
        given = module(feed)
    assert expected.std(0).max() > 0.05  # the outputs depend on the inputs
    assert ((given - expected).abs() / expected.abs().clamp(min=1)).max() < 1e-4


@pytest.mark.parametrize("name", NAMES)
def test_numbers(name: str) -> None:
    check_numbers(name)


@pytest.mark.zoo
@pytest.mark.parametrize(("name", "settings"), VARIATIONS, ids=lambda value: str(value))
def test_variations(name: str, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keras.src.utils.file_utils.get_file", lambda name, *_, **_others: name)  # loads nothing
    monkeypatch.setattr(keras.Model, "load_weights", lambda *_, **_others: None)
    check_numbers(name, **settings)


@pytest.mark.parametrize("name", NAMES)
def test_defaults(name: str) -> None:
    """The sizes, parameters and activation that are there if nothing is set."""
    settings = {"input_shape": (224, 224, 3)} if name.startswith("MobileNetV3") else {}  # Keras's takes any size
    with keras.device("meta"):
        theirs_alone = {key: value for key, value in settings.items() if key != "imagenet"}
    model = getattr(keras.applications, name)(weights="imagenet" if "imagenet" in settings else None, **theirs_alone)
    graph = compiled(name).model
    assert graph.inputs[0].types[0].shape[1:] == model.input_shape[1:]
    ((_, output),) = graph.outputs
    assert output.type.shape[1:] == model.output_shape[1:]
    assert output.node.layer.activation == model.layers[-1].activation.__name__ == "softmax"


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_file(path: Path) -> None:
    """A file is formatted, has no warnings, is short, and its models are the members and what they are made of."""
    text = path.read_text()
    assert nndsl.format(text) == text
    assert nndsl.check(path) == []
    assert len(text.splitlines()) <= 130


def test_all_files() -> None:
    assert [path.stem for path in PATHS] == sorted({*SMALL, *LARGE})


def test_ruff_accepts_the_sources(tmp_path: Path) -> None:
    for name in (names[0] for names in (LARGE | SMALL).values()):
        (tmp_path / f"{name}.py").write_text(compiled(name).source)
    for command in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--isolated", tmp_path]
        done = subprocess.run(ruff, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
