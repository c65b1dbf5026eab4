"""The values of a script while it is read: what names stand for. Constants are Python's own."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from nndsl.diagnostics import Diagnostic, NNDSLError, Note, Source, Span
from nndsl.importing.recorded import LayerRecord, Recorded, Value


@dataclass(frozen=True, slots=True)
class Path:
    """A thing of a library by its dotted name, Keras's roots taken off: ``("layers", "Dense")``, ``("numpy", "load")``.

    ``keras`` tells a part of Keras from one of another library.
    """

    parts: tuple[str, ...]
    keras: bool

    @property
    def last(self) -> str:
        """The last part of the name."""
        return self.parts[-1] if self.parts else "keras"

    @property
    def section(self) -> str:
        """The part of Keras that the name is in: ``layers``, ``ops``, or nothing."""
        return self.parts[-2] if len(self.parts) > 1 else ""

    def __str__(self) -> str:
        return ".".join((*(("keras",) if self.keras else ()), *self.parts))


@dataclass(frozen=True, slots=True)
class Unknown:
    """What is not known without running the script; ``span`` is where it comes from."""

    span: Span


@dataclass(eq=False, slots=True)
class Layer:
    """A layer that was constructed; the record changes while the script sets attributes of it.

    ``input_shape`` is what an older script gives the first layer of a model.
    """

    record: LayerRecord
    span: Span
    input_shape: tuple[int | None, ...] | None = None


@dataclass(eq=False, slots=True)
class Input:
    """An input of a model."""

    shape: tuple[int | None, ...]
    dtype: str
    name: str | None
    hint: str = ""


@dataclass(eq=False, slots=True)
class Applied:
    """One application of a layer, model or operation; ``number`` tells the order."""

    number: int
    layer: Layer | Model
    positional: tuple[Script, ...]
    keywords: Mapping[str, Script]
    outputs: int
    span: Span
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Tensor:
    """An output of an application, or an input."""

    source: Applied | Input
    output: int = 0


@dataclass(eq=False, slots=True)
class Sequential:
    """A model that layers are added to; ``input`` is there once its shape is known."""

    name: str | None
    span: Span
    layers: list[Layer | Model | Sequential] = field(default_factory=list)
    input: Input | None = None
    settings: dict[str, Value] = field(default_factory=dict)
    trainable: bool = True
    hint: str = ""
    whole: Model | None = None
    """The model that it is, once it was used."""
    taken_apart: bool = False
    """Whether it was applied layer by layer, for want of a shape of its own."""


@dataclass(eq=False, slots=True)
class Model:
    """A functional model; outputs have the names of a dict, or none."""

    name: str | None
    span: Span
    inputs: tuple[Tensor, ...]
    outputs: tuple[tuple[str | None, Tensor], ...]
    settings: dict[str, Value] = field(default_factory=dict)
    trainable: bool = True
    hint: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the script, which is read anew for each call."""

    definition: ast.FunctionDef
    scope: Scope


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a value of the script: ``model.add``."""

    owner: Script
    name: str


Script: TypeAlias = (
    "bool | int | float | str | list[Script] | tuple[Script, ...] | dict[str, Script] | range | slice | Path | Unknown"
    " | Layer | Tensor | Sequential | Model | Function | Method | Recorded | None"
)


@dataclass(slots=True)
class Scope:
    """The names of a function or of the script; ``stars`` are the parts of Keras whose names were all imported."""

    outer: Scope | None = None
    names: dict[str, Script] = field(default_factory=dict)
    stars: list[Path] = field(default_factory=list)

    def find(self, name: str) -> tuple[Script] | None:
        """Return the value of a name in a tuple, or None."""
        if name in self.names:
            return (self.names[name],)
        return self.outer.find(name) if self.outer is not None else None

    def starred(self) -> list[Path]:
        """Return the parts of Keras that were imported whole."""
        return [*self.stars, *(self.outer.starred() if self.outer is not None else ())]


def refuse(
    code: str, message: str, span: Span, *, label: str = "", help: str = "", note: Note | None = None
) -> NNDSLError:
    """Return the error of a script that cannot be imported."""
    return NNDSLError([Diagnostic(code, message, span, label, (note,) if note is not None else (), help)])


def span_of(source: Source, node: ast.expr | ast.stmt | ast.keyword | ast.alias) -> Span:
    """Return where a part of a script's syntax tree stands; ast counts columns in bytes of UTF-8."""
    lines = source.text.split("\n")

    def offset(line: int, column: int) -> int:
        before = sum(len(each) + 1 for each in lines[: line - 1])
        return before + len(lines[line - 1].encode()[:column].decode(errors="ignore"))

    end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
    return Span(source, offset(node.lineno, node.col_offset), offset(end_line, end_column))
