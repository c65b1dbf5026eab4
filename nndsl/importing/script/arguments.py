"""The arguments of layers and recipes in a script, as a record holds them."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from nndsl import layers, recipes
from nndsl.arguments import parameters
from nndsl.diagnostics import Note, Span
from nndsl.importing.recorded import LayerRecord, Recorded, Value
from nndsl.importing.script.names import recipe_name
from nndsl.importing.script.state import State
from nndsl.importing.script.values import Layer, Model, Path, Script, Sequential, Unknown, refuse
from nndsl.layers.activations import TEMPLATES
from nndsl.layers.base import FLOATS, INTEGERS
from nndsl.suggestions import suggest

_OF_INPUT = ("input_shape", "batch_input_shape", "input_dim", "input_length", "batch_size")
"""What scripts for older versions give the first layer, and the input has now."""
_RENAMED = {"lr": "learning_rate", "decay": "weight_decay"}
_DTYPES = frozenset((*FLOATS, *INTEGERS))


def constructed(
    state: State, name: str, positional: tuple[Script, ...], keywords: Mapping[str, Script], node: ast.Call
) -> Layer:
    """Return a layer; E0904 if nndsl has none of the name, E0905 for arguments that it has not."""
    declared = layers.find(name)
    if declared is None:
        help = suggest(name, layers.names(), "layer")
        help = help or "save the model, and import `model.keras`; or write an `extern` layer for it"
        raise refuse("E0904", f"nndsl has no layer `{name}`", state.span(node.func), help=help)
    names = tuple(field.name for field in parameters(declared))
    ordered = tuple(field.name for field in parameters(declared) if not field.kw_only)
    arguments = _bound(state, name, names, ordered, positional, keywords, node)
    shape = _input_shape(state, keywords, node)
    given = arguments.pop("name", None)
    own_name = given if isinstance(given, str) else None
    key = own_name or f"{name}:{state.next_application()}"
    return Layer(LayerRecord(key, name, arguments, own_name), state.span(node), shape)


def recorded_recipe(
    state: State, path: Path, positional: tuple[Script, ...], keywords: Mapping[str, Script], node: ast.Call
) -> Recorded:
    """Return a recipe, such as an optimizer or an initializer."""
    name = recipe_name(path)
    kinds = recipes.kinds_of(name)
    kind = next((kind for kind in kinds if path.section.startswith(kind[:4])), kinds[0])
    declared = recipes.find(kind, name)
    assert declared is not None
    names = tuple(field.name for field in parameters(declared))
    return Recorded(name, _bound(state, name, names, names, positional, keywords, node))


def _bound(
    state: State,
    called: str,
    names: tuple[str, ...],
    ordered: tuple[str, ...],
    positional: tuple[Script, ...],
    keywords: Mapping[str, Script],
    node: ast.Call,
) -> dict[str, Value]:
    if len(positional) > len(ordered):
        message = f"`{called}` takes {len(ordered)} arguments by position, and these are {len(positional)}"
        raise refuse("E0905", message, state.span(node))
    found = {
        name: recorded(state, value, _place(state, node, place))
        for place, (name, value) in enumerate(zip(ordered, positional, strict=False))
    }
    for keyword, value in keywords.items():
        name = _RENAMED.get(keyword, keyword)
        if name in _OF_INPUT and name not in names:
            continue
        if name not in names:
            message = f"`{called}` has no argument `{keyword}`"
            raise refuse("E0905", message, _keyword(state, node, keyword), help=suggest(keyword, names, "argument"))
        found[name] = recorded(state, value, _keyword(state, node, keyword))
    return found


def recorded(state: State, value: Script, span: Span) -> Value:
    """Return a value as an argument; E0902 for what is not known, E0904 for what no argument can be."""
    match value:
        case None | bool() | int() | float() | str() | Recorded():
            return value
        case list() | tuple() | range():
            return tuple(recorded(state, item, span) for item in value)
        case dict():
            return {str(key): recorded(state, item, span) for key, item in value.items()}
        case Layer():
            return value.record
        case Path() if value.last in _DTYPES:
            return value.last
        case Path(keras=True) if value.section == "activations" and value.last in TEMPLATES:
            return value.last
        case Path(keras=True) if recipes.kinds_of(recipe_name(value)):
            return Recorded(recipe_name(value))
        case Path(keras=True) if value.section in ("losses", "metrics"):
            return value.last
        case Unknown():
            note = None
            if value.span != span:
                note = Note("it comes from here", value.span)
            help = "write the value itself, or save the model and import `model.keras`"
            raise refuse("E0902", "this is not known without running the script", span, help=help, note=note)
        case Sequential() | Model():
            message = "a model as an argument of a layer cannot be read from a script"
            raise refuse("E0904", message, span, help="save the model, and import `model.keras`")
    raise refuse("E0904", "this cannot be an argument in a .nn file", span)


def _place(state: State, node: ast.Call, place: int) -> Span:
    plain = place < len(node.args) and not any(isinstance(each, ast.Starred) for each in node.args)
    return state.span(node.args[place]) if plain else state.span(node)


def _keyword(state: State, node: ast.Call, name: str) -> Span:
    return next((state.span(each) for each in node.keywords if each.arg == name), state.span(node))


def _input_shape(state: State, keywords: Mapping[str, Script], node: ast.Call) -> tuple[int | None, ...] | None:
    for name, leading in (("input_shape", 0), ("batch_input_shape", 1)):
        if name in keywords:
            return shape_of(state, keywords[name], _keyword(state, node, name))[leading:]
    # The `input_dim` of an Embedding is an argument of its own.
    size = keywords.get("input_length" if ast.unparse(node.func).endswith("Embedding") else "input_dim")
    return (size,) if isinstance(size, int) else None


def shape_of(state: State, value: Script, span: Span) -> tuple[int | None, ...]:
    """Return a shape, None for sizes that are free; E0902 for what is not known, E0905 for what is no shape."""
    found = recorded(state, value, span)
    sizes = (found,) if isinstance(found, int) else found
    if not isinstance(sizes, tuple) or not all(size is None or isinstance(size, int) for size in sizes):
        raise refuse("E0905", "this is not a shape", span, help="a tuple of sizes, such as `(28, 28, 1)`")
    return tuple(size if isinstance(size, int) else None for size in sizes)
