"""The reference of layers, operations and recipes: everything in it comes from their declarations."""

from __future__ import annotations

import inspect
import json
import textwrap
from collections.abc import Iterator
from dataclasses import Field
from typing import Any, TypeAlias

from nndsl import layers, ops, recipes
from nndsl.arguments import is_required, kind_of, parameters
from nndsl.layers.base import Layer
from nndsl.ops.base import Op
from nndsl.recipes.base import KINDS, Recipe

Declared: TypeAlias = type[Layer] | type[Op] | type[Recipe]

OPS = "ops."
COMMON = frozenset(field.name for field in parameters(Layer))
"""The arguments that all layers have."""
_MASKS = {
    "passes": "The mask of the input is that of the output.",
    "stops": "A mask of the input is lost here.",
    "uses": "A mask of the input is used.",
    "ends": "A mask of the input means nothing for the output.",
}

_TIED = "\N{NO-BREAK SPACE}"


def names() -> list[str]:
    """Return all names that have a page, operations as ``ops.name``."""
    own = [*layers.names(), *(OPS + name for name in ops.names())]
    return list(dict.fromkeys([*own, *(name for members in recipes.NAMES.values() for name in members)]))


def find(name: str) -> tuple[Declared, ...]:
    """Return what a name means: a layer, an operation or recipes of several kinds (13 are a loss and a metric)."""
    found: list[Declared | None]
    if name.startswith(OPS):
        found = [ops.find(name.removeprefix(OPS))]
    else:
        found = [layers.find(name), *(recipes.find(kind, name) for kind in recipes.kinds_of(name))]
    return tuple(declared for declared in found if declared is not None)


def page(name: str) -> str:
    """Return the reference of a name as Markdown; KeyError if there is none."""
    return "\n".join(_section(name, declared, "#") for declared in _found(name))


def describe(name: str) -> list[dict[str, object]]:
    """Return what a name means as data, an entry for each meaning; KeyError if there is none."""
    return [_described(name, declared) for declared in _found(name)]


def listing() -> str:
    """Return all layers, operations and recipes by family, each with its sentence, as Markdown."""
    parts: list[str] = []
    for title, members in _families():
        parts += [f"# {title}\n", *(f"- `{name}`: {_sentence(declared)}" for name, declared in members), ""]
    parts += ["# other names\n", *(f"- `{name}` is `{main}`" for name, main in layers.SYNONYMS.items()), ""]
    return "\n".join(parts)


def documents() -> dict[str, str]:
    """Return the pages of the reference as files of Markdown by their paths, a file for each family, and an index."""
    files: dict[str, str] = {}
    index = ["# Reference\n", "Written by `pytest tests/docs --update` from the declarations."]
    for title, members in _families():
        part, _, family = title.partition(": ")
        path = f"{part}/{family.replace(' ', '_')}.md"
        files[path] = "\n".join([f"# {title}\n", *(_section(name, declared, "##") for name, declared in members)])
        if f"## {part}\n" not in index:
            index += ["", f"## {part}\n"]
        links = (f"[{name}]({path}#{name.lower().replace('.', '')})" for name, _ in members)
        index.append(f"- {family}: {', '.join(links)}")
    synonyms = (f"`{name}` is `{main}`" for name, main in layers.SYNONYMS.items())
    index += ["", "## other names of layers\n", ", ".join(synonyms) + ".", ""]
    files["README.md"] = "\n".join(index)
    return files


def _families() -> Iterator[tuple[str, list[tuple[str, Declared]]]]:
    for family, members in layers.FAMILIES.items():
        yield f"layers: {family.replace('_', ' ')}", [(name, _found(name)[0]) for name in members]
    for family, members in ops.FAMILIES.items():
        yield f"ops: {family.replace('_', ' ')}", [(OPS + name, _found(OPS + name)[0]) for name in members]
    for kind, members in recipes.NAMES.items():
        plural = {"data": "data", "loss": "losses"}.get(kind, f"{kind}s")
        declared = ((name, recipes.find(kind, name)) for name in members)
        yield f"recipes: {plural}", [(name, each) for name, each in declared if each is not None]


def _section(name: str, declared: Declared, heading: str) -> str:
    """Return the part of a page that is about one meaning of a name."""
    lines = [f"{heading} {name}\n", *_signature(name, declared), ""]
    lines += [_text(declared), ""]
    if name in layers.SYNONYMS:
        lines += [f"Another name of `{layers.SYNONYMS[name]}`.\n"]
    if issubclass(declared, Recipe):
        lines += [f"It is {KINDS[declared.kind].split(' such as ')[0]}.\n"]
    if issubclass(declared, Layer):
        lines += [f"- {line}" for line in _facts(declared)] + [""]
    arguments = _arguments(declared)
    if arguments:
        lines += ["| argument | takes | default |", "|---|---|---|", *map(_row, arguments), ""]
    return "\n".join(lines)


def _signature(name: str, declared: Declared) -> list[str]:
    shown = [
        field.name if is_required(field) else f"{field.name}={literal(field.default)}"
        for field in _arguments(declared)
        if not issubclass(declared, Layer) or field.name not in COMMON
    ]
    text = f"{name}({', '.join(item.replace(' ', _TIED) for item in shown)})"
    lines = textwrap.wrap(text, 100, initial_indent="    ", subsequent_indent="    " + " " * (len(name) + 1))
    return [line.replace(_TIED, " ") for line in lines]


def _facts(declared: type[Layer]) -> Iterator[str]:
    """What a layer takes and gives, by its methods and class facts."""
    inputs = ", ".join(f"`{item}`" for item in declared.input_names)
    yield f"Inputs: {'a list of tensors' if declared.takes_list else inputs}."
    if declared.call_keywords:
        keywords = (f"`{item}` ({what})" for item, what in declared.call_keywords.items())
        yield f"When it is applied it also takes {', '.join(keywords)}."
    if declared.infer is not Layer.infer:
        yield f"Shapes: {_inline(declared.infer)}"
    if declared.weights is not Layer.weights:
        yield f"Weights: {_inline(declared.weights)}"
    yield _MASKS[declared.masks]


def _row(field: Field[Any]) -> str:
    default = "required" if is_required(field) else f"`{literal(field.default)}`"
    return f"| `{field.name}` | {kind_of(field).description} | {default} |"


def _described(name: str, declared: Declared) -> dict[str, object]:
    described: dict[str, object] = {
        "name": name,
        "kind": "layer" if issubclass(declared, Layer) else "operation" if issubclass(declared, Op) else declared.kind,
        "synonym_of": layers.SYNONYMS.get(name),
        "description": _text(declared),
        "arguments": [
            {
                "name": field.name,
                "takes": kind_of(field).description,
                "required": is_required(field),
                "default": None if is_required(field) else literal(field.default),
            }
            for field in _arguments(declared)
        ],
    }
    if issubclass(declared, Layer):
        described["inputs"] = list(declared.input_names)
        described["takes_list"] = declared.takes_list
        described["call_keywords"] = dict(declared.call_keywords)
        described["masks"] = declared.masks
    return described


def literal(value: object) -> str:
    """Return a default as the language writes it."""
    if value is None or isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' * (len(value) == 1)})"
    if isinstance(value, Recipe):
        written = {field.name: getattr(value, field.name) for field in parameters(type(value))}
        defaults = {field.name: field.default for field in parameters(type(value))}
        changed = (f"{name}={literal(item)}" for name, item in written.items() if item != defaults[name])
        return f"{type(value).__name__}({', '.join(changed)})"
    return str(value)


def _arguments(declared: Declared) -> list[Field[Any]]:
    """The arguments in order; those that all layers have come last."""
    if not issubclass(declared, Layer):
        return list(parameters(declared))
    return sorted(parameters(declared), key=lambda field: field.name in COMMON)


def _found(name: str) -> tuple[Declared, ...]:
    found = find(name)
    if not found:
        raise KeyError(name)
    return found


def _text(declared: Declared) -> str:
    return (inspect.getdoc(declared) or "").replace("``", "`")


def _inline(method: object) -> str:
    return (inspect.getdoc(method) or "").replace("``", "`").replace("\n", " ")


def _sentence(declared: Declared) -> str:
    return _text(declared).partition("\n\n")[0].replace("\n", " ")
