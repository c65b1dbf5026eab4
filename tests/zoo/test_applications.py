"""The models of ``keras.applications``, brought over from their configurations: parameters, numbers and text."""

from __future__ import annotations

import gc
from typing import Any

import keras
import numpy as np
import pytest
import torch

import nndsl

SMALL = ["MobileNetV2", "MobileNetV3Small"]
LARGE = [
    *("ConvNeXtBase", "ConvNeXtLarge", "ConvNeXtSmall", "ConvNeXtTiny", "ConvNeXtXLarge"),
    *("DenseNet121", "DenseNet169", "DenseNet201"),
    *(f"EfficientNetB{number}" for number in range(8)),
    *(f"EfficientNetV2{scale}" for scale in ("B0", "B1", "B2", "B3", "L", "M", "S")),
    *("InceptionResNetV2", "InceptionV3", "MobileNet", "MobileNetV3Large", "NASNetLarge", "NASNetMobile"),
    *("ResNet50", "ResNet101", "ResNet152", "ResNet50V2", "ResNet101V2", "ResNet152V2", "VGG16", "VGG19", "Xception"),
]
NAMES = [*SMALL, *(pytest.param(name, marks=pytest.mark.zoo) for name in LARGE)]
SIZES = (96, 107)
"""Even and odd sizes on the way down; InceptionV3 takes none below 75."""
FIXED = (96, 128)
"""NASNet's cells depend on the sizes, so that Keras cannot leave them free."""
WITHIN_255 = ("MobileNetV3", "EfficientNet", "ConvNeXt")
"""What scales its inputs itself."""
TOLERANCE = 1e-4


def built(name: str, size: int | None, *, top: bool = False) -> keras.Model:
    """Return a model for images of a size, or of any."""
    arguments: dict[str, Any] = {"weights": None, "include_top": top, "input_shape": (size, size, 3)}
    if name != "NASNetMobile":
        return getattr(keras.applications, name)(**arguments)
    # The function refuses the torch backend, for the speed of its convolutions; what it calls does not.
    from keras.src.applications.nasnet import NASNet

    sizes: dict[str, Any] = {"penultimate_filters": 1056, "num_blocks": 4, "stem_block_filters": 32}
    return NASNet(**arguments, **sizes, skip_reduction=False, filter_multiplier=2, default_size=224, name="nasnet")


def image_of(name: str, size: int) -> np.ndarray:
    """Return random images as the model takes them."""
    scale = 255 if name.startswith(WITHIN_255) else 1
    return np.random.default_rng(0).uniform(0, scale, (2, size, size, 3)).astype("float32")


def scramble(model: keras.Model) -> None:
    """Move what begins as 0 or 1, or next to it, so that each weight shows.

    The scales are small: with larger ones the values of the deepest models grow to 1e5 and more, where gates open or
    close by the rounding alone, and Keras is as far from itself in other precisions as from anything.
    """
    generator = np.random.default_rng(1)
    for layer in model._flatten_layers():
        own = () if hasattr(layer, "layers") else layer.weights
        for variable in own:
            if "int" in variable.dtype or variable.name.endswith("kernel"):
                continue
            value = generator.uniform(0.0, 0.5, variable.shape)
            if variable.name == "gamma":
                value += 0.3
            elif "variance" in variable.name or len(own) == 1:
                value += 0.5
            else:
                value -= 0.25
            variable.assign(value)


def close(found: torch.Tensor, expected: torch.Tensor) -> None:
    """Assert that outputs are equal within 1e-4, or 1e-4 of the largest one where all are below 1."""
    largest = min(1.0, float(expected.abs().max()))
    torch.testing.assert_close(found, expected, rtol=TOLERANCE, atol=TOLERANCE * largest)


@pytest.mark.parametrize("name", NAMES)
def test_application(name: str) -> None:
    for fixed in FIXED if name.startswith("NASNet") else (None,):
        model = built(name, fixed)
        scramble(model)
        compiled = nndsl.from_keras(model)
        assert nndsl.format(compiled.text) == compiled.text
        assert compiled.summary().parameters == model.count_params()
        module = compiled.module().eval()
        for size in (fixed,) if fixed else SIZES:
            image = image_of(name, size)
            with torch.no_grad():
                expected, found = model(image, training=False), module(torch.tensor(image))
            close(found, expected)
        del model, compiled, module
        gc.collect()


@pytest.mark.parametrize("name", SMALL)
def test_application_with_its_classifier(name: str) -> None:
    model = built(name, 96, top=True)
    compiled = nndsl.from_keras(model)
    assert compiled.summary().parameters == model.count_params()
    image = image_of(name, 96)
    with torch.no_grad():
        expected, found = model(image, training=False), compiled.module().eval()(torch.tensor(image))
    close(found, expected)
