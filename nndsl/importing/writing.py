"""The record of a model as a file of the language: a syntax tree, its text, and which constructor is of which layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nndsl.diagnostics import Diagnostic
from nndsl.importing import tree
from nndsl.importing.body import Body
from nndsl.importing.constructors import Builder
from nndsl.importing.names import distinct, identifier, model_name
from nndsl.importing.recorded import ImportRefused, LayerRecord, ModelRecord, Recorded, Value
from nndsl.importing.settling import settled
from nndsl.importing.sizes import Shape, Sizes
from nndsl.importing.uniform import uniform
from nndsl.importing.values import layers_in
from nndsl.syntax import nodes
from nndsl.syntax.children import walk
from nndsl.syntax.format import format, unparse
from nndsl.syntax.nodes import Expression, Statement
from nndsl.syntax.parser import parse
from nndsl.syntax.reading import read_text

_KINDS = {"optimizer": "optimizer", "loss": "loss", "metrics": "metric", "weighted_metrics": "metric"}


@dataclass(frozen=True, slots=True)
class Written:
    """A model as a text.

    ``layers`` has, by the offset of its constructor in the text, the key of each layer in the model that it is of;
    ``remarks`` say what was left out, and ``diagnostics`` what the compiler says of the text.
    """

    text: str
    model: str
    layers: Mapping[int, str]
    remarks: tuple[str, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def write(record: ModelRecord) -> Written:
    """Return the text of a model, in its one layout. Raises ImportRefused for what the language has not.

    The text may still have errors, such as sizes that Keras compares at run time alone: see ``diagnostics``.
    """
    plain, settings = uniform(record)

    def attempt(record: ModelRecord, sizes: Sizes, own_names: bool) -> Written:
        return _write(record, settings, sizes, own_names)

    return settled(plain, attempt)


def _write(record: ModelRecord, settings: Mapping[str, str], sizes: Sizes, own_names: bool) -> Written:
    writer = _File(record, sizes, own_names, {})
    statements = writer.definitions()
    repeated = writer.builder.repeated()
    if repeated:
        writer = _File(record, sizes, own_names, repeated)
        statements = writer.definitions()
    head = [nodes.Set(tree.target(name), tree.constant(value), span=tree.NOWHERE) for name, value in settings.items()]
    recipes = [tree.assign([name], value) for value, name in repeated.items()]
    items = (*head, *recipes, *statements)
    remarks = record.remarks + tuple(writer.remarks)
    text = _with_remarks(format(_spaced("".join(map(unparse, items)))), remarks)
    parsed, _ = parse(read_text(text))
    own = [node for item in items for node in walk(item) if isinstance(node, nodes.Call)]
    read = [node for node in walk(parsed) if isinstance(node, nodes.Call)]
    made = writer.builder.made
    layers = {theirs.span.start: made[id(mine)] for mine, theirs in zip(own, read, strict=True) if id(mine) in made}
    return Written(text, writer.names[id(record)], layers, remarks)


def _spaced(text: str) -> str:
    """Put a blank line before a model, behind its inputs, and before its outputs and its settings."""
    lines: list[str] = []
    before = ""
    for line in text.splitlines():
        kind = _kind(line)
        begins = kind in ("output", "compile", "model") and before not in ("model", kind, "")
        if begins or (before == "input" and kind != "input"):
            lines.append("")
        lines.append(line)
        before = kind
    return "\n".join(lines)


def _kind(line: str) -> str:
    """Return the word that a line of a model, or of the file, begins with."""
    indented = line.removeprefix("  ")
    return line.split(" ")[0] if line[:1].strip() else indented.split(" ")[0] if indented[:1].strip() else "inside"


def _with_remarks(text: str, remarks: tuple[str, ...]) -> str:
    return "".join(f"# {' '.join(remark.split())}\n" for remark in remarks) + text


class _File:
    """One file: a definition for each model, those inside of others first."""

    def __init__(self, record: ModelRecord, sizes: Sizes, own_names: bool, recipes: Mapping[Expression, str]) -> None:
        self.names: dict[int, str] = {}
        self.remarks: list[str] = []
        self._record = record
        self._sizes = sizes
        self._own_names = own_names
        self._models = [*_inner_models(record), record]
        for model in self._models:
            otherwise = "Model" if model is record else "Part"
            self.names[id(model)] = model_name(model.name, set(self.names.values()), otherwise)
        self.builder = Builder(self.names, recipes)

    def definitions(self) -> list[Statement]:
        """Return the definitions."""
        return [self._definition(model) for model in self._models]

    def _definition(self, record: ModelRecord) -> Statement:
        names = _input_names(record)
        body = Body(record, self.builder, names, self._own_names)
        body.write()
        shapes = self._sizes.of(self.names[id(record)], names, record.inputs)
        statements: list[Statement] = [
            self._input(record, place, name, shapes[place]) for place, name in enumerate(names)
        ]
        statements += body.statements
        if record is self._record and record.settings:
            settings = self._settings(record.settings)
            if settings is not None:
                statements.append(settings)
        return nodes.Model(tree.target(self.names[id(record)]), (), tuple(statements), span=tree.NOWHERE)

    def _input(self, record: ModelRecord, place: int, name: str, sizes: Shape) -> Statement:
        given = record.inputs[place]
        dtype = None if given.dtype == "float32" else tree.target(given.dtype)
        shape = nodes.Tuple(sizes, span=tree.NOWHERE)
        hidden = name == "x" and given.name is None and len(record.inputs) == 1 and dtype is None
        return nodes.Input(None if hidden else tree.target(name), dtype, shape, span=tree.NOWHERE)

    def _settings(self, settings: Mapping[str, Value]) -> Statement | None:
        written = []
        for name, value in settings.items():
            try:
                expression = self._setting(_KINDS.get(name, ""), value)
            except ImportRefused as refused:
                self.remarks.append(f"{name} is left out: {refused.message}")
                continue
            written.append(nodes.Setting(tree.target(name), expression, span=tree.NOWHERE))
        return nodes.Settings("compile", tuple(written), span=tree.NOWHERE) if written else None

    def _setting(self, kind: str, value: Value) -> Expression:
        if isinstance(value, Recorded):
            return self.builder.recipe(kind, value)
        if isinstance(value, tuple):
            return tree.constant([self._setting(kind, item) for item in value])
        if isinstance(value, dict):
            return tree.constant({identifier(name): self._setting(kind, item) for name, item in value.items()})
        return tree.constant(value)


def _inner_models(record: ModelRecord) -> list[ModelRecord]:
    """Return the models inside of a model, each after those inside of it."""
    found: list[ModelRecord] = []
    for layer in record.layers:
        for model in _models_of(layer):
            found += [*_inner_models(model), model]
    return found


def _models_of(layer: LayerRecord) -> list[ModelRecord]:
    if layer.model is not None:
        return [layer.model]
    return [model for each in layers_in(layer.arguments) for model in _models_of(each)]


def _input_names(record: ModelRecord) -> list[str]:
    if len(record.inputs) == 1:
        return [identifier(record.inputs[0].name or "x")]
    return distinct(identifier(each.name or f"x{place + 1}") for place, each in enumerate(record.inputs))
