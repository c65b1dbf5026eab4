"""What cannot be brought over is refused by name, and a configuration is input like any other."""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import nndsl
from nndsl.importing.archive import read_file
from nndsl.importing.config import read, read_json
from nndsl.importing.recorded import ImportRefused
from nndsl.importing.writing import write
from tests.importing.models import MODELS, Input, keras, layers, ops

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


class Own(keras.layers.Layer):
    def call(self, x: Any) -> Any:
        return x


class OwnModel(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.dense = layers.Dense(2)

    def call(self, x: Any) -> Any:
        return self.dense(x)


def functional(layer: Any, shape: tuple[int, ...] = (4, 4, 2)) -> keras.Model:
    x = Input(shape)
    return keras.Model(x, layer(x))


def constant(x: Any) -> Any:
    return ops.add(x, keras.ops.convert_to_tensor([[1.0, 2.0]]))


@pytest.mark.filterwarnings("ignore:The object being serialized includes a `lambda`")
@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (layers.Lambda(lambda x: x, name="twice"), "the layer `twice`"),
        (Own(name="mine"), "the layer `mine` (Own) is a layer of your own"),
        (layers.SpectralNormalization(layers.Dense(2), name="spectral"), "the layer `spectral`"),
        (layers.Dense(2, activation=lambda x: x, name="bent"), "the layer `bent`"),
        (lambda x: layers.Dropout(0.5, name="always")(x, training=True), "the layer `always`"),
        (lambda x: ops.sort(x), "`ops.sort`"),
        (constant, "constant tensor"),
    ],
    ids=["Lambda", "own", "unknown", "function", "training", "operation", "constant"],
)
def test_refusals_name_the_layer(layer: Any, message: str) -> None:
    with pytest.raises(ImportRefused) as caught:
        write(read_json(functional(layer).to_json()))
    assert message in str(caught.value)
    assert caught.value.help


def test_a_model_of_a_class_of_its_own() -> None:
    model = OwnModel()
    model(keras.ops.zeros((1, 3)))
    with pytest.raises(ImportRefused, match="a class of its own, `OwnModel`"):
        read(keras.saving.serialize_keras_object(model))


def test_settings_that_cannot_be_written_are_left_out_with_a_remark() -> None:
    def loss(y: Any, p: Any) -> Any:
        return p

    model = MODELS["unnamed_shape"]()
    model.compile("adam", loss)
    written = write(read_json(model.to_json()))
    assert written.text.startswith("# loss is left out: `loss` has a function of its own")
    assert "optimizer = Adam()" in written.text


NESTED = "[" * 100_000 + "]" * 100_000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("null", "not a dict"),
        ("[]", "not a dict"),
        (NESTED, "not JSON"),
        ('{"class_name": "Functional"}', "not a dict"),
        ('{"class_name": "Functional", "config": {"layers": 3, "input_layers": []}}', "not a list"),
        ('{"class_name": "Sequential", "config": {"layers": [3]}}', "not a dict"),
        ('{"class_name": "Sequential", "config": {"layers": []}}', "shape of its input"),
        (
            '{"class_name": "Sequential", "config": {"layers": [], "build_input_shape": [null, "x"]}}',
            "none of a tensor",
        ),
        ("1" * 5000, "not JSON"),
    ],
    ids=range(10),
)
def test_configurations_that_are_none(text: str, message: str) -> None:
    with pytest.raises(ImportRefused, match=message):
        read_json(text)


def changed(model: keras.Model, change: Any) -> str:
    config = json.loads(model.to_json())
    change(config["config"]["layers"])
    return json.dumps(config)


def loop(layers: Any) -> None:
    for layer in layers[1:]:
        layer["inbound_nodes"][0]["args"][0]["config"]["keras_history"][0] = layers[-1]["name"]


def lost(layers: Any) -> None:
    layers[1]["inbound_nodes"][0]["args"][0]["config"]["keras_history"] = ["nowhere", 0, 0]


def odd(layers: Any) -> None:
    layers[1]["inbound_nodes"][0]["args"][0]["config"]["keras_history"] = ["input", "0", None]


def twice(layers: Any) -> None:
    layers.append(layers[-1])


def infinite(layers: Any) -> None:
    layers[1]["config"]["bias_initializer"] = {
        "module": "keras.initializers",
        "class_name": "Constant",
        "config": {"value": float("inf")},
    }


def foreign(layers: Any) -> None:
    layers[1]["config"]["kernel_initializer"] = {"module": "os", "class_name": "system", "config": "true"}


def hostile(layers: Any) -> None:
    layers[1]["config"]["activation"] = '"); import os; os.system("true") #'


@pytest.mark.parametrize("change", [loop, lost, odd, twice, infinite, foreign, hostile])
def test_changed_configurations_are_refused(change: Any) -> None:
    x = Input((4,), name="input")
    model = keras.Model(x, layers.Dense(2, name="b")(layers.Dense(3, name="a")(x)))
    with pytest.raises(ImportRefused):
        write(read_json(changed(model, change)))


def test_names_become_identifiers() -> None:
    config = json.loads(MODELS["unnamed_shape"]().to_json())
    config["config"]["name"] = '../../x"); {'
    config["config"]["layers"][0]["config"]["name"] = "a\n}\nmodel B {"
    text = write(read(config)).text
    assert "model X {" not in text.replace("model XModel", "") or text.count("model ") == 1
    assert text.count("\nmodel ") + text.startswith("model ") == 1


def test_a_layer_of_two_models_is_refused(tmp_path: Path) -> None:
    x, y = Input((4,)), Input((4,))
    shared = layers.Dense(4)
    inner = keras.Model(x, shared(x))
    model = keras.Model(y, shared(inner(y)))
    with pytest.raises(ImportRefused, match="is shared by the model and one inside of it"):
        nndsl.from_keras(model)
    model.save(tmp_path / "model.keras")
    with pytest.raises(ImportRefused, match="is shared by a model and one inside of it"):
        read_file(tmp_path / "model.keras")


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to each value of a configuration."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


@pytest.mark.parametrize("name", MODELS)
def test_whatever_a_configuration_says_it_is_read_or_refused(name: str) -> None:
    text = MODELS[name]().to_json()
    ways = list(places(json.loads(text)))
    generator = random.Random(0)
    for way in generator.sample(ways, min(len(ways), 40)):
        config = json.loads(text)
        held = config
        for key in way[:-1]:
            held = held[key]
        held[way[-1]] = generator.choice([None, -1, 0.5, "x\n}", [], {}, [None], {"class_name": "Dense"}, True])
        with contextlib.suppress(ImportRefused, nndsl.NNDSLError):
            write(read(config))
