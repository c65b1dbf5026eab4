"""What Keras has and nndsl has not is refused with what to do instead."""

from __future__ import annotations

import keras
import pytest

import nndsl
from nndsl.elsewhere import INSTEAD
from nndsl.layers import find, names
from nndsl.suggestions import LAYERS

CLASSES = [name for name in dir(keras.layers) if isinstance(getattr(keras.layers, name), type)]
ABSENT = [name for name in CLASSES if find(name) is None]


def test_every_layer_of_keras_is_there_or_has_its_help() -> None:
    assert {*ABSENT} <= INSTEAD.keys() | LAYERS.keys()
    assert not INSTEAD.keys() & {*names(), *LAYERS}
    assert INSTEAD.keys() <= {*CLASSES}


@pytest.mark.parametrize("written", ["{}", "layers.{}", "keras.layers.{}"])
@pytest.mark.parametrize("name", ABSENT)
def test_help(name: str, written: str) -> None:
    with pytest.raises(nndsl.NNDSLError) as caught:
        nndsl.compile(f"model M {{\n  input x: (4, 4, 3)\n\n  x -> {written.format(name)}()\n}}\n")
    (found,) = caught.value.diagnostics
    assert found.code == ("E0201" if written == "{}" else "E0210")
    assert found.help == INSTEAD.get(name, f"write `{LAYERS.get(name)}`")


@pytest.mark.parametrize("text", INSTEAD.values())
def test_layers_in_a_help_are_there(text: str) -> None:
    """What stands in backticks and looks like a layer is one."""
    for quoted in text.split("`")[1::2]:
        first = quoted.removeprefix("x -> ").partition("(")[0]
        if first[0].isupper():
            assert find(first) is not None, first
