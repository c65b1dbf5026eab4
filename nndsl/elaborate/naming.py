"""Names that stand for nothing: what may have been meant."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn

from nndsl import layers, recipes
from nndsl.arguments import ArgumentError, Kind
from nndsl.elaborate.functions import FUNCTIONS
from nndsl.elaborate.session import Stop
from nndsl.elaborate.values import ABSENT
from nndsl.recipes.base import KINDS, RecipeKind
from nndsl.suggestions import LAYERS, suggest
from nndsl.syntax import nodes

if TYPE_CHECKING:
    from nndsl.elaborate.expressions import Evaluator

_SYMBOL = re.compile(r"[A-Z][0-9]*")
_LOOKALIKES = frozenset(("nn", "torch", "F", "keras", "tf", "tensorflow", "layers", "self", "activations", "losses"))
_LOOKALIKES |= {"constraints", "initializers", "metrics", "optimizers", "regularizers"}


def is_symbol(name: str) -> bool:
    """Return whether a name may be a symbolic size: one capital letter, and digits."""
    return _SYMBOL.fullmatch(name) is not None


def unbound(evaluator: Evaluator, expression: nodes.Name) -> NoReturn:
    """Report a name that stands for nothing, once in a body (a layer once in a file). Raises Stop."""
    name, session = expression.name, evaluator.session
    is_layer = name in LAYERS or (name[:1].isupper() and len(name) > 2)
    missing = (id(evaluator.file if is_layer else evaluator.places), name)
    if missing in session.missing:
        raise Stop
    session.missing.add(missing)
    later = evaluator.body.later if evaluator.body is not None else evaluator.file.later
    if name in later or (evaluator.before is not None and name in evaluator.file.names):
        help = "names are bound by lines above, and not by those of a branch that is not taken"
        session.fail("E0202", f"`{name}` is used before it is bound", expression.span, help=help)
    known = [*evaluator.names, *evaluator.file.names]
    candidates = [*known, *layers.names(), *FUNCTIONS, *(each for kind in recipes.NAMES.values() for each in kind)]
    help = suggest(name, candidates, "layer")
    if not help and is_symbol(name):
        help = f"a symbolic size is declared where it comes in: `input x: ({name}, 8)`"
    if not help and evaluator.symbols is not None:
        help = "a symbolic size is a capital letter, such as `T`"
    if not help:
        help = suggest(name, (), "statement")
    if not help and is_layer:
        help = "`nndsl layers` lists the layers there are"
    called = "layer" if is_layer else "name"
    session.fail("E0201", f"unknown {called} `{name}`", expression.span, help=help)


def quoted(evaluator: Evaluator, expression: nodes.Expression, kind: Kind | None) -> None:
    """Report a name that stands for nothing where the string is an option, alone or in a list or dict."""
    waiting = [expression]
    while waiting and kind is not None:
        item = waiting.pop()
        if isinstance(item, (nodes.List, nodes.Tuple)):
            waiting += item.items
        elif isinstance(item, nodes.Dict):
            waiting += [pair.value for pair in item.pairs]
        elif isinstance(item, nodes.Name) and _is_option(evaluator, item.name, kind):
            help = f'write `"{item.name}"`: options are strings'
            evaluator.session.report("E0201", f"unknown name `{item.name}`", item.span, help=help)
        elif isinstance(item, nodes.Call) and isinstance(item.callee, nodes.Name) and isinstance(kind, RecipeKind):
            _unknown_recipe(evaluator, item.callee, kind.kind)
        elif isinstance(item, nodes.Attribute) and _accepts(kind, item.name):
            help = f'write `"{item.name}"`: options are strings'
            evaluator.session.report("E0210", _nothing(item), item.span, help=help)


def _unknown_recipe(evaluator: Evaluator, called: nodes.Name, kind: str) -> None:
    """Report a name that is called where a setting takes a recipe, if it stands for nothing at all."""
    name = called.name
    everything = (evaluator.names, layers.names(), FUNCTIONS, *recipes.NAMES.values())
    if evaluator.file.find(name) is not ABSENT or any(name in names for names in everything):
        return
    help = suggest(name, recipes.NAMES[kind], "layer") or f"write {KINDS[kind]}"
    evaluator.session.report("E0201", f"unknown {kind} `{name}`", called.span, help=help)


def _is_option(evaluator: Evaluator, name: str, kind: Kind) -> bool:
    return name not in evaluator.names and evaluator.file.find(name) is ABSENT and _accepts(kind, name)


def _accepts(kind: Kind, name: str) -> bool:
    try:
        kind.read(name)
    except ArgumentError:
        return False
    return True


def foreign_attribute(evaluator: Evaluator, expression: nodes.Attribute) -> NoReturn:
    """Report a dot that is not that of ``ops.name``. Raises Stop."""
    session, value = evaluator.session, expression.value
    outer = value.value if isinstance(value, nodes.Attribute) else value
    if isinstance(outer, nodes.Name) and outer.name == "ops":
        called = ".".join(["ops", *([value.name] if isinstance(value, nodes.Attribute) else []), expression.name])
        message = f"`{called}` stands without its brackets"
        session.fail("E0209", message, expression.span, help=f"write `{called}(…)`")
    parts = [expression.name]
    while isinstance(value, nodes.Attribute):
        parts.append(value.name)
        value = value.value
    help = "a dot stands in `ops.name(…)` alone: values have no attributes"
    if isinstance(value, nodes.Name) and value.name in _LOOKALIKES:
        known = [*layers.names(), *(each for kind in recipes.NAMES.values() for each in kind)]
        help = suggest(".".join([value.name, *parts[::-1]]), known, "layer") or help
    elif expression.name == "shape":
        help = "write `shape(x)`, which leaves the batch out"
    session.fail("E0210", _nothing(expression), expression.span, help=help)


def _nothing(expression: nodes.Attribute) -> str:
    return f"nothing is called `.{expression.name}` here"
