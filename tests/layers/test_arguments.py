"""The arguments of layers, their order and their defaults, are Keras's."""

from __future__ import annotations

import inspect

import pytest
from keras.src.activations import ALL_OBJECTS_DICT

from nndsl.arguments import is_required, kind_of, parameters
from nndsl.layers import FAMILIES, SYNONYMS, find
from nndsl.layers.activations import TEMPLATES
from tests.layers.oracle import keras

NAMES = [name for names in FAMILIES.values() for name in names if hasattr(keras.layers, name)]
OF_ALL_LAYERS = {"self", "kwargs", "name", "trainable", "dtype"}
WITHOUT = {"Embedding": {"weights"}, "Bidirectional": {"weights"}}
"""Arguments that nndsl has not: `weights` are arrays, which a file cannot hold."""
BESIDE = {
    **{key: ["zero_output_for_mask"] for key in ("LSTM", "GRU", "SimpleRNN")},
    "ConvLSTM2D": ["unroll", "zero_output_for_mask"],
    "AdditiveAttention": ["seed"],
    "ReversibleEmbedding": ["lora_rank", "lora_alpha", "quantization_config"],
    "RandomContrast": ["data_format"],
    "RandomBrightness": ["data_format"],
}
"""Arguments that Keras takes by way of `**kwargs`."""


@pytest.mark.parametrize("name", NAMES)
def test_arguments(name: str) -> None:
    declared = find(name)
    assert declared is not None
    theirs = inspect.signature(getattr(keras.layers, name).__init__).parameters
    wanted = [key for key in theirs if key not in OF_ALL_LAYERS | WITHOUT.get(name, set())]
    fields = [field for field in parameters(declared) if not field.kw_only]
    assert [field.name for field in fields] == wanted + BESIDE.get(name, [])
    for field in fields[: len(wanted)]:
        default = theirs[field.name].default
        assert is_required(field) == (default is inspect.Parameter.empty)
        if not is_required(field):
            assert field.default == kind_of(field).read(default), field.name


@pytest.mark.parametrize(("synonym", "main"), SYNONYMS.items())
def test_synonyms(synonym: str, main: str) -> None:
    assert getattr(keras.layers, synonym) is getattr(keras.layers, main)
    assert find(synonym) is find(main)


def test_synonyms_are_complete() -> None:
    known = {
        name
        for name in dir(keras.layers)
        for main in NAMES
        if getattr(keras.layers, name) is getattr(keras.layers, main)
    }
    assert known == {*NAMES, *SYNONYMS}


def test_activations_are_complete() -> None:
    """`threshold` has arguments without defaults: Keras takes its name, and then cannot call it."""
    assert set(TEMPLATES) == set(ALL_OBJECTS_DICT) - {"threshold"}
    with pytest.raises(TypeError, match="threshold"):
        keras.activations.get("threshold")(keras.ops.ones(3))
