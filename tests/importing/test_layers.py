"""Every layer that Keras has too, alone in a model: over the cases that hold its values against Keras."""

from __future__ import annotations

import inspect
from collections import defaultdict

import pytest

import nndsl
from nndsl.layers import FAMILIES, find
from tests.importing.compare import assert_formatted, compare, scramble
from tests.importing.models import keras, layers
from tests.layers.oracle import Case, twin
from tests.layers.test_layers import CASES

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Layer:UserWarning"),
]

DRAWS = ("Random", "Dropout", "Gaussian")
OWN = {"PositionEmbedding"}
"""The layers that Keras has not."""
_EACH = 2


def _chosen() -> list[Case]:
    """Return some cases of each layer: their arguments are what matters, and those are Keras's of each kind."""
    found: dict[str, list[Case]] = defaultdict(list)
    for case in CASES:
        found[case.layer].append(case)
    return [case for cases in found.values() for case in cases[:: max(1, len(cases) // _EACH)][:_EACH]]


CHOSEN = _chosen()


def model_of(case: Case) -> keras.Model:
    """Return the layer of a case in a functional model."""
    layer = type(twin(case)).from_config(twin(case).get_config())
    inputs = [keras.Input(shape, dtype=case.dtype) for shape in case.shapes]
    given = inputs if find(case.layer).takes_list else inputs[0]
    return keras.Model(given, layer(given))


@pytest.mark.parametrize("case", CHOSEN, ids=str)
def test_case(case: Case) -> None:
    model = model_of(case)
    scramble(model)
    compiled = nndsl.from_keras(model)
    assert_formatted(compiled.text)
    if case.layer.startswith("Average") and case.arguments.get("padding") == "same":
        return  # Keras's torch backend counts the padding
    compare(model, compiled, compiled.module(), training=False)


def test_every_layer_is_brought_over() -> None:
    """What is no case here stands in a model beside this file."""
    from tests.importing import models

    covered = {case.layer for case in CASES} | OWN
    written = inspect.getsource(models)
    names = {name for names in FAMILIES.values() for name in names if hasattr(layers, name)}
    assert {name for name in names - covered if f"layers.{name}(" not in written} == set()
