"""The names of a file: what it imports, its settings, constants, functions, blocks and models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from nndsl import layers, recipes
from nndsl.arguments import describe
from nndsl.diagnostics import Note, Source, Span
from nndsl.elaborate.definitions import check_parameters
from nndsl.elaborate.expressions import Evaluator
from nndsl.elaborate.externals import check_extern, check_import, declared_externs
from nndsl.elaborate.functions import CONSTANTS, FUNCTIONS
from nndsl.elaborate.places import Places, Word, places_of, snake_case
from nndsl.elaborate.session import Session, Stop
from nndsl.elaborate.unused import Reading, reading_of
from nndsl.elaborate.values import (
    ABSENT,
    CALLABLES,
    LAYERS,
    UNKNOWN,
    Definition,
    External,
    Formula,
    LayerClass,
    Operations,
    RecipeClass,
)
from nndsl.layers.base import FLOATS
from nndsl.suggestions import suggest
from nndsl.syntax import nodes
from nndsl.syntax.children import children

Importer: TypeAlias = Callable[[nodes.Import], "FileScope | None"]
"""Gives the scope of the file that an import names, or None after reporting why there is none."""

SETTINGS: dict[str, tuple[str, ...]] = {
    "data_format": ("channels_last", "channels_first"),
    "dtype_policy": (*FLOATS, "mixed_bfloat16", "mixed_float16"),
}
"""What a file can set, the default first."""
_WRAPPERS = ("Bidirectional", "TimeDistributed", "RNN", "StackedRNNCells")


class FileScope:
    """The names of one file, complete once ``load`` has run.

    ``order`` numbers the constants, functions and imports, which see only what stands before them.
    """

    def __init__(self, session: Session, syntax: nodes.File) -> None:
        self.session = session
        self.syntax = syntax
        self.names: dict[str, object] = {}
        self.order: dict[str, int] = {}
        self.settings: dict[str, str] = {}
        self.definitions: list[Definition] = []
        self.later: set[str] = set()
        """All names that the file binds, those too that are not bound yet."""
        self._targets: dict[str, Span] = {}
        self._python: dict[str, tuple[nodes.Import, nodes.ImportName]] = {}
        """The names that are imported from Python, until they meet their externs."""
        self._places: dict[int, Places] = {}
        self._readings: dict[int, Reading] = {}
        self._built_in: dict[str, object] = {}

    @property
    def source(self) -> Source:
        """The text of the file."""
        return self.syntax.source

    def find(self, name: str, before: int | None = None) -> object:
        """Return what a name of the file, or a built-in one, stands for, else ABSENT."""
        value = self.names.get(name, ABSENT)
        if value is not ABSENT:
            return value if before is None or self.order.get(name, -1) < before else ABSENT
        value = self._built_in.get(name, ABSENT)
        if value is ABSENT:
            value = built_in(name)
            if value is not ABSENT:
                self._built_in[name] = value
        return value

    def places(self, definition: Definition) -> Places:
        """Return the places of the layers of a definition of this file; what is wrong with them is reported once."""
        key = id(definition.syntax)
        found = self._places.get(key)
        if found is None:
            found = places_of(definition.syntax.parameters, definition.syntax.body, self._word)
            self._places[key] = found
            for each in found.diagnostics:
                self.session.keep(each)
        return found

    def reading(self, definition: Definition) -> Reading:
        """Return the names that a definition of this file reads."""
        key = id(definition.syntax)
        if key not in self._readings:
            self._readings[key] = reading_of(definition.syntax)
        return self._readings[key]

    def _word(self, name: str) -> Word | None:
        value = self.find(name)
        if isinstance(value, LayerClass):
            if not value.layer.can_hold_weights:
                return None
            main = layers.SYNONYMS.get(value.name, value.name) if name == value.name else name
            kind: Any = "wrapper" if value.layer.__name__ in _WRAPPERS else "weight" if main == "Weight" else "layer"
            return Word(kind, snake_case(main))
        if isinstance(value, (Definition, External)):
            return Word("construction", snake_case(name), tuple(each.name for each in value.syntax.parameters))
        return None

    def load(self, importer: Importer) -> None:
        """Fill the scope from the file, imports first; mistakes are reported."""
        for item in self.syntax.items:
            if isinstance(item, nodes.Assign):
                self.later.update(target.name for target in item.targets)
            elif isinstance(item, nodes.Def):
                self.later.add(item.name.name)
        broken: list[nodes.Broken] = []
        externs: list[nodes.Extern] = []
        for item in self.syntax.items:
            if isinstance(item, nodes.Import):
                self._import(item, importer)
            elif isinstance(item, (nodes.Block, nodes.Model)):
                definition = Definition(item.name.name, item, self, item.name)
                self._declare(item.name, definition)
                self._check_parameters(item)
                self.definitions.append(definition)
            elif isinstance(item, nodes.Extern):
                externs.append(item)
            elif isinstance(item, nodes.Broken):
                broken.append(item)
        words = {word for item in broken for word in item.words()}
        for name, value in declared_externs(self, externs, self._python, words):
            self._declare(name, value)
        self.names.update({word: UNKNOWN for word in words if self.find(word) is ABSENT})
        for number, item in enumerate(self.syntax.items):
            try:
                self._define(number, item)
            except Stop:
                continue
        for word, value in list(self.names.items()):
            if isinstance(value, External) and value.file is self and not check_extern(value):
                self.names[word] = UNKNOWN

    def _check_parameters(self, item: nodes.Block | nodes.Model) -> None:
        check_parameters(self.session, item.parameters)

    def _define(self, number: int, item: nodes.Statement) -> None:
        if isinstance(item, nodes.Def):
            self._declare(item.name, Formula(item, self, number), number)
            _check_formula(self, item, number)
        elif isinstance(item, nodes.Assign):
            self._assign(number, item)
        elif isinstance(item, nodes.Set):
            self._set(item)
        elif isinstance(item, nodes.ModelAlias):
            self._alias(item)
        elif isinstance(item, nodes.ExpressionStatement):
            help = "write it inside `model Name { … }`"
            self.session.fail("E0319", "an expression stands outside a model or a block", item.span, help=help)

    def _declare(self, target: nodes.Target, value: object, number: int = -1) -> bool:
        first = self._targets.get(target.name)
        if first is not None:
            note = Note(f"`{target.name}` is defined here", first)
            message = f"`{target.name}` is defined twice"
            self.session.report("E0204", message, target.span, notes=(note,), help="give one of them another name")
            return False
        if target.name == "ops":
            self.session.report("E0204", "`ops` cannot be hidden", target.span, help="take another name")
            return False
        if built_in(target.name) is not ABSENT:
            message = f"`{target.name}` hides what the language calls so"
            help = "inside this file the name means this definition; take another name if that is not meant"
            self.session.report("W0202", message, target.span, help=help)
        self._targets[target.name] = target.span
        self.names[target.name] = value
        self.order[target.name] = number
        return True

    def _assign(self, number: int, item: nodes.Assign) -> None:
        evaluator = Evaluator(self.session, self, {}, before=number)
        value = evaluator.attempt(item.value)
        if isinstance(value, LAYERS):
            self.session.report(
                "E0319",
                "a layer at the top level would share its weights with everyone",
                item.value.span,
                help="bind it inside a model or block, or write a block",
            )
            value = UNKNOWN
        for target, each in zip(item.targets, unpacked(evaluator, item, value), strict=True):
            if target.name != "_":
                self._declare(target, each, number)

    def _set(self, item: nodes.Set) -> None:
        name = item.name.name
        if name not in SETTINGS:
            help = suggest(name, SETTINGS, "argument") or "a file sets `data_format` and `dtype_policy`"
            self.session.fail("E0212", f"a file cannot set `{name}`", item.name.span, help=help)
        if name in self.settings:
            self.session.fail("E0204", f"`{name}` is set twice", item.span)
        value = Evaluator(self.session, self, {}, before=len(self.syntax.items)).value(item.value)
        if value is UNKNOWN:
            return
        if value not in SETTINGS[name]:
            options = ", ".join(f'`"{each}"`' for each in SETTINGS[name])
            help = suggest(value, SETTINGS[name], "value") if isinstance(value, str) else ""
            message = f"`{name}` is one of {options}, not {describe(value)}"
            self.session.fail("E0304", message, item.value.span, help=help)
        self.settings[name] = str(value)

    def _alias(self, item: nodes.ModelAlias) -> None:
        from nndsl.elaborate.definitions import bind_parameters

        call = item.value
        callee = call.callee if isinstance(call, nodes.Call) else call
        if not isinstance(callee, nodes.Name):
            self.session.fail("E0213", "an alias is of a model: `model Name = Other(depth=34)`", callee.span)
        evaluator = Evaluator(self.session, self, {}, before=len(self.syntax.items))
        target = evaluator.resolve(callee)
        if target is UNKNOWN:
            self._declare(item.name, UNKNOWN)
            return
        if not isinstance(target, Definition) or target.kind != "model":
            self._declare(item.name, UNKNOWN)
            message = f"an alias is of a model, and `{callee.name}` is {describe(target)}"
            self.session.fail("E0213", message, callee.span, help="write `model Name = Other(depth=34)`")
        fixed = dict(target.fixed)
        if isinstance(call, nodes.Call):
            fixed |= bind_parameters(evaluator, target, call)
        alias = Definition(item.name.name, target.syntax, target.file, item.name, fixed, is_alias=True)
        if self._declare(item.name, alias):
            self.definitions.append(alias)

    def _import(self, item: nodes.Import, importer: Importer) -> None:
        if item.python:
            check_import(self.session, item)
            for name in item.names:
                first = self._python.get(name.alias)
                if first is None:
                    self._python[name.alias] = (item, name)
                else:
                    note = Note(f"`{name.alias}` is imported here", first[1].span)
                    self.session.report("E0204", f"`{name.alias}` is imported twice", name.span, notes=(note,))
            return
        scope = importer(item)
        for name in item.names:
            value: object = UNKNOWN
            if scope is not None:
                value = scope.names.get(name.name, ABSENT)
                if value is ABSENT:
                    message = f"`{item.path.value}` has no `{name.name}`"
                    self.session.report("E0605", message, name.span, help=suggest(name.name, scope.names, "value"))
                    value = UNKNOWN
            self._declare(nodes.Target(name.alias, span=name.span), value)


def built_in(name: str) -> object:
    """Return what the language itself calls so, else ABSENT."""
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    if name in CONSTANTS:
        return CONSTANTS[name]
    if name == "ops":
        return Operations()
    if name == "Weight":
        from nndsl.layers.arithmetic import FreeWeight

        return LayerClass(name, FreeWeight)
    layer = layers.find(name)
    if layer is not None:
        return LayerClass(name, layer)
    return RecipeClass(name) if recipes.kinds_of(name) else ABSENT


def unpacked(evaluator: Evaluator, item: nodes.Assign | nodes.For, value: Any) -> list[Any]:
    """Return a value for each target: the value itself for one, else the items of a tuple or list."""
    count = len(item.targets)
    if count == 1:
        return [value]
    if value is UNKNOWN:
        return [UNKNOWN] * count
    if isinstance(value, range) and 0 < len(item.targets) < 1000:
        value = tuple(value[: count + 1])
    if not isinstance(value, (tuple, list)):
        message = f"{count} names are bound to the items of {describe(value)}"
        evaluator.session.report("E0317", message, item.targets[-1].span, help="bind one name")
        return [UNKNOWN] * count
    if len(value) != count:
        message = f"{count} names are bound to {len(value)} values"
        help = "`_` drops one" if len(value) > count else ""
        evaluator.session.report("E0317", message, item.targets[-1].span, help=help)
        return [UNKNOWN] * count
    return list(value)


def _check_formula(scope: FileScope, item: nodes.Def, number: int) -> None:
    """Look at a function as far as that is possible without its arguments."""
    names: dict[str, object] = {}
    for parameter in item.parameters:
        if parameter.name in names:
            scope.session.report("E0204", f"the parameter `{parameter.name}` stands twice", parameter.span)
        if parameter.default is not None:
            Evaluator(scope.session, scope, {}, before=number).attempt(parameter.default)
        names[parameter.name] = UNKNOWN
    if _constructs(scope, item, names, number):
        scope.session.report("E0319", "a function gives a constant, not a layer", item.value.span, help="write a block")
        return
    value = Evaluator(scope.session, scope, names, before=number).attempt(item.value)
    if isinstance(value, (*LAYERS, *CALLABLES)):
        scope.session.report("E0319", "a function gives a constant, not a layer", item.value.span, help="write a block")


def _constructs(scope: FileScope, item: nodes.Def, names: dict[str, object], number: int) -> bool:
    """Return whether a function constructs a layer: its value does not tell while the arguments are not known."""
    waiting: list[nodes.Node] = [item.value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, nodes.Call) and isinstance(node.callee, nodes.Name) and node.callee.name not in names:
            found = scope.find(node.callee.name, number)
            is_recipe = isinstance(found, LayerClass) and bool(recipes.kinds_of(found.name))
            if isinstance(found, (LayerClass, Definition, External)) and not is_recipe:
                return True
        waiting += children(node)
    return False
