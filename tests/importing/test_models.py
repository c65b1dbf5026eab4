"""Models of Keras from their configurations: the text, and the same numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

import nndsl
from nndsl.importing.config import read, read_json
from nndsl.importing.writing import write
from tests.goldens import compare as compare_text
from tests.importing.compare import assert_formatted, compare, scramble
from tests.importing.models import MODELS, keras

# Keras's own conversions of its variables to NumPy warn.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

TEXTS = Path(__file__).parent / "texts"
DRAWN = {"sequential", "augmented", "volumes", "flips"}
"""The models that draw in training."""


@pytest.mark.parametrize("name", MODELS)
def test_model(name: str, update: bool) -> None:
    model = MODELS[name]()
    scramble(model)
    compiled = nndsl.from_keras(model)
    assert_formatted(compiled.text)
    compare_text(compiled.text, TEXTS / f"{name}.nn", update=update)
    module = compiled.module()
    compare(model, compiled, module, training=False)
    if name not in DRAWN:
        compare(model, compiled, module, training=True)
        compare(model, compiled, module, training=False)


@pytest.mark.parametrize("name", MODELS)
def test_all_forms_of_a_configuration(name: str) -> None:
    model = MODELS[name]()
    text = write(read_json(model.to_json())).text
    assert write(read(keras.saving.serialize_keras_object(model))).text == text
    if not model.compiled:
        assert write(read(model.get_config())).text == text


def test_text_is_the_same_for_the_same_model() -> None:
    assert nndsl.from_keras(MODELS["residual"]()).text == nndsl.from_keras(MODELS["residual"]()).text


def test_names_that_would_clash_are_written_out() -> None:
    x = keras.Input((6, 4))
    y = keras.layers.Dense(4)(keras.layers.Conv1D(4, 1, name="dense_1")(x))
    model = keras.Model(x, keras.layers.Dense(3)(y))
    scramble(model)
    compiled = nndsl.from_keras(model)
    assert_formatted(compiled.text)
    assert compiled.text.count("name=") == 3
    compare(model, compiled, compiled.module(), training=False)


def test_names_of_people_are_the_keys() -> None:
    module = nndsl.from_keras(MODELS["several"]()).module()
    assert {"priority.weight", "department.weight"} <= module.state_dict().keys()
