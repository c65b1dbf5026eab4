"""The arguments of operations, their order and their defaults, are Keras's."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from nndsl import ops
from nndsl.arguments import is_required, kind_of, parameters
from tests.ops.oracle import keras

WITHOUT = {"one_hot": {"sparse"}, "einsum": {"kwargs"}}
"""Arguments that nndsl has not: there are no sparse tensors, and Keras does nothing with those of `einsum`."""
REQUIRED = {"where": {"x1", "x2"}}
"""Arguments that must be given here: without them the result's shape would follow from values."""
DRAWN = ("random.normal", "random.uniform")


def theirs_of(name: str) -> Any:
    """Return Keras's function of a name."""
    return getattr(keras.random if name in DRAWN else keras.ops, name.removeprefix("random."))


@pytest.mark.parametrize("name", ops.names())
def test_arguments(name: str) -> None:
    declared = ops.find(name)
    assert declared is not None
    assert declared.called() == f"ops.{name}"
    assert declared.__doc__
    theirs = inspect.signature(theirs_of(name)).parameters
    wanted = [key for key in theirs if key not in WITHOUT.get(name, set())]
    assert [field.name for field in parameters(declared)] == wanted
    for field in parameters(declared):
        default = theirs[field.name].default
        must = default is inspect.Parameter.empty or field.name in REQUIRED.get(name, set())
        assert is_required(field) == must, field.name
        if not must:
            assert field.default == kind_of(field).read(default), field.name


def test_they_are_all_found_in_keras_and_hidden_from_the_layers() -> None:
    from nndsl import layers

    assert len(set(ops.names())) == len(ops.names()) == sum(map(len, ops.FAMILIES.values()))
    assert not set(ops.names()) & set(layers.names())
    assert ops.find("system") is None
