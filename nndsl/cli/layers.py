"""``nndsl layers``: the reference of the layers and operations, from their declarations."""

from __future__ import annotations

import inspect
import json
import sys
from argparse import ArgumentParser, Namespace
from dataclasses import Field
from typing import Any

from nndsl import ops
from nndsl.arguments import is_required, kind_of, parameters
from nndsl.cli.common import WRONG_USE, add_format
from nndsl.cli.pages import show
from nndsl.layers import FAMILIES, SYNONYMS, find, names
from nndsl.layers.base import Layer
from nndsl.ops.base import Op
from nndsl.recipes.base import Recipe
from nndsl.suggestions import suggest

COMMON = frozenset(field.name for field in parameters(Layer))
OPS = "ops."


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="a layer, or `ops.name`; without it, all are listed")
    add_format(parser)


def run(options: Namespace) -> int:
    """Print the list, or the page of a layer; return 2 if there is no such layer."""
    if options.name is None:
        if options.format == "json":
            print(json.dumps([describe(name) for name in sorted([*names(), *_operations()])]))
        else:
            show(listing())
        return 0
    if _found(options.name) is None:
        print(f"nndsl: there is no layer {options.name!r}", file=sys.stderr)
        if help := _help(options.name):
            print(f"help: {help}", file=sys.stderr)
        return WRONG_USE
    if options.format == "json":
        print(json.dumps(describe(options.name)))
    else:
        show(page(options.name))
    return 0


def listing() -> str:
    """Return all layers and operations by family, as Markdown."""
    parts = []
    for family, members in FAMILIES.items():
        parts.append(f"# {family}\n")
        parts += [f"- `{name}`: {_sentence(_class_of(name))}" for name in members]
        parts.append("")
    parts += ["# other names\n", *(f"- `{name}` is `{main}`" for name, main in SYNONYMS.items()), ""]
    for family, members in ops.FAMILIES.items():
        parts.append(f"# ops: {family.replace('_', ' ')}\n")
        parts += [f"- `{OPS}{name}`: {_sentence(_class_of(OPS + name))}" for name in members]
        parts.append("")
    return "\n".join(parts)


def page(name: str) -> str:
    """Return the reference of a layer or operation, as Markdown."""
    declared = _class_of(name)
    arguments = _arguments(declared)
    shown = [
        field.name if is_required(field) else f"{field.name}={literal(field.default)}"
        for field in arguments
        if issubclass(declared, Op) or field.name not in COMMON
    ]
    lines = [f"# {name}({', '.join(shown)})\n", _text(declared), ""]
    if name in SYNONYMS:
        lines += [f"Another name of `{SYNONYMS[name]}`.\n"]
    lines += ["| argument | takes | default |", "|---|---|---|"]
    for field in arguments:
        default = "required" if is_required(field) else f"`{literal(field.default)}`"
        lines.append(f"| `{field.name}` | {kind_of(field).description} | {default} |")
    if issubclass(declared, Op):
        return "\n".join(lines)
    inputs = ", ".join(f"`{item}`" for item in declared.input_names)
    lines += ["", f"Inputs: {'a list of tensors' if declared.takes_list else inputs}."]
    if declared.call_keywords:
        keywords = (f"`{item}` ({what})" for item, what in declared.call_keywords.items())
        lines += ["", f"When it is applied it also takes {', '.join(keywords)}."]
    return "\n".join(lines)


def describe(name: str) -> dict[str, object]:
    """Return the reference of a layer or operation as data; what an operation takes is among its arguments."""
    declared = _class_of(name)
    described: dict[str, object] = {
        "name": name,
        "synonym_of": SYNONYMS.get(name),
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
    if not issubclass(declared, Op):
        described["inputs"] = list(declared.input_names)
        described["takes_list"] = declared.takes_list
        described["call_keywords"] = dict(declared.call_keywords)
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


def _arguments(declared: type[Layer] | type[Op]) -> list[Field[Any]]:
    """The arguments of an operation; the layer's own arguments, then those that all layers have."""
    if issubclass(declared, Op):
        return list(parameters(declared))
    return sorted(parameters(declared), key=lambda field: field.name in COMMON)


def _operations() -> list[str]:
    return [OPS + name for name in ops.names()]


def _found(name: str) -> type[Layer] | type[Op] | None:
    return ops.find(name.removeprefix(OPS)) if name.startswith(OPS) else find(name)


def _help(name: str) -> str:
    if name.startswith(OPS):
        from nndsl.ops.elsewhere import suggested

        return suggested(name.removeprefix(OPS))
    return suggest(name, names(), "layer")


def _class_of(name: str) -> type[Layer] | type[Op]:
    found = _found(name)
    assert found is not None
    return found


def _text(declared: type[Layer] | type[Op]) -> str:
    return (inspect.getdoc(declared) or "").replace("``", "`")


def _sentence(declared: type[Layer] | type[Op]) -> str:
    return _text(declared).partition("\n\n")[0].replace("\n", " ")
