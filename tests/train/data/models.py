"""Models for the tests of data, and what they ask of sources."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import nndsl
from nndsl.train.batch import Batch, Source
from nndsl.train.data import Place, source_of
from nndsl.train.errors import TrainingError


def model(inputs: dict[str, str], body: str, loss: str | None) -> nndsl.Compiled:
    """Compile a model: ``inputs`` are shapes by name, ``body`` is the rest, ``loss`` that of all outputs."""
    lines = [f"input {name}: {shape}" for name, shape in inputs.items()] + [""] + body.split("; ")
    if loss is not None:
        lines += ["", "compile {", f"  loss = {loss}", "}"]
    return nndsl.compile("model Net {\n" + "".join(f"  {line}\n" for line in lines) + "}\n")


def classifier(shape: str = "(2)", count: int = 3) -> nndsl.Compiled:
    """A model of some classes."""
    body = f'Flatten(); Dense({count}, activation="softmax")'
    return model({"x": shape}, body, "SparseCategoricalCrossentropy()")


def regressor(shape: str = "(2)") -> nndsl.Compiled:
    """A model of one number."""
    return model({"x": shape}, "Dense(1)", '"mse"')


def tagger(mask_zero: bool = True) -> nndsl.Compiled:
    """A model of a tag for each token."""
    body = f'Embedding(10, 4, mask_zero={str(mask_zero).lower()}); Dense(3, activation="softmax")'
    return model({"tokens": "int64(T)"}, body, "SparseCategoricalCrossentropy()")


def whole(source: Source) -> Batch:
    """All samples, as one batch."""
    return next(source.batches(len(source), None))


def refused(code: str, recipe: Any, folder: Path, compiled: Any = None, **options: Any) -> str:
    """Assert that a source is refused, and return the message."""
    with pytest.raises(TrainingError) as caught:
        source_of(recipe, compiled or classifier(), place=Place(folder, folder), **options)
    assert caught.value.code == code, caught.value
    return str(caught.value)
