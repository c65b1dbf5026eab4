"""A model of Keras as it was found in a configuration or a script: layers, and their calls in order.

Readers (``config.py``, ``script.py``) make records, and the writer turns a record into a syntax tree. Nothing here has
been checked: that is the compiler's, once the text is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Value: TypeAlias = "bool | int | float | str | tuple[Value, ...] | dict[str, Value] | Recorded | LayerRecord | None"
"""An argument: a constant, a recipe (``Recorded``), or a layer (of a wrapper)."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recipe by its class in Keras, and the arguments that it was given: ``L2``, {"l2": 0.01}."""

    name: str
    arguments: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LayerRecord:
    """A layer as it was constructed.

    ``key`` tells it from all others of its model, and is Keras's name for it where there is one. ``name`` is the name
    that a person gave it, None for one that Keras made up. ``model`` is set for a model that is a layer of another one;
    then ``kind`` is its class (``Functional``). For an operation that Keras recorded as a layer, ``kind`` is ``ops.``
    and its name: ``ops.add``, ``ops.get_item``; ``arguments`` is empty, and its calls have all.
    """

    key: str
    kind: str
    arguments: Mapping[str, Value] = field(default_factory=dict)
    name: str | None = None
    model: ModelRecord | None = None


@dataclass(frozen=True, slots=True)
class TensorRecord:
    """A tensor: output ``output`` of call number ``call``; for an input of the model, ``call`` is None."""

    call: int | None
    output: int = 0
    """The number of the output, or of the model's input."""
    shape: tuple[int | None, ...] | None = field(default=None, compare=False)
    """Its shape with the batch, where the reader knows it: ranks decide how a sum can be written."""


Given: TypeAlias = "TensorRecord | Value | tuple[Given, ...] | dict[str, Given] | slice"
"""What a call is given: tensors, constants, and lists of them."""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One application of a layer: ``layer`` is its key; ``hint`` is the name of the value in a script."""

    layer: str
    positional: tuple[Given, ...]
    keywords: Mapping[str, Given] = field(default_factory=dict)
    outputs: int = 1
    hint: str = ""


@dataclass(frozen=True, slots=True)
class InputRecord:
    """An input: its shape without the batch, None for a size that is free; ``name`` None if Keras made it up."""

    shape: tuple[int | None, ...]
    dtype: str = "float32"
    name: str | None = None


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """A model: ``calls`` are in an order in which each follows those that it needs.

    ``outputs`` are in Keras's order, with their names where a person gave one (a dict of outputs). ``settings`` are the
    arguments of ``compile``, as far as they can be written in a file. ``name`` is empty if Keras made it up.
    ``remarks`` say what was left out; the writer adds to them what it leaves out itself.
    """

    name: str
    inputs: tuple[InputRecord, ...]
    layers: tuple[LayerRecord, ...]
    calls: tuple[CallRecord, ...]
    outputs: tuple[tuple[str | None, TensorRecord], ...]
    settings: Mapping[str, Value] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


class ImportRefused(Exception):
    """What cannot be written in the language: ``message`` says what, and ``help`` what to do instead."""

    def __init__(self, message: str, help: str = "") -> None:
        self.message = message
        self.help = help
        super().__init__(f"{message}: {help}" if help else message)
