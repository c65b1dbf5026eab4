"""Layers and recipes as a file writes them: what is the default is left out, and equal numbers are one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from nndsl import layers, recipes
from nndsl.arguments import ArgumentError, DataFormat, Kind, Text, is_required, kind_of, parameters
from nndsl.importing import tree
from nndsl.importing.names import unused
from nndsl.importing.recorded import ImportRefused, LayerRecord, Recorded, Value
from nndsl.importing.values import EXTERN, described
from nndsl.layers.base import Layer
from nndsl.recipes.base import PendingRecipe, RecipeKind
from nndsl.recipes.strings import snake_case, strings_of
from nndsl.suggestions import nearest
from nndsl.syntax import nodes
from nndsl.syntax.nodes import Expression

_FIRST = frozenset(
    {"pool_size", "size", "padding", "cropping", "negative_slope", "l1", "l2", "value", "axes", "mode", "factor"}
)
"""The arguments with defaults that are written without their names where they are the first."""
_OF_KERAS = frozenset({"name", "dtype", "fn", "input_axes", "output_axes", "zero_output_for_mask", "registered_name"})
"""What configurations hold that is no argument of anything in the language, and changes nothing there."""

_AGAIN = 4
"""How often a recipe is written before it gets a name."""
_BY_STRING = ("initializer", "regularizer", "constraint")


def declared(record: LayerRecord) -> type[Layer]:
    """Return the layer of the language that a record is of. Raises ImportRefused."""
    found = layers.find(record.kind)
    if found is None:
        near = nearest(record.kind, layers.names())
        help = f"{EXTERN}; the nearest layer of the language is `{near[0]}`" if near else EXTERN
        raise ImportRefused(f"{described(record)} is none of the language", help)
    return found


class Builder:
    """Writes constructors, and notes which layer each is of.

    ``models`` has the names of definitions by the identity of their records, ``recipes`` those of recipes that the
    file has on top.
    """

    def __init__(self, models: Mapping[int, str], recipes: Mapping[Expression, str]) -> None:
        self.made: dict[int, str] = {}
        self._models = models
        self._recipes = recipes
        self._written: Counter[Expression] = Counter()
        self._kept: list[nodes.Call] = []

    @property
    def names(self) -> frozenset[str]:
        """The names that the file defines."""
        return frozenset({*self._models.values(), *self._recipes.values()})

    def note(self, call: nodes.Call, key: str) -> nodes.Call:
        """Note that a call constructs the layer of a key."""
        self._kept.append(call)  # identities are the keys
        self.made[id(call)] = key
        return call

    def construct(
        self, record: LayerRecord, arguments: Mapping[str, Value], name: str | None = None, owner: str | None = None
    ) -> nodes.Call:
        """Return the constructor of a layer, and ``name=`` if one is given. Raises ImportRefused.

        ``owner`` is the key of the wrapper in whose argument it stands.
        """
        key = owner or record.key
        if record.model is not None:
            callee = self._models[id(record.model)]
            constants = {each: tree.constant(value) for each, value in arguments.items()}
            written = [nodes.Argument(each, value, span=tree.NOWHERE) for each, value in constants.items()]
        else:
            cls = declared(record)
            callee = cls.__name__
            written = self._arguments(cls, arguments, described(record), key)
        if name is not None:
            written.append(nodes.Argument("name", tree.constant(name), span=tree.NOWHERE))
        return self.note(nodes.Call(tree.name(callee), tuple(written), span=tree.NOWHERE), key)

    def _arguments(
        self, cls: type[Any], arguments: Mapping[str, Value], called: str, owner: str
    ) -> list[nodes.Argument]:
        """Return what is not the default, the required arguments by position."""
        fields = {field.name: field for field in sorted(parameters(cls), key=lambda field: bool(field.kw_only))}
        for name, value in arguments.items():
            if name not in fields and value not in (None, False) and name not in _OF_KERAS:
                help = "leave it out, or write an `extern`"
                raise ImportRefused(f"{called} has `{name}`, which the language has not", help)
        written: list[nodes.Argument] = []
        first = True
        for place, (name, field) in enumerate(fields.items()):
            kind = kind_of(field)
            if name not in arguments or (
                not is_required(field) and _is_default(kind, name, arguments[name], field.default)
            ):
                first = False
                continue
            first = first and not field.kw_only and (is_required(field) or (place == 0 and name in _FIRST))
            expression = self._expression(kind, name, arguments[name], called, owner)
            written.append(nodes.Argument(None if first else name, expression, span=tree.NOWHERE))
        return written

    def _expression(self, kind: Kind, name: str, value: Value, called: str, owner: str) -> Expression:
        """Return an argument's value; raise ImportRefused if the language does not take it."""
        if isinstance(value, LayerRecord):
            return self.construct(value, value.arguments, owner=owner)
        if isinstance(value, tuple) and any(isinstance(item, LayerRecord) for item in value):
            return tree.constant([self._expression(kind, name, item, called, owner) for item in value])
        given = _language_value(kind, value)
        short = _short(kind, given)
        try:
            kind.read(short)
        except ArgumentError as error:
            whole = error.message if error.message.startswith("`") else f"`{name}` {error.message}"
            raise ImportRefused(f"{called}: {whole}", error.help or EXTERN) from error
        if isinstance(value, Recorded):
            return self.recipe(kind.kind if isinstance(kind, RecipeKind) else recipes.kinds_of(value.name)[0], value)
        return tree.constant(short)

    def recipe(self, kind: str, value: Recorded) -> Expression:
        """Return a recipe: a string where that says all, else its class with what is not the default."""
        cls = recipes.find(kind, value.name)
        if cls is None:
            near = nearest(value.name, recipes.NAMES[kind])
            help = f"the nearest one is `{near[0]}`" if near else ""
            raise ImportRefused(f"`{value.name}` is no {kind} of the language", help)
        arguments = dict(value.arguments)
        if re.sub(r"_\d+$", "", str(arguments.get("name"))) in (value.name, snake_case(value.name)):
            del arguments["name"]
        held = self._arguments(cls, arguments, f"`{value.name}`", "")
        string = snake_case(value.name)
        if not held and kind in _BY_STRING and strings_of(kind).get(string) == value.name:
            return tree.constant(string)
        found = nodes.Call(tree.name(value.name), tuple(held), span=tree.NOWHERE)
        if held:
            self._written[found] += 1
        return tree.name(self._recipes[found]) if found in self._recipes else found

    def repeated(self) -> dict[Expression, str]:
        """Return the recipes with arguments that are written again and again, with a name for each."""
        found: dict[Expression, str] = {}
        for each, count in self._written.items():
            if count >= _AGAIN and isinstance(each, nodes.Call) and isinstance(each.callee, nodes.Name):
                found[each] = unused(snake_case(each.callee.name), found.values())
        return found


def _is_default(kind: Kind, name: str, value: Value, default: object) -> bool:
    if value == default or (name in ("activation", "recurrent_activation") and value == "linear" and default is None):
        return True
    if isinstance(kind, DataFormat):
        return value == "channels_last"
    if isinstance(kind, Text) or isinstance(value, LayerRecord):
        return False
    given = _language_value(kind, value)
    if isinstance(given, tuple) and len(given) == 1 and isinstance(default, int) and given[0] == default:
        return True
    try:
        return bool(kind.read(given) == kind.read(default))
    except ArgumentError:
        return False


def _language_value(kind: Kind, value: Value) -> Any:
    """Return a value as the elaborator would have it: a recipe as it is written."""
    if isinstance(value, Recorded):
        of = kind.kind if isinstance(kind, RecipeKind) else ""
        cls = recipes.find(of, value.name) if of else None
        fields = {field.name for field in parameters(cls)} if cls is not None else set(value.arguments)
        given = {name: item for name, item in value.arguments.items() if name in fields and item is not None}
        return PendingRecipe(value.name, tuple((name, _language_value(kind, item)) for name, item in given.items()))
    return tuple(_language_value(kind, item) for item in value) if isinstance(value, tuple) else value


def _is_symmetric(value: Any) -> bool:
    """Whether a value is a pair of a number and its negative, which Keras makes of the number."""
    pair = isinstance(value, tuple) and len(value) == 2 and all(isinstance(item, (int, float)) for item in value)
    return pair and bool(value[0] == -value[1])


def _short(kind: Kind, value: Any) -> Any:
    """Return one number for equal ones, if the argument means the same by it."""
    best = found = value
    if _is_symmetric(value):
        found = (value[1],)
    while isinstance(found, tuple) and found and all(item == found[0] for item in found):
        found = found[0]
        try:
            if kind.read(found) == kind.read(value):
                best = found
        except ArgumentError:
            continue
    return best
