"""Threats D 74 to 79, E 109 and F 119: windows, padding, a batch of one, and paths that a file would choose."""

from __future__ import annotations

import pytest
import torch

from tests.language.checking import accepted, model, refused, shape

IMAGE = "input x: (7, 7, 3)"


@pytest.mark.parametrize(
    ("marked", "code"),
    [
        pytest.param("MaxPooling2D(2, «padding=2»)", "E0302", id="74 padding is a word, as in Keras"),
        pytest.param("Conv2D(8, 3, strides=2, «dilation_rate=3»)", "E0305", id="78 Keras has no both"),
        pytest.param("Conv2DTranspose(8, 3, strides=2, «output_padding=2»)", "E0305", id="79"),
        pytest.param("Conv2DTranspose(8, 3, «output_padding=1»)", "E0305", id="79 without strides"),
    ],
)
def test_windows_that_are_refused(marked: str, code: str) -> None:
    refused(model(marked, inputs=IMAGE), code)


@pytest.mark.parametrize(
    ("layer", "size"),
    [
        pytest.param('Conv2D(8, 3, strides=2, padding="same")', "(N, 4, 4, 8)", id="76"),
        pytest.param('Conv2D(8, 2, padding="same")', "(N, 7, 7, 8)", id="77"),
        pytest.param('MaxPooling2D(2, strides=2, padding="same")', "(N, 4, 4, 3)", id="76 pooling"),
        pytest.param("Conv2D(8, 3, dilation_rate=3)", "(N, 1, 1, 8)", id="78"),
        pytest.param('Conv2DTranspose(8, 3, strides=2, padding="same")', "(N, 14, 14, 8)", id="79 Keras's default"),
    ],
)
def test_sizes_are_those_of_a_real_forward(layer: str, size: str) -> None:
    text = model(layer, inputs=IMAGE)
    assert shape(text) == size
    expected = tuple(int(part) for part in size.strip("()").split(", ")[1:])
    assert accepted(text).module()(torch.zeros(1, 7, 7, 3)).shape[1:] == expected


def test_77_uneven_padding_is_behind() -> None:
    text = model('Conv2D(1, 2, padding="same", kernel_initializer="ones")', inputs="input x: (3, 3, 1)")
    result = accepted(text).module()(torch.ones(1, 3, 3, 1))[0, :, :, 0]
    assert result.tolist() == [[4, 4, 2], [4, 4, 2], [2, 2, 1]]


def test_109_one_value_a_channel_trains_as_in_keras() -> None:
    module = accepted(model("BatchNormalization(momentum=0.5)")).module().train()
    x = torch.full((1, 8), 3.0)
    assert not module(x).any()  # the variance is 0, and the mean is the value
    state = module.state_dict()
    assert torch.allclose(state["batch_normalization.running_mean"], torch.full((8,), 1.5))
    assert torch.allclose(state["batch_normalization.running_var"], torch.full((8,), 0.5))


def test_119_a_file_chooses_no_path_that_is_written_to() -> None:
    for setting in ("checkpoint", "directory", "path", "to"):
        refused(model(f'Dense(3)\nfit {{\n  «{setting} = "../x"»\n}}'), "E0801")
    refused(model('Dense(3)\nfit {\n  callbacks = [CSVLogger(«"../log.csv"»)]\n}'), "E0610")
